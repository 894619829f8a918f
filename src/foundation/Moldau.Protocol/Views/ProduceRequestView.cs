namespace Moldau.Protocol;

/// <summary>A Produce request read in place, without allocation: walk topics and, within each, partitions.
/// <see cref="TryRead"/> walks the whole request once, so that nothing of a malformed one is ever acted upon.</summary>
public ref struct ProduceRequestView
{
    private const short FirstTopicIdVersion = 13;

    private readonly bool _isFlexible;
    private TopicWalk _walk;

    private ProduceRequestView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _isFlexible = version >= ProduceRequest.LowestFlexibleVersion;
        _walk = new TopicWalk(frame, bodyStart, version >= FirstTopicIdVersion, _isFlexible);
        int length = _walk.Reader.ReadStringLength(_isFlexible);
        HasTransactionalId = length >= 0;
        TransactionalId = length > 0 ? _walk.Reader.ReadSpan(length) : default;
        Acks = _walk.Reader.ReadInt16();
        TimeoutMs = _walk.Reader.ReadInt32();
        _walk.BeginTopics();
    }

    /// <summary>UTF-8; empty where there is none.</summary>
    public ReadOnlySpan<byte> TransactionalId { get; }

    public bool HasTransactionalId { get; }

    public short Acks { get; }

    public int TimeoutMs { get; }

    public readonly int TopicCount => _walk.TopicCount;

    /// <summary>The topic that <see cref="NextTopic"/> moved to.</summary>
    public readonly TopicReference Topic => _walk.Topic;

    public readonly int PartitionCount => _walk.PartitionCount;

    /// <summary>The partition that <see cref="NextPartition"/> moved to.</summary>
    public readonly int Partition => _walk.Partition;

    /// <summary>Where the records of the partition begin in the frame.</summary>
    public int RecordsStart { get; private set; }

    /// <summary>Bytes of the partition's records, -1 for null.</summary>
    public int RecordsLength { get; private set; }

    /// <param name="frame">The request frame; positions in the view count from its start.</param>
    /// <param name="bodyStart">Where the header ends.</param>
    /// <param name="version">A version that the API has.</param>
    /// <param name="view">The view, before its first topic; meaningful only where the result is true.</param>
    public static bool TryRead(ReadOnlySpan<byte> frame, int bodyStart, short version, out ProduceRequestView view)
    {
        view = new ProduceRequestView(frame, bodyStart, version);
        while (view.NextTopic())
        {
        }

        view._walk.SkipTags();
        if (view._walk.Reader.Failed) return false;
        view._walk.Restart(frame, view._walk.Start, view.TopicCount);
        return true;
    }

    public bool NextTopic()
    {
        while (NextPartition())
        {
        }

        return _walk.NextTopic();
    }

    public bool NextPartition()
    {
        if (!_walk.NextPartition()) return false;
        RecordsLength = Math.Max(-1, _walk.Reader.ReadBytesLength(_isFlexible));
        RecordsStart = _walk.Reader.Position;
        if (RecordsLength > 0) _walk.Reader.Skip(RecordsLength);
        _walk.SkipTags();
        return _walk.EndPartition();
    }
}
