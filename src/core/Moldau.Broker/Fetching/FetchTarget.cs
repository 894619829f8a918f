using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>One partition of a session at the session's home: what is asked, what was told, and where it is watched.
/// The partition's owner passes it back and reads nothing of it but the key.</summary>
internal sealed class FetchTarget(FetchKey key)
{
    private long _answeredHighWatermark = -1;
    private long _answeredLogStart = -1;

    public FetchKey Key { get; } = key;

    /// <summary>Where its topic is counted; null until it is known to exist.</summary>
    public TopicCounts? Counts { get; set; }

    public FetchAsk Ask { get; set; }

    /// <summary>Its turn: lower ones are read first.</summary>
    public long Place { get; set; }

    /// <summary>Its watch at the owner; null while no partition is known under the key.</summary>
    public PartitionWatch? Watch { get; set; }

    /// <summary>Where the watch is counted.</summary>
    public OwnerShare? Share { get; set; }

    /// <summary>The owner is to be told of <see cref="Ask"/> and <see cref="Place"/> with the next poll.</summary>
    public bool IsChanged { get; set; }

    /// <summary>The session was told to forget it.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Whether the incremental answer must mention the partition; remembers what is answered (KIP-227).</summary>
    public bool TakeChange(in FetchResult result)
    {
        bool isChanged = result.RecordBytes > 0 || result.HasDivergingEpoch;
        if (_answeredHighWatermark != result.HighWatermark)
        {
            isChanged = true;
            _answeredHighWatermark = result.HighWatermark;
        }

        if (_answeredLogStart != result.LogStartOffset)
        {
            isChanged = true;
            _answeredLogStart = result.LogStartOffset;
        }

        if (result.Error == ErrorCode.None) return isChanged;
        // An error is answered in full and again when it is over, whatever the offsets then are.
        _answeredHighWatermark = -1;
        return true;
    }
}
