namespace Moldau.Protocol;

/// <summary>Reads a list of topics with a list of partitions each, as requests and responses of Produce and Fetch and the
/// forgotten topics of Fetch have them. The view that uses it reads the fields of a partition between
/// <see cref="NextPartition"/> and <see cref="EndPartition"/>.</summary>
internal ref struct TopicWalk
{
    private readonly bool _namesIds;
    private readonly bool _isFlexible;
    private int _topicsLeft;
    private int _partitionsLeft;

    /// <param name="frame">The frame of the request or response.</param>
    /// <param name="start">Where the body begins.</param>
    /// <param name="namesIds">Topics are named by id.</param>
    /// <param name="isFlexible">Compact lengths and tagged fields (KIP-482).</param>
    public TopicWalk(ReadOnlySpan<byte> frame, int start, bool namesIds, bool isFlexible)
    {
        _namesIds = namesIds;
        _isFlexible = isFlexible;
        Reader = new KafkaReader(frame);
        Reader.Skip(start);
    }

    /// <summary>Stands where the next field is.</summary>
    public KafkaReader Reader;

    /// <summary>Where the list's first topic is.</summary>
    public int Start { get; private set; }

    public int TopicCount { get; private set; }

    public TopicReference Topic { get; private set; }

    public int PartitionCount { get; private set; }

    public int Partition { get; private set; }

    /// <summary>Reads the list's length.</summary>
    public void BeginTopics()
    {
        TopicCount = _topicsLeft = ReadCount();
        _partitionsLeft = 0;
        Start = Reader.Position;
    }

    /// <summary>Goes to the first topic of a list that has been read to its end.</summary>
    public void Restart(ReadOnlySpan<byte> frame, int start, int topicCount)
    {
        Reader = new KafkaReader(frame);
        Reader.Skip(start);
        _topicsLeft = topicCount;
        _partitionsLeft = 0;
    }

    /// <summary>The partitions of the topic before have been read.</summary>
    public bool NextTopic()
    {
        if (_topicsLeft <= 0 || Reader.Failed) return false;
        _topicsLeft--;
        Topic = TopicReference.Read(ref Reader, _namesIds, _isFlexible);
        PartitionCount = _partitionsLeft = ReadCount();
        if (PartitionCount == 0) SkipTags();
        return !Reader.Failed;
    }

    public bool NextPartition()
    {
        if (_partitionsLeft <= 0 || Reader.Failed) return false;
        _partitionsLeft--;
        Partition = Reader.ReadInt32();
        return true;
    }

    /// <summary>All fields of the partition are read; false if they could not be.</summary>
    public bool EndPartition()
    {
        if (_partitionsLeft == 0) SkipTags(); // of the topic
        return !Reader.Failed;
    }

    public void SkipTags()
    {
        if (_isFlexible) Reader.SkipTaggedFields();
    }

    /// <summary>The length of a list that must be there.</summary>
    public int ReadCount()
    {
        int count = Reader.ReadArrayLength(_isFlexible);
        if (count < 0) Reader.Fail();
        return Math.Max(0, count);
    }
}
