using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Bytes to append to a log.</summary>
/// <param name="Data">The log retains it while it needs it; the caller keeps its own hold. Offsets, epoch and, by
/// configuration, timestamps are set in place.</param>
/// <param name="LeaderEpoch">Of the leader that appends; of the replica's leader for <see cref="LogAppendOrigin.Replica"/>.</param>
/// <param name="ProduceVersion">Version of the Produce request, for the rules that depend on it.</param>
public readonly record struct AppendRequest(
    BufferLease Data, int Start, int Length, LogAppendOrigin Origin, int LeaderEpoch,
    short ProduceVersion = short.MaxValue);

/// <summary>What became of an append at its decision. The bytes may not be written yet: an answer may leave when
/// <see cref="PartitionLog.WrittenEnd"/> (or <see cref="PartitionLog.DurableEnd"/>, or the high watermark) is behind
/// <see cref="LastOffset"/>; for duplicates too.</summary>
public readonly record struct AppendOutcome
{
    public LogError Error { get; init; }

    public string? Message { get; init; }

    /// <summary>The records to name in the answer; null where the batch as a whole was refused or taken.</summary>
    public IReadOnlyList<RefusedRecord>? RefusedRecords { get; init; }

    public long FirstOffset { get; init; }

    public long LastOffset { get; init; }

    /// <summary>The time that the log gave the records, −1 with CreateTime; for a duplicate its batch's timestamp.</summary>
    public long LogAppendTime { get; init; }

    /// <summary>The batch was in the log already.</summary>
    public bool IsDuplicate { get; init; }

    public int RecordCount { get; init; }

    public bool IsAccepted => Error == LogError.None;
}

public enum ReadStatus
{
    /// <summary>The result is complete, perhaps empty.</summary>
    Ok,

    /// <summary>Execute <see cref="ReadResult.Job"/>, give its completion to the log, then ask again with it.</summary>
    NeedsJob,

    /// <summary>Below the log's start or above its end.</summary>
    OutOfRange,

    /// <summary>The log is offline, or the job failed.</summary>
    Failed,

    /// <summary>The bytes that lead to the offset are damaged: CORRUPT_MESSAGE. Other offsets may be readable.</summary>
    Damaged,
}

/// <summary>What a read found. The slice holds the file open until released.</summary>
public readonly record struct ReadResult
{
    public ReadStatus Status { get; init; }

    /// <summary>Null: there is nothing to read now.</summary>
    public FileSlice? Slice { get; init; }

    /// <summary>Bytes of the slice's first batch.</summary>
    public int FirstBatchBytes { get; init; }

    /// <summary>There is a batch, but it alone is larger than the limit: there is no slice then.</summary>
    public bool IsFirstBatchTooLarge { get; init; }

    /// <summary>No record that this read returns is at or above it; for the list of aborted transactions.</summary>
    public long UpperBound { get; init; }

    public LocateJob? Job { get; init; }
}

/// <summary>What a completion changed.</summary>
[Flags]
public enum LogChanges
{
    None = 0,
    WrittenEnd = 1,
    DurableEnd = 2,
    LogStart = 4,
    RecoveryPoint = 8,
    Truncated = 16,
    Closed = 32,

    /// <summary>The log is offline now: see <see cref="PartitionLog.FailureText"/>.</summary>
    Failed = 64,

    /// <summary>A read's job is done: ask again with it.</summary>
    Located = 128,
}

/// <summary>What the logs of one shard share.</summary>
public sealed record LogServices(BufferPool Pool, BatchValidator Validator, Prng Random);
