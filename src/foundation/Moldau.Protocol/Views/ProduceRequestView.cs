namespace Moldau.Protocol;

/// <summary>A Produce request read in place, without allocation: walk topics and, within each, partitions.
/// <see cref="TryRead"/> walks the whole request once, so that nothing of a malformed one is ever acted upon.</summary>
public ref struct ProduceRequestView
{
    private const short FirstTopicIdVersion = 13;

    private readonly short _version;
    private readonly int _topicsStart;
    private KafkaReader _reader;
    private int _topicsLeft;
    private int _partitionsLeft;

    private ProduceRequestView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _version = version;
        _reader = new KafkaReader(frame);
        _reader.Skip(bodyStart);
        int length = _reader.ReadStringLength(IsFlexible);
        HasTransactionalId = length >= 0;
        TransactionalId = length > 0 ? _reader.ReadSpan(length) : default;
        Acks = _reader.ReadInt16();
        TimeoutMs = _reader.ReadInt32();
        TopicCount = ReadCount();
        _topicsStart = _reader.Position;
        _topicsLeft = TopicCount;
    }

    /// <summary>UTF-8; empty where there is none.</summary>
    public ReadOnlySpan<byte> TransactionalId { get; }

    public bool HasTransactionalId { get; }

    public short Acks { get; }

    public int TimeoutMs { get; }

    public int TopicCount { get; }

    /// <summary>The topic that <see cref="NextTopic"/> moved to.</summary>
    public TopicReference Topic { get; private set; }

    public int PartitionCount { get; private set; }

    /// <summary>The partition that <see cref="NextPartition"/> moved to.</summary>
    public int Partition { get; private set; }

    /// <summary>Where the records of the partition begin in the frame.</summary>
    public int RecordsStart { get; private set; }

    /// <summary>Bytes of the partition's records, -1 for null.</summary>
    public int RecordsLength { get; private set; }

    private readonly bool IsFlexible => _version >= ProduceRequest.LowestFlexibleVersion;

    /// <param name="frame">The request frame; positions in the view count from its start.</param>
    /// <param name="bodyStart">Where the header ends.</param>
    /// <param name="version">A version that the API has.</param>
    /// <param name="view">The view, before its first topic; meaningful only where the result is true.</param>
    public static bool TryRead(ReadOnlySpan<byte> frame, int bodyStart, short version, out ProduceRequestView view)
    {
        view = new ProduceRequestView(frame, bodyStart, version);
        while (view.NextTopic())
        {
            while (view.NextPartition())
            {
            }
        }

        view.SkipTags();
        if (view._reader.Failed) return false;
        view.Restart(frame);
        return true;
    }

    public bool NextTopic()
    {
        while (NextPartition())
        {
        }

        if (_topicsLeft <= 0 || _reader.Failed) return false;
        _topicsLeft--;
        Topic = TopicReference.Read(ref _reader, _version >= FirstTopicIdVersion, IsFlexible);
        PartitionCount = _partitionsLeft = ReadCount();
        if (PartitionCount == 0) SkipTags();
        return !_reader.Failed;
    }

    public bool NextPartition()
    {
        if (_partitionsLeft <= 0 || _reader.Failed) return false;
        _partitionsLeft--;
        Partition = _reader.ReadInt32();
        RecordsLength = Math.Max(-1, _reader.ReadBytesLength(IsFlexible));
        RecordsStart = _reader.Position;
        if (RecordsLength > 0) _reader.Skip(RecordsLength);
        SkipTags();
        if (_partitionsLeft == 0) SkipTags();
        return !_reader.Failed;
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

    private void Restart(ReadOnlySpan<byte> frame)
    {
        _reader = new KafkaReader(frame);
        _reader.Skip(_topicsStart);
        _topicsLeft = TopicCount;
        _partitionsLeft = 0;
    }
}
