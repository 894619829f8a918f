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
    private KafkaReader _reader;
    private int _topicsLeft;
    private int _partitionsLeft;

    /// <param name="frame">The response frame without its length prefix.</param>
    /// <param name="bodyStart">Where the header ends.</param>
    /// <param name="version">The version that was asked in.</param>
    public ProduceResponseView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _version = version;
        _reader = new KafkaReader(frame);
        _reader.Skip(bodyStart);
        _topicsLeft = ReadCount();
    }

    public readonly bool Failed => _reader.Failed;

    /// <summary>The topic that <see cref="NextTopic"/> moved to.</summary>
    public TopicReference Topic { get; private set; }

    /// <summary>The partition that <see cref="NextPartition"/> moved to; what follows is about it.</summary>
    public int Partition { get; private set; }

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
        walk._reader.Skip(sizeof(int));
        walk.SkipTags();
        return !walk.Failed;
    }

    public bool NextTopic()
    {
        while (NextPartition())
        {
        }

        if (_topicsLeft <= 0 || _reader.Failed) return false;
        _topicsLeft--;
        Topic = TopicReference.Read(ref _reader, _version >= FirstTopicIdVersion, IsFlexible);
        _partitionsLeft = ReadCount();
        if (_partitionsLeft == 0) SkipTags();
        return !_reader.Failed;
    }

    public bool NextPartition()
    {
        if (_partitionsLeft <= 0 || _reader.Failed) return false;
        _partitionsLeft--;
        Partition = _reader.ReadInt32();
        PartitionError = ErrorCodes.FromWire(_reader.ReadInt16());
        BaseOffset = _reader.ReadInt64();
        LogAppendTimeMs = _reader.ReadInt64();
        if (_version >= FirstLogStartVersion) _reader.Skip(sizeof(long));
        if (_version >= FirstRecordErrorsVersion) SkipErrors();
        SkipTags();
        if (_partitionsLeft == 0) SkipTags();
        return !_reader.Failed;
    }

    private void SkipErrors()
    {
        for (int count = ReadCount(); count > 0 && !_reader.Failed; count--)
        {
            _reader.Skip(sizeof(int));
            SkipText();
            SkipTags();
        }

        SkipText();
    }

    private void SkipText()
    {
        int length = _reader.ReadStringLength(IsFlexible);
        if (length > 0) _reader.Skip(length);
    }

    private int ReadCount()
    {
        int count = _reader.ReadArrayLength(IsFlexible);
        if (count < 0) _reader.Fail();
        return Math.Max(0, count);
    }

    private void SkipTags()
    {
        if (IsFlexible) _reader.SkipTaggedFields();
    }
}
