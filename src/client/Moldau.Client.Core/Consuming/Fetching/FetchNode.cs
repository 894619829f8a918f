namespace Moldau.Client;

/// <summary>A broker as a consumer sees it: the fetch session, the request under way, and what the turn wants of it.</summary>
internal sealed class FetchNode(int brokerId)
{
    public int BrokerId { get; } = brokerId;

    public FetchSession Session { get; } = new();

    /// <summary>Null where nothing is asked of it now.</summary>
    public FetchCall? UnderWay { get; set; }

    /// <summary>A call that is over, for the next one.</summary>
    public FetchCall? Idle { get; set; }

    /// <summary>Answers of one lane come in the order of requests: after a poll was given up, the next one takes the other
    /// lane.</summary>
    public bool UsesOtherLane { get; set; }

    /// <summary>In the order of their names; only within a turn.</summary>
    public List<(PartitionCursor Cursor, FetchPoint Point)> Wanted { get; } = [];

    /// <summary>Within a turn: what it waits for is worth less than what it could be asked for.</summary>
    public bool IsOutdated { get; set; }
}
