using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>A Fetch request read in place, without allocation: walk topics and partitions, then forgotten topics.
/// <see cref="TryRead"/> walks the whole request once; what stands behind the topics is known from then on.</summary>
public ref struct FetchRequestView
{
    private const short FirstTopicIdVersion = 13;

    private readonly short _version;
    private TopicWalk _walk;
    private int _topicsStart;
    private int _forgottenStart;

    private FetchRequestView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _version = version;
        _walk = new TopicWalk(frame, bodyStart, version >= FirstTopicIdVersion, IsFlexible);
        ref KafkaReader reader = ref _walk.Reader;
        ReplicaId = version <= 14 ? reader.ReadInt32() : -1;
        ReplicaEpoch = -1;
        MaxWaitMs = reader.ReadInt32();
        MinBytes = reader.ReadInt32();
        MaxBytes = reader.ReadInt32();
        IsolationLevel = reader.ReadInt8();
        SessionId = version >= 7 ? reader.ReadInt32() : 0;
        SessionEpoch = version >= 7 ? reader.ReadInt32() : -1;
        _walk.BeginTopics();
        TopicCount = _walk.TopicCount;
        _topicsStart = _walk.Start;
    }

    /// <summary>The follower that asks, -1 for a consumer.</summary>
    public int ReplicaId { get; private set; }

    public long ReplicaEpoch { get; private set; }

    /// <summary>UTF-8; empty where there is none.</summary>
    public ReadOnlySpan<byte> ClusterId { get; private set; }

    public bool HasClusterId { get; private set; }

    public int MaxWaitMs { get; }

    public int MinBytes { get; }

    public int MaxBytes { get; }

    public sbyte IsolationLevel { get; }

    public int SessionId { get; }

    public int SessionEpoch { get; }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> RackId { get; private set; }

    public int TopicCount { get; }

    public int ForgottenTopicCount { get; private set; }

    /// <summary>The topic that <see cref="NextTopic"/> or <see cref="NextForgottenTopic"/> moved to.</summary>
    public readonly TopicReference Topic => _walk.Topic;

    /// <summary>The partition that <see cref="NextPartition"/> or <see cref="NextForgottenPartition"/> moved
    /// to.</summary>
    public readonly int Partition => _walk.Partition;

    public int CurrentLeaderEpoch { get; private set; }

    public long FetchOffset { get; private set; }

    public int LastFetchedEpoch { get; private set; }

    public long LogStartOffset { get; private set; }

    public int PartitionMaxBytes { get; private set; }

    public Uuid ReplicaDirectoryId { get; private set; }

    /// <summary>The high watermark that the follower knows; <see cref="long.MaxValue"/> where it did not say.</summary>
    public long HighWatermark { get; private set; }

    private readonly bool IsFlexible => _version >= FetchRequest.LowestFlexibleVersion;

    /// <param name="frame">The request frame.</param>
    /// <param name="bodyStart">Where the header ends.</param>
    /// <param name="version">A version that the API has.</param>
    /// <param name="view">The view, before its first topic; meaningful only where the result is true.</param>
    public static bool TryRead(ReadOnlySpan<byte> frame, int bodyStart, short version, out FetchRequestView view)
    {
        view = new FetchRequestView(frame, bodyStart, version);
        while (view.NextTopic())
        {
        }

        view.ReadTail();
        if (view._walk.Reader.Failed) return false;
        view._walk.Restart(frame, view._topicsStart, view.TopicCount);
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
        ref KafkaReader reader = ref _walk.Reader;
        CurrentLeaderEpoch = _version >= 9 ? reader.ReadInt32() : -1;
        FetchOffset = reader.ReadInt64();
        LastFetchedEpoch = _version >= 12 ? reader.ReadInt32() : -1;
        LogStartOffset = _version >= 5 ? reader.ReadInt64() : -1;
        PartitionMaxBytes = reader.ReadInt32();
        ReplicaDirectoryId = Uuid.Zero;
        HighWatermark = long.MaxValue;
        if (IsFlexible) ReadPartitionTags();
        return _walk.EndPartition();
    }

    /// <summary>Goes to the forgotten topics, which stand behind all topics on the wire.</summary>
    public void StartForgottenTopics(ReadOnlySpan<byte> frame) =>
        _walk.Restart(frame, _forgottenStart, ForgottenTopicCount);

    public bool NextForgottenTopic()
    {
        while (NextForgottenPartition())
        {
        }

        return _walk.NextTopic();
    }

    public bool NextForgottenPartition() => _walk.NextPartition() && _walk.EndPartition();

    private void ReadTail()
    {
        if (_version >= 7)
        {
            _walk.BeginTopics();
            ForgottenTopicCount = _walk.TopicCount;
            _forgottenStart = _walk.Start;
            while (NextForgottenTopic())
            {
            }
        }

        if (_version >= 11)
        {
            int length = _walk.Reader.ReadStringLength(IsFlexible);
            if (length < 0) _walk.Reader.Fail();
            RackId = _walk.Reader.Failed ? default : _walk.Reader.ReadSpan(length);
        }

        if (IsFlexible) ReadTags();
    }

    private void ReadTags()
    {
        for (int tags = _walk.Reader.ReadTagCount(); tags > 0 && !_walk.Reader.Failed; tags--)
        {
            uint tag = _walk.Reader.ReadTag(out int length);
            if (tag == 0)
            {
                int clusterId = _walk.Reader.ReadStringLength(flexible: true);
                HasClusterId = clusterId >= 0;
                ClusterId = clusterId > 0 ? _walk.Reader.ReadSpan(clusterId) : default;
            }
            else if (tag == 1)
            {
                // The replica state replaced the field ReplicaId in version 15; before that the tag is an error.
                if (_version < 15) _walk.Reader.Fail();
                ReplicaId = _walk.Reader.ReadInt32();
                ReplicaEpoch = _walk.Reader.ReadInt64();
                _walk.Reader.SkipTaggedFields();
            }
            else
            {
                _walk.Reader.Skip(length);
            }
        }
    }

    private void ReadPartitionTags()
    {
        for (int tags = _walk.Reader.ReadTagCount(); tags > 0 && !_walk.Reader.Failed; tags--)
        {
            uint tag = _walk.Reader.ReadTag(out int length);
            if ((tag == 0 && _version < 17) || (tag == 1 && _version < 18)) _walk.Reader.Fail();
            else if (tag == 0) ReplicaDirectoryId = _walk.Reader.ReadUuid();
            else if (tag == 1) HighWatermark = _walk.Reader.ReadInt64();
            else _walk.Reader.Skip(length);
        }
    }
}
