using Moldau.Base;

namespace Moldau.Records;

/// <summary>Who wants to append: clients are checked harder than the node's own coordinators.</summary>
public enum AppendOrigin
{
    Client,
    Coordinator,
}

/// <summary>The configuration of a topic as far as it says what may be appended. Made once per change of configuration.
/// The values come from the tables of Moldau.Config.</summary>
public sealed record AppendRules
{
    /// <summary>compression.type; null is <c>producer</c>: batches stay as they come.</summary>
    public required CompressionCodec? TargetCodec { get; init; }

    /// <summary>The level configured for the target codec.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>cleanup.policy contains compact.</summary>
    public required bool IsCompacted { get; init; }

    /// <summary>message.timestamp.type.</summary>
    public required TimestampType TimestampType { get; init; }

    /// <summary>message.timestamp.before.max.ms.</summary>
    public required long TimestampBeforeMaxMs { get; init; }

    /// <summary>message.timestamp.after.max.ms.</summary>
    public required long TimestampAfterMaxMs { get; init; }

    /// <summary>max.message.bytes.</summary>
    public required int MaxMessageBytes { get; init; }

    /// <summary>segment.bytes: nothing larger can be appended.</summary>
    public required int SegmentBytes { get; init; }

    /// <summary>max.decompressed.message.bytes: the largest record inside a compressed batch.</summary>
    public required int MaxDecompressedMessageBytes { get; init; }

    /// <summary>How far a compressed batch may unfold as a whole.</summary>
    public DecodeLimits DecodeLimits { get; init; } = DecodeLimits.Default;
}

/// <summary>The circumstances of one append.</summary>
/// <param name="NowMs">Wall-clock time.</param>
/// <param name="ProduceVersion">Version of the Produce request: zstd needs 7.</param>
public readonly record struct AppendContext(
    long NowMs, AppendOrigin Origin = AppendOrigin.Client, short ProduceVersion = short.MaxValue);

/// <summary>What an accepted batch is, or why it is not.</summary>
public readonly record struct ValidationResult
{
    public RecordError Error { get; init; }

    /// <summary>For logs, and for the answer where <see cref="RefusedRecords"/> is not empty.</summary>
    public string? Message { get; init; }

    /// <summary>The records to name in the answer; null where the batch as a whole is refused or accepted.</summary>
    public IReadOnlyList<RefusedRecord>? RefusedRecords { get; init; }

    public int RecordCount { get; init; }

    /// <summary>Largest timestamp of the records, or now with LogAppendTime. In the time index it stands with the last
    /// offset of the batch.</summary>
    public long MaxTimestamp { get; init; }

    /// <summary>The time set by the broker, −1 with CreateTime.</summary>
    public long LogAppendTimestamp { get; init; }

    public ProducerIdAndEpoch Producer { get; init; }

    public int BaseSequence { get; init; }

    public bool IsTransactional { get; init; }

    /// <summary>Bytes of the batch in the caller's buffer; what follows is an incomplete rest to be dropped.</summary>
    public int SizeInBytes { get; init; }

    /// <summary>The batch in its new form where it had to be written again (other codec, offsets with gaps); otherwise
    /// empty, and the caller's buffer is to be appended. It lives in the validator until its next call.</summary>
    public Memory<byte> Rewritten { get; init; }

    public bool IsAccepted => Error == RecordError.None;

    public bool NeedsRewrite => !Rewritten.IsEmpty;
}
