namespace Moldau.Protocol;

/// <summary>A Fetch response read in place, without allocation: walk topics and partitions, then
/// <see cref="ReadTail"/>. Whoever walks looks at <see cref="Failed"/> in the end: what came before it may be
/// used only where it is false.</summary>
public ref struct FetchResponseView
{
    private const short FirstSessionVersion = 7;
    private const short FirstTopicIdVersion = 13;

    private readonly short _version;
    private KafkaReader _reader;
    private int _topicsLeft;
    private int _partitionsLeft;

    /// <param name="frame">The response frame without its length prefix.</param>
    /// <param name="bodyStart">Where the header ends.</param>
    /// <param name="version">The version that was asked in.</param>
    public FetchResponseView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _version = version;
        _reader = new KafkaReader(frame);
        _reader.Skip(bodyStart);
        ThrottleTimeMs = _reader.ReadInt32();
        ErrorCode = version >= FirstSessionVersion ? ErrorCodes.FromWire(_reader.ReadInt16()) : ErrorCode.None;
        SessionId = version >= FirstSessionVersion ? _reader.ReadInt32() : 0;
        _topicsLeft = ReadCount();
    }

    public readonly bool Failed => _reader.Failed;

    public int ThrottleTimeMs { get; }

    public ErrorCode ErrorCode { get; }

    /// <summary>0 where the broker keeps no session.</summary>
    public int SessionId { get; }

    /// <summary>The topic that <see cref="NextTopic"/> moved to.</summary>
    public TopicReference Topic { get; private set; }

    /// <summary>The partition that <see cref="NextPartition"/> moved to; what follows is about it.</summary>
    public int Partition { get; private set; }

    public ErrorCode PartitionError { get; private set; }

    public long HighWatermark { get; private set; }

    public long LastStableOffset { get; private set; }

    public long LogStartOffset { get; private set; }

    /// <summary>Where the broker's log parts from the fetcher's (KIP-595); <see cref="EpochAndOffset.None"/> where it
    /// does not.</summary>
    public EpochAndOffset DivergingEpoch { get; private set; }

    /// <summary>The leader where the broker is not it (KIP-951).</summary>
    public LeaderAndEpoch CurrentLeader { get; private set; }

    /// <summary>The replica to read from instead, −1 for the leader (KIP-392).</summary>
    public int PreferredReadReplica { get; private set; }

    /// <summary>Where the records begin in the frame.</summary>
    public int RecordsStart { get; private set; }

    /// <summary>Bytes of records; 0 where there are none. The last batch may be cut off.</summary>
    public int RecordsLength { get; private set; }

    /// <summary>Entries that <see cref="ReadAborted"/> gives.</summary>
    public int AbortedCount { get; private set; }

    private int AbortedStart { get; set; }

    private readonly bool IsFlexible => _version >= FetchRequest.LowestFlexibleVersion;

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
        HighWatermark = _reader.ReadInt64();
        LastStableOffset = _reader.ReadInt64();
        LogStartOffset = _version >= 5 ? _reader.ReadInt64() : -1;
        SkipAborted();
        PreferredReadReplica = _version >= 11 ? _reader.ReadInt32() : -1;
        RecordsLength = Math.Max(0, _reader.ReadBytesLength(IsFlexible));
        RecordsStart = _reader.Position;
        _reader.Skip(RecordsLength);
        DivergingEpoch = EpochAndOffset.None;
        CurrentLeader = LeaderAndEpoch.None;
        if (IsFlexible) ReadPartitionTags();
        if (_partitionsLeft == 0) SkipTags();
        return !_reader.Failed;
    }

    /// <summary>The aborted transactions of the partition, for readers of committed records.</summary>
    public readonly AbortedTransactionEntry[] ReadAborted(ReadOnlySpan<byte> frame)
    {
        if (AbortedCount == 0) return [];
        KafkaReader reader = new(frame);
        reader.Skip(AbortedStart);
        AbortedTransactionEntry[] aborted = new AbortedTransactionEntry[AbortedCount];
        for (int i = 0; i < aborted.Length; i++)
        {
            aborted[i] = new AbortedTransactionEntry(reader.ReadInt64(), reader.ReadInt64());
            if (IsFlexible) reader.SkipTaggedFields();
        }

        return aborted;
    }

    /// <summary>After the last topic: the endpoints of the leaders that were named, empty before version 16.</summary>
    public List<LeaderEndpoint> ReadTail()
    {
        List<LeaderEndpoint> endpoints = [];
        if (!IsFlexible) return endpoints;
        for (int tags = _reader.ReadTagCount(); tags > 0 && !_reader.Failed; tags--)
        {
            uint tag = _reader.ReadTag(out int length);
            if (tag != 0 || _version < 16)
            {
                _reader.Skip(length);
                continue;
            }

            for (int count = ReadCount(); count > 0 && !_reader.Failed; count--)
            {
                endpoints.Add(new LeaderEndpoint(_reader.ReadInt32(), _reader.ReadString(flexible: true),
                    _reader.ReadInt32(), _reader.ReadNullableString(flexible: true)));
                _reader.SkipTaggedFields();
            }
        }

        return endpoints;
    }

    private void SkipAborted()
    {
        AbortedCount = Math.Max(0, _reader.ReadArrayLength(IsFlexible));
        AbortedStart = _reader.Position;
        for (int i = 0; i < AbortedCount && !_reader.Failed; i++)
        {
            _reader.Skip(2 * sizeof(long));
            SkipTags();
        }
    }

    private void ReadPartitionTags()
    {
        for (int tags = _reader.ReadTagCount(); tags > 0 && !_reader.Failed; tags--)
        {
            uint tag = _reader.ReadTag(out int length);
            if (tag == 0)
            {
                DivergingEpoch = new EpochAndOffset(_reader.ReadInt32(), _reader.ReadInt64());
                _reader.SkipTaggedFields();
            }
            else if (tag == 1)
            {
                CurrentLeader = new LeaderAndEpoch(_reader.ReadInt32(), _reader.ReadInt32());
                _reader.SkipTaggedFields();
            }
            else
            {
                _reader.Skip(length);
            }
        }
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
