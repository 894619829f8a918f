using Moldau.Base;

namespace Moldau.Client;

internal enum ConsumerCallKind
{
    /// <summary>Partitions came; nothing of them is fetched before the call ends.</summary>
    Assigned,

    /// <summary>Partitions go; they are given to nobody else before the call ends.</summary>
    Revoked,

    /// <summary>Partitions are gone: somebody else may read them already.</summary>
    Lost,

    /// <summary>The reader takes nothing any more, or takes again.</summary>
    Stalled,
}

/// <summary>Something of a consumer that its user's code is told.</summary>
internal sealed class ConsumerCall(
    ConsumerCallKind kind, IReadOnlyList<TopicPartition> partitions, Instant deadline, Action<ConsumerCall, ClientTurn> done)
    : UserCall
{
    public ConsumerCallKind Kind { get; } = kind;

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<TopicPartition> Partitions { get; } = partitions;

    /// <summary>Of <see cref="ConsumerCallKind.Stalled"/>: false where the reader takes again.</summary>
    public bool IsStalled { get; init; }

    /// <summary>When the machine goes on without it.</summary>
    public Instant Deadline { get; } = deadline;

    internal override void Done(ClientTurn turn) => done(this, turn);
}
