using Moldau.Base;

namespace Moldau.Broker;

/// <summary>A partition as a fetch request names it: by id from version 13 on, by name before.</summary>
internal readonly record struct FetchKey(Uuid TopicId, string? Topic, int Partition)
{
    public bool IsSameTopic(in FetchKey other) =>
        TopicId == other.TopicId && string.Equals(Topic, other.Topic, StringComparison.Ordinal);

    public override int GetHashCode() =>
        (TopicId.GetHashCode() * 31 + Partition) * 31 + (Topic is null ? 0 : StringComparer.Ordinal.GetHashCode(Topic));
}

/// <summary>What a client asks of one partition.</summary>
/// <param name="Offset">The first offset it wants.</param>
/// <param name="MaxBytes">Bytes of records at most.</param>
/// <param name="CurrentLeaderEpoch">The leader epoch the client knows; −1: it does not say.</param>
/// <param name="LastFetchedEpoch">Epoch of the last record the client has; −1: it does not say (KIP-595).</param>
internal readonly record struct FetchAsk(long Offset, int MaxBytes, int CurrentLeaderEpoch, int LastFetchedEpoch);
