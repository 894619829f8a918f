using Moldau.Base;

namespace Moldau.Records;

/// <summary>What a batch says about all of its records.</summary>
public sealed record RecordBatchOptions
{
    public static readonly RecordBatchOptions Default = new();

    public long BaseOffset { get; init; }

    public int PartitionLeaderEpoch { get; init; } = RecordBatchLayout.NoPartitionLeaderEpoch;

    public CompressionCodec Codec { get; init; }

    /// <summary>Null: the codec's default, as Kafka sets it.</summary>
    public int? CompressionLevel { get; init; }

    public TimestampType TimestampType { get; init; } = TimestampType.CreateTime;

    /// <summary>The time of all records where the type is LogAppendTime.</summary>
    public long LogAppendTimestamp { get; init; } = RecordBatchLayout.NoTimestamp;

    public ProducerIdAndEpoch Producer { get; init; } = ProducerIdAndEpoch.None;

    public int BaseSequence { get; init; } = RecordBatchLayout.NoSequence;

    public bool IsTransactional { get; init; }

    public bool IsControl { get; init; }

    /// <summary>Set by compaction only (KIP-534).</summary>
    public long? DeleteHorizonMs { get; init; }

    /// <summary>Limit of header and records before compression.</summary>
    public int MaxBytes { get; init; } = 64 * 1024 * 1024;
}
