namespace Moldau.Client;

/// <summary>Records of one partition that a broker has locked for this consumer, and what became of each.</summary>
internal sealed class ShareLease(ShareLink link, SharePartition partition, FetchedChunk chunk, AcquiredRange[] acquired)
{
    private readonly HashSet<long> _open = [.. acquired.SelectMany(r => r.Offsets)];
    private long _next = acquired[0].First;

    public ShareLink Link { get; } = link;

    public SharePartition Partition { get; } = partition;

    public FetchedChunk Chunk { get; } = chunk;

    /// <summary>The session that the locks belong to: they end with it.</summary>
    public int Session { get; } = link.Session;

    /// <summary>How often a record was given out, this time counted in; 0 where it is not locked for this consumer.</summary>
    public int DeliveryCount(long offset)
    {
        foreach (AcquiredRange range in acquired)
            if (offset >= range.First && offset <= range.Last) return range.DeliveryCount;
        return 0;
    }

    public bool IsOpen(long offset) => _open.Contains(offset);

    /// <summary>Decides about a record; false where that was done before.</summary>
    public bool Decide(long offset) => _open.Remove(offset);

    /// <summary>Locked offsets up to a record that was read, or to the end, at which no record is: control records, and what
    /// was compacted away.</summary>
    public IEnumerable<long> GapsBefore(long offset)
    {
        for (; _next < offset && _next <= acquired[^1].Last; _next++)
            if (_open.Contains(_next)) yield return _next;
        if (_next == offset) _next++;
    }

    /// <summary>Locked records that the reader has not come to.</summary>
    public long[] Unread() => [.. _open.Where(o => o >= _next).Order()];
}

/// <summary>Locked records: the first and the last offset, and how often they were given out.</summary>
internal readonly record struct AcquiredRange(long First, long Last, int DeliveryCount)
{
    public IEnumerable<long> Offsets
    {
        get
        {
            for (long offset = First; offset <= Last; offset++) yield return offset;
        }
    }
}

/// <summary>A partition as share groups name it.</summary>
internal readonly record struct SharePartition(Moldau.Base.Uuid TopicId, Moldau.Base.TopicPartition Name)
    : IComparable<SharePartition>
{
    public int CompareTo(SharePartition other) => Name.CompareTo(other.Name);
}
