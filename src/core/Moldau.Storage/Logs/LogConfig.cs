using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Who appends: decides which checks apply.</summary>
public enum LogAppendOrigin
{
    /// <summary>A produce request: everything is checked, sequences included.</summary>
    Client,

    /// <summary>A coordinator of this node: offsets are assigned, client checks do not apply.</summary>
    Coordinator,

    /// <summary>The Raft leader: batches carry offsets and epoch already.</summary>
    RaftLeader,

    /// <summary>A follower's copy of the leader's batches, with their offsets.</summary>
    Replica,
}

/// <summary>What a log needs of the topic and node configuration. Names are Kafka's; the defaults are in the config
/// tables, so every value is given here.</summary>
public sealed record LogConfig
{
    public required int SegmentBytes { get; init; }

    public required long SegmentMs { get; init; }

    public required long SegmentJitterMs { get; init; }

    public required int SegmentIndexBytes { get; init; }

    public required int IndexIntervalBytes { get; init; }

    public required long RetentionMs { get; init; }

    public required long RetentionBytes { get; init; }

    public required long FlushMessages { get; init; }

    public required long FlushMs { get; init; }

    public required long FileDeleteDelayMs { get; init; }

    public required int MaxMessageBytes { get; init; }

    public required long MessageTimestampBeforeMaxMs { get; init; }

    public required long MessageTimestampAfterMaxMs { get; init; }

    public required TimestampType MessageTimestampType { get; init; }

    /// <summary>cleanup.policy contains "delete".</summary>
    public required bool IsDeleted { get; init; }

    /// <summary>cleanup.policy contains "compact": records then need keys.</summary>
    public required bool IsCompacted { get; init; }

    public required bool Preallocate { get; init; }

    /// <summary>Kafka's producer.id.expiration.ms, a node property.</summary>
    public required long ProducerIdExpirationMs { get; init; }

    /// <summary>max.decompressed.message.bytes.</summary>
    public required int MaxDecompressedMessageBytes { get; init; }

    /// <summary>moldau.acknowledge=fsync: every append is followed by a sync.</summary>
    public required bool SyncsAppends { get; init; }

    /// <summary>The codec that compression.type asks for; null means "producer": keep what came.</summary>
    public CompressionCodec? Compression { get; init; }

    /// <summary>The level for <see cref="Compression"/>; null is the codec's own default.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>The part of this that the batch validator knows.</summary>
    public AppendRules ToRules() => new()
    {
        TargetCodec = Compression,
        CompressionLevel = CompressionLevel,
        IsCompacted = IsCompacted,
        TimestampType = MessageTimestampType,
        TimestampBeforeMaxMs = MessageTimestampBeforeMaxMs,
        TimestampAfterMaxMs = MessageTimestampAfterMaxMs,
        MaxMessageBytes = MaxMessageBytes,
        SegmentBytes = SegmentBytes,
        MaxDecompressedMessageBytes = MaxDecompressedMessageBytes,
    };

    /// <summary>Entries that fit an index file, as Kafka rounds segment.index.bytes.</summary>
    public int MaxOffsetIndexEntries => SegmentIndexBytes / Storage.OffsetIndex.EntryBytes;

    /// <summary>One slot stays free for the entry that closing the segment adds.</summary>
    public int MaxTimeIndexEntries => (SegmentIndexBytes / Storage.TimeIndex.EntryBytes) - 1;
}
