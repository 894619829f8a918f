namespace Moldau.Protocol;

/// <summary>A Produce response read in place, without allocation: topics and partitions, where and when their records were
/// written. What only a failed partition has (texts, records, leaders) is passed over: <see cref="ProduceResponse"/> has
/// it.</summary>
public ref struct ProduceResponseView
{
    private const short FirstRecordErrorsVersion = 8;
    private const short FirstLogStartVersion = 5;
    private const short FirstTopicIdVersion = 13;

    private readonly short _version;
    private TopicWalk _walk;

    /// <param name="frame">The response frame without its length prefix.</param>
    /// <param name="bodyStart">Where the header ends.</param>
    /// <param name="version">The version that was asked in.</param>
    public ProduceResponseView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _version = version;
        _walk = new TopicWalk(frame, bodyStart, version >= FirstTopicIdVersion, IsFlexible);
        _walk.BeginTopics();
    }

    public readonly bool Failed => _walk.Reader.Failed;

    /// <summary>The topic that <see cref="NextTopic"/> moved to.</summary>
    public readonly TopicReference Topic => _walk.Topic;

    /// <summary>The partition that <see cref="NextPartition"/> moved to; what follows is about it.</summary>
    public readonly int Partition => _walk.Partition;

    public ErrorCode PartitionError { get; private set; }

    public long BaseOffset { get; private set; }

    public long LogAppendTimeMs { get; private set; }

    private readonly bool IsFlexible => _version >= ProduceRequest.LowestFlexibleVersion;

    /// <summary>True where the whole response can be read and no partition has failed. The walk stays where it is.</summary>
    public readonly bool IsAllWell()
    {
        ProduceResponseView walk = this;
        while (walk.NextTopic())
        {
            while (walk.NextPartition())
                if (walk.PartitionError != ErrorCode.None) return false;
        }

        // The throttle time and what newer versions have behind it.
        walk._walk.Reader.Skip(sizeof(int));
        walk._walk.SkipTags();
        return !walk.Failed;
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
        ref KafkaReader reader = ref _walk.Reader;
        PartitionError = ErrorCodes.FromWire(reader.ReadInt16());
        BaseOffset = reader.ReadInt64();
        LogAppendTimeMs = reader.ReadInt64();
        if (_version >= FirstLogStartVersion) reader.Skip(sizeof(long));
        if (_version >= FirstRecordErrorsVersion) SkipErrors();
        _walk.SkipTags();
        return _walk.EndPartition();
    }

    private void SkipErrors()
    {
        for (int count = _walk.ReadCount(); count > 0 && !_walk.Reader.Failed; count--)
        {
            _walk.Reader.Skip(sizeof(int));
            SkipText();
            _walk.SkipTags();
        }

        SkipText();
    }

    private void SkipText()
    {
        int length = _walk.Reader.ReadStringLength(IsFlexible);
        if (length > 0) _walk.Reader.Skip(length);
    }
}
