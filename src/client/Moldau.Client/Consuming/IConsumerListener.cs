using Moldau.Base;

namespace Moldau.Client;

/// <summary>Told of partitions that come and go, and of a reader that takes nothing any more. Calls come one at a time and in
/// order, on pool threads; heartbeats go on meanwhile. An exception is thrown to the reader.</summary>
/// <remarks>The group waits for a call at most <see cref="ConsumerOptions.MaxPollInterval"/>: then its token is cancelled and
/// the consumer goes on without it. The consumer may be used in a call, but not be disposed.</remarks>
public interface IConsumerListener
{
    /// <summary>Partitions came. Nothing of them is read before the call ends: a <see cref="Consumer{TKey,TValue}.Seek"/> here
    /// says where to begin.</summary>
    /// <param name="partitions">Those that are new, in order.</param>
    /// <param name="cancel">The consumer goes on without the call.</param>
    ValueTask OnAssignedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel) => default;

    /// <summary>Partitions go, and nobody else has them before the call ends. Nothing more is read of them; what is marked done
    /// here is still committed, by the consumer after the call where it commits itself.</summary>
    /// <param name="partitions">Those that go, in order.</param>
    /// <param name="cancel">The consumer goes on without the call.</param>
    ValueTask OnRevokedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel) => default;

    /// <summary>Partitions are gone, and somebody else may read them already: nothing of them can be committed.</summary>
    /// <param name="partitions">Those that are gone, in order.</param>
    /// <param name="cancel">The consumer goes on without the call.</param>
    ValueTask OnLostAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel) => default;

    /// <summary>The reader has taken no record for <see cref="ConsumerOptions.MaxPollInterval"/> though some are there: the
    /// consumer fetches nothing until it goes on. It stays a member of its group and keeps its partitions.</summary>
    /// <param name="isStalled">False when the reader goes on.</param>
    /// <param name="cancel">The consumer is gone.</param>
    ValueTask OnStalledAsync(bool isStalled, CancellationToken cancel) => default;
}
