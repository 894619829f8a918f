namespace Moldau.Protocol;

/// <summary>A Fetch response read in place, without allocation: walk topics and partitions, then
/// <see cref="ReadTail"/>. Whoever walks looks at <see cref="Failed"/> in the end: what came before it may be
/// used only where it is false.</summary>
public ref struct FetchResponseView
{
    private const short FirstSessionVersion = 7;
    private const short FirstTopicIdVersion = 13;

    private readonly short _version;
    private TopicWalk _walk;

    /// <param name="frame">The response frame without its length prefix.</param>
    /// <param name="bodyStart">Where the header ends.</param>
    /// <param name="version">The version that was asked in.</param>
    public FetchResponseView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _version = version;
        _walk = new TopicWalk(frame, bodyStart, version >= FirstTopicIdVersion, IsFlexible);
        ref KafkaReader reader = ref _walk.Reader;
        ThrottleTimeMs = reader.ReadInt32();
        ErrorCode = version >= FirstSessionVersion ? ErrorCodes.FromWire(reader.ReadInt16()) : ErrorCode.None;
        SessionId = version >= FirstSessionVersion ? reader.ReadInt32() : 0;
        _walk.BeginTopics();
    }

    public readonly bool Failed => _walk.Reader.Failed;

    public int ThrottleTimeMs { get; }

    public ErrorCode ErrorCode { get; }

    /// <summary>0 where the broker keeps no session.</summary>
    public int SessionId { get; }

    /// <summary>The topic that <see cref="NextTopic"/> moved to.</summary>
    public readonly TopicReference Topic => _walk.Topic;

    /// <summary>The partition that <see cref="NextPartition"/> moved to; what follows is about it.</summary>
    public readonly int Partition => _walk.Partition;

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

        return _walk.NextTopic();
    }

    public bool NextPartition()
    {
        if (!_walk.NextPartition()) return false;
        ref KafkaReader reader = ref _walk.Reader;
        PartitionError = ErrorCodes.FromWire(reader.ReadInt16());
        HighWatermark = reader.ReadInt64();
        LastStableOffset = reader.ReadInt64();
        LogStartOffset = _version >= 5 ? reader.ReadInt64() : -1;
        SkipAborted();
        PreferredReadReplica = _version >= 11 ? reader.ReadInt32() : -1;
        RecordsLength = Math.Max(0, reader.ReadBytesLength(IsFlexible));
        RecordsStart = reader.Position;
        reader.Skip(RecordsLength);
        DivergingEpoch = EpochAndOffset.None;
        CurrentLeader = LeaderAndEpoch.None;
        if (IsFlexible) ReadPartitionTags();
        return _walk.EndPartition();
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
        ref KafkaReader reader = ref _walk.Reader;
        List<LeaderEndpoint> endpoints = [];
        if (!IsFlexible) return endpoints;
        for (int tags = reader.ReadTagCount(); tags > 0 && !reader.Failed; tags--)
        {
            uint tag = reader.ReadTag(out int length);
            if (tag != 0 || _version < 16)
            {
                reader.Skip(length);
                continue;
            }

            for (int count = _walk.ReadCount(); count > 0 && !reader.Failed; count--)
            {
                endpoints.Add(new LeaderEndpoint(reader.ReadInt32(), reader.ReadString(flexible: true),
                    reader.ReadInt32(), reader.ReadNullableString(flexible: true)));
                reader.SkipTaggedFields();
            }
        }

        return endpoints;
    }

    private void SkipAborted()
    {
        ref KafkaReader reader = ref _walk.Reader;
        AbortedCount = Math.Max(0, reader.ReadArrayLength(IsFlexible));
        AbortedStart = reader.Position;
        for (int i = 0; i < AbortedCount && !reader.Failed; i++)
        {
            reader.Skip(2 * sizeof(long));
            _walk.SkipTags();
        }
    }

    private void ReadPartitionTags()
    {
        ref KafkaReader reader = ref _walk.Reader;
        for (int tags = reader.ReadTagCount(); tags > 0 && !reader.Failed; tags--)
        {
            uint tag = reader.ReadTag(out int length);
            if (tag == 0)
            {
                DivergingEpoch = new EpochAndOffset(reader.ReadInt32(), reader.ReadInt64());
                reader.SkipTaggedFields();
            }
            else if (tag == 1)
            {
                CurrentLeader = new LeaderAndEpoch(reader.ReadInt32(), reader.ReadInt32());
                reader.SkipTaggedFields();
            }
            else
            {
                reader.Skip(length);
            }
        }
    }
}
