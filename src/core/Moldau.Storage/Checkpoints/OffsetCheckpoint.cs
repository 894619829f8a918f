using System.Globalization;
using System.Text;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>A log directory's file with one offset for each partition: recovery points, log start offsets, high
/// watermarks (<c>replication-offset-checkpoint</c>) or cleaner positions.</summary>
public static class OffsetCheckpoint
{
    private const string FileVersion = "0";

    /// <summary>Entries in the order of partitions, so that equal contents are equal bytes.</summary>
    public static byte[] Encode(IEnumerable<KeyValuePair<TopicPartition, long>> offsets)
    {
        List<KeyValuePair<TopicPartition, long>> entries = [.. offsets];
        entries.Sort((a, b) => a.Key.CompareTo(b.Key));
        return CheckpointText.Encode(FileVersion, entries, e => string.Create(
            CultureInfo.InvariantCulture, $"{e.Key.Topic} {e.Key.Partition} {e.Value}"));
    }

    /// <summary>Null if the file is damaged.</summary>
    public static SortedDictionary<TopicPartition, long>? TryDecode(ReadOnlySpan<byte> text)
    {
        SortedDictionary<TopicPartition, long> offsets = [];
        if (CheckpointText.TryDecode(Encoding.UTF8.GetString(text), FileVersion) is not { } lines) return null;
        foreach (string line in lines)
        {
            string[] parts = CheckpointText.Split(line);
            if (parts.Length != 3
                || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int partition)
                || !long.TryParse(parts[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long offset))
                return null;
            offsets[new TopicPartition(parts[0], partition)] = offset;
        }

        return offsets;
    }
}
