using System.Buffers.Binary;
using System.Text;
using Moldau.Base;

namespace Moldau.Faults;

/// <summary>Committed offsets as the files of <c>__consumer_offsets</c> have them.</summary>
internal static class StoredOffsets
{
    private const int OffsetKeyVersions = 1; // 0 and 1 are keys of offsets, what is above belongs to groups

    /// <summary>What the records say of one group, the last word for each partition.</summary>
    public static Dictionary<TopicPartition, long> Of(string group, IEnumerable<(byte[]? Key, byte[]? Value)> records)
    {
        Dictionary<TopicPartition, long> offsets = [];
        foreach (var (key, value) in records)
        {
            if (key is null || BinaryPrimitives.ReadInt16BigEndian(key) > OffsetKeyVersions) continue;
            ReadOnlySpan<byte> rest = key.AsSpan(2);
            if (Text(ref rest) != group) continue;
            TopicPartition partition = new(Text(ref rest), BinaryPrimitives.ReadInt32BigEndian(rest));
            // Whatever the version, the offset comes first.
            if (value is null) offsets.Remove(partition);
            else offsets[partition] = BinaryPrimitives.ReadInt64BigEndian(value.AsSpan(2));
        }

        return offsets;
    }

    private static string Text(ref ReadOnlySpan<byte> bytes)
    {
        var length = BinaryPrimitives.ReadInt16BigEndian(bytes);
        var text = Encoding.UTF8.GetString(bytes.Slice(2, length));
        bytes = bytes[(2 + length)..];
        return text;
    }
}
