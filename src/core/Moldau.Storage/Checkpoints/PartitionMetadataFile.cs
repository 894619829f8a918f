using System.Text;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary><c>partition.metadata</c>: the topic id of a partition's folder, written before its first record.</summary>
public static class PartitionMetadataFile
{
    public static byte[] Encode(Uuid topicId) => Encoding.UTF8.GetBytes($"version: 0\ntopic_id: {topicId}");

    /// <summary>Null if damaged or of another version.</summary>
    public static Uuid? TryDecode(ReadOnlySpan<byte> bytes)
    {
        string[] lines = Encoding.UTF8.GetString(bytes).TrimEnd().Split('\n');
        const string key = "topic_id:";
        if (lines.Length != 2 || lines[0].Trim() != "version: 0") return null;
        if (!lines[1].StartsWith(key, StringComparison.Ordinal)) return null;
        return Uuid.TryParse(lines[1][key.Length..].Trim(), out Uuid id) && !id.IsZero ? id : null;
    }
}
