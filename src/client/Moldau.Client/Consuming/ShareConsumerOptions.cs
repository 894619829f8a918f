using Moldau.Base;

namespace Moldau.Client;

/// <summary>Who acknowledges the records of a share consumer: <c>share.acknowledgement.mode</c>.</summary>
public enum ShareAcknowledgementMode
{
    /// <summary>A record is accepted when the next one is asked for, unless something else was said of it before.</summary>
    Implicit,

    /// <summary>Only <see cref="SharedRecord{TKey,TValue}"/>'s own methods acknowledge. What is not acknowledged comes again
    /// when its lock ends.</summary>
    Explicit,
}

/// <summary>Acknowledgements that a broker refused: the records come again, to this or another consumer.</summary>
/// <param name="TopicPartition">Where they are.</param>
/// <param name="Offsets">Their offsets, in order.</param>
/// <param name="Error">Why; mostly <c>INVALID_RECORD_STATE</c>: their lock had ended.</param>
public sealed record AcknowledgementFailure(TopicPartition TopicPartition, IReadOnlyList<long> Offsets, MoldauException Error);

/// <summary>What a share consumer is to do (KIP-932). Names and defaults are those of Kafka's share consumer.</summary>
public sealed record ShareConsumerOptions
{
    /// <summary><c>group.id</c></summary>
    public required string GroupId { get; init; }

    /// <summary><c>share.acknowledgement.mode</c></summary>
    public ShareAcknowledgementMode AcknowledgementMode { get; init; }

    /// <summary><c>share.acquire.mode</c></summary>
    public ShareAcquireMode AcquireMode { get; init; }

    /// <summary><c>max.poll.records</c>: how many records one fetch locks. Their locks all run while the first is worked
    /// on.</summary>
    public int MaxPollRecords { get; init; } = 500;

    /// <summary><c>fetch.min.bytes</c></summary>
    public int FetchMinBytes { get; init; } = 1;

    /// <summary><c>fetch.max.bytes</c></summary>
    public int FetchMaxBytes { get; init; } = 50 << 20;

    /// <summary><c>fetch.max.wait.ms</c></summary>
    public TimeSpan FetchMaxWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary><c>check.crcs</c></summary>
    public bool CheckCrcs { get; init; } = true;

    /// <summary>Told of acknowledgements that were refused, on a pool thread. It must not throw: there is nobody above it who
    /// could catch.</summary>
    public Action<AcknowledgementFailure>? AcknowledgementFailed { get; init; }

    internal ShareSettings ToSettings() => new()
    {
        GroupId = GroupId,
        AcquireMode = AcquireMode,
        MaxPollRecords = MaxPollRecords,
        FetchMinBytes = FetchMinBytes,
        FetchMaxBytes = FetchMaxBytes,
        FetchMaxWait = Duration.FromMs((long)FetchMaxWait.TotalMilliseconds),
        Listener = AcknowledgementFailed is null ? null : new FailureRunner(AcknowledgementFailed),
    };

    private sealed class FailureRunner(Action<AcknowledgementFailure> told) : IUserCallRunner
    {
        public void Start(UserCall call, ClientDriver driver) => ThreadPool.UnsafeQueueUserWorkItem(
            static s =>
            {
                AcknowledgeFailedCall failed = (AcknowledgeFailedCall)s.call;
                s.told(new AcknowledgementFailure(failed.Partition, failed.Offsets, new MoldauException(failed.Error)));
            },
            (told, call),
            preferLocal: false);

        public void GiveUp(UserCall call)
        {
            // Nothing waits for it.
        }
    }
}
