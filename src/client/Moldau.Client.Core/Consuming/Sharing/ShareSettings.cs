using Moldau.Base;

namespace Moldau.Client;

/// <summary>What becomes of a record that a share group gave out (KIP-932).</summary>
public enum AcknowledgeType : sbyte
{
    /// <summary>Worked on: nobody gets it again.</summary>
    Accept = 1,

    /// <summary>Not worked on: somebody gets it again.</summary>
    Release = 2,

    /// <summary>Cannot be worked on: nobody gets it again.</summary>
    Reject = 3,

    /// <summary>Still being worked on: the lock begins anew (KIP-1222, brokers from 4.2 on).</summary>
    Renew = 4,
}

/// <summary><c>share.acquire.mode</c> (KIP-1206)</summary>
public enum ShareAcquireMode : sbyte
{
    /// <summary>Whole batches, even where that is more than <c>max.poll.records</c>.</summary>
    BatchOptimized = 0,

    /// <summary>Never more than <c>max.poll.records</c>.</summary>
    RecordLimit = 1,
}

/// <summary>What a share consumer is to do. Names and defaults are those of Kafka's share consumer.</summary>
internal sealed record ShareSettings
{
    /// <summary><c>group.id</c></summary>
    public required string GroupId { get; init; }

    /// <summary><c>fetch.min.bytes</c></summary>
    public int FetchMinBytes { get; init; } = 1;

    /// <summary><c>fetch.max.bytes</c></summary>
    public int FetchMaxBytes { get; init; } = 50 << 20;

    /// <summary><c>fetch.max.wait.ms</c></summary>
    public Duration FetchMaxWait { get; init; } = Duration.FromMs(500);

    /// <summary><c>max.poll.records</c>: how many records one fetch locks.</summary>
    public int MaxPollRecords { get; init; } = 500;

    public ShareAcquireMode AcquireMode { get; init; }

    /// <summary>Told of acknowledgements that were refused: the shell's own.</summary>
    public object? Listener { get; init; }
}
