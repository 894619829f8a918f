using System.Buffers.Binary;
using Moldau.Records;

namespace Moldau.Storage;

/// <summary>The header of one log entry, read from the file without its records.</summary>
public readonly record struct BatchHeader
{
    public int Position { get; init; }

    public int SizeInBytes { get; init; }

    public byte Magic { get; init; }

    public long BaseOffset { get; init; }

    public long LastOffset { get; init; }

    public long MaxTimestamp { get; init; }

    public int LeaderEpoch { get; init; }

    public long ProducerId { get; init; }

    public bool HasProducerId => ProducerId > RecordBatchLayout.NoProducerId;

    /// <summary>The first offset that the header vouches for: of an old message only the last one.</summary>
    public long FirstOffset => Magic >= RecordBatchLayout.MagicV2 ? BaseOffset : LastOffset;

    public int End => Position + SizeInBytes;

    /// <summary>Reads the header at the start of the bytes, of which <see cref="RecordBatchLayout.HeaderBytes"/> (or all
    /// that the file has) are needed.</summary>
    public static BatchReadStatus TryRead(ReadOnlySpan<byte> bytes, int position, out BatchHeader header)
    {
        header = default;
        BatchReadStatus status = RecordBatchView.PeekSize(bytes, out int size);
        if (status != BatchReadStatus.Ok) return status;
        byte magic = bytes[RecordBatchLayout.Magic];
        bool isV2 = magic >= RecordBatchLayout.MagicV2;
        int needed = isV2 ? RecordBatchLayout.HeaderBytes : Math.Min(size, LegacyMessageLayout.KeyLengthV1);
        if (bytes.Length < needed) return BatchReadStatus.Incomplete;
        long baseOffset = BinaryPrimitives.ReadInt64BigEndian(bytes);
        header = new BatchHeader
        {
            Position = position,
            SizeInBytes = size,
            Magic = magic,
            BaseOffset = baseOffset,
            LastOffset = isV2
                ? baseOffset + BinaryPrimitives.ReadInt32BigEndian(bytes[RecordBatchLayout.LastOffsetDelta..])
                : baseOffset,
            MaxTimestamp = isV2 ? BinaryPrimitives.ReadInt64BigEndian(bytes[RecordBatchLayout.MaxTimestamp..])
                : magic == RecordBatchLayout.MagicV1
                    ? BinaryPrimitives.ReadInt64BigEndian(bytes[LegacyMessageLayout.TimestampV1..])
                    : RecordBatchLayout.NoTimestamp,
            LeaderEpoch = isV2
                ? BinaryPrimitives.ReadInt32BigEndian(bytes[RecordBatchLayout.PartitionLeaderEpoch..])
                : RecordBatchLayout.NoPartitionLeaderEpoch,
            ProducerId = isV2
                ? BinaryPrimitives.ReadInt64BigEndian(bytes[RecordBatchLayout.ProducerId..])
                : RecordBatchLayout.NoProducerId,
        };
        return BatchReadStatus.Ok;
    }
}
