using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>A Fetch request read in place, without allocation: walk topics and partitions, then forgotten topics.
/// <see cref="TryRead"/> walks the whole request once; what stands behind the topics is known from then on.</summary>
public ref struct FetchRequestView
{
    private const short FirstTopicIdVersion = 13;

    private readonly short _version;
    private KafkaReader _reader;
    private int _topicsStart;
    private int _forgottenStart;
    private int _topicsLeft;
    private int _partitionsLeft;
    private int _forgottenLeft;
    private int _forgottenPartitionsLeft;

    private FetchRequestView(ReadOnlySpan<byte> frame, int bodyStart, short version)
    {
        _version = version;
        _reader = new KafkaReader(frame);
        _reader.Skip(bodyStart);
        ReplicaId = version <= 14 ? _reader.ReadInt32() : -1;
        ReplicaEpoch = -1;
        MaxWaitMs = _reader.ReadInt32();
        MinBytes = _reader.ReadInt32();
        MaxBytes = _reader.ReadInt32();
        IsolationLevel = _reader.ReadInt8();
        SessionId = version >= 7 ? _reader.ReadInt32() : 0;
        SessionEpoch = version >= 7 ? _reader.ReadInt32() : -1;
        TopicCount = ReadCount();
        _topicsStart = _reader.Position;
        _topicsLeft = TopicCount;
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
    public TopicReference Topic { get; private set; }

    /// <summary>The partition that <see cref="NextPartition"/> or <see cref="NextForgottenPartition"/> moved
    /// to.</summary>
    public int Partition { get; private set; }

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
        if (view._reader.Failed) return false;
        view._reader = new KafkaReader(frame);
        view._reader.Skip(view._topicsStart);
        view._topicsLeft = view.TopicCount;
        view._partitionsLeft = 0;
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
        _partitionsLeft = ReadCount();
        if (_partitionsLeft == 0) SkipTags();
        return !_reader.Failed;
    }

    public bool NextPartition()
    {
        if (_partitionsLeft <= 0 || _reader.Failed) return false;
        _partitionsLeft--;
        Partition = _reader.ReadInt32();
        CurrentLeaderEpoch = _version >= 9 ? _reader.ReadInt32() : -1;
        FetchOffset = _reader.ReadInt64();
        LastFetchedEpoch = _version >= 12 ? _reader.ReadInt32() : -1;
        LogStartOffset = _version >= 5 ? _reader.ReadInt64() : -1;
        PartitionMaxBytes = _reader.ReadInt32();
        ReplicaDirectoryId = Uuid.Zero;
        HighWatermark = long.MaxValue;
        if (IsFlexible) ReadPartitionTags();
        if (_partitionsLeft == 0) SkipTags();
        return !_reader.Failed;
    }

    /// <summary>Goes to the forgotten topics, which stand behind all topics on the wire.</summary>
    public void StartForgottenTopics(ReadOnlySpan<byte> frame)
    {
        _reader = new KafkaReader(frame);
        _reader.Skip(_forgottenStart);
        _topicsLeft = _partitionsLeft = _forgottenPartitionsLeft = 0;
        _forgottenLeft = ForgottenTopicCount;
    }

    public bool NextForgottenTopic()
    {
        while (NextForgottenPartition())
        {
        }

        if (_forgottenLeft <= 0 || _reader.Failed) return false;
        _forgottenLeft--;
        Topic = TopicReference.Read(ref _reader, _version >= FirstTopicIdVersion, IsFlexible);
        _forgottenPartitionsLeft = ReadCount();
        if (_forgottenPartitionsLeft == 0) SkipTags();
        return !_reader.Failed;
    }

    public bool NextForgottenPartition()
    {
        if (_forgottenPartitionsLeft <= 0 || _reader.Failed) return false;
        _forgottenPartitionsLeft--;
        Partition = _reader.ReadInt32();
        if (_forgottenPartitionsLeft == 0) SkipTags();
        return !_reader.Failed;
    }

    private void ReadTail()
    {
        if (_version >= 7)
        {
            ForgottenTopicCount = _forgottenLeft = ReadCount();
            _forgottenStart = _reader.Position;
            while (NextForgottenTopic())
            {
            }
        }

        if (_version >= 11)
        {
            int length = _reader.ReadStringLength(IsFlexible);
            if (length < 0) _reader.Fail();
            RackId = _reader.Failed ? default : _reader.ReadSpan(length);
        }

        if (IsFlexible) ReadTags();
    }

    private void ReadTags()
    {
        for (int tags = _reader.ReadTagCount(); tags > 0 && !_reader.Failed; tags--)
        {
            uint tag = _reader.ReadTag(out int length);
            if (tag == 0)
            {
                int clusterId = _reader.ReadStringLength(flexible: true);
                HasClusterId = clusterId >= 0;
                ClusterId = clusterId > 0 ? _reader.ReadSpan(clusterId) : default;
            }
            else if (tag == 1)
            {
                // The replica state replaced the field ReplicaId in version 15; before that the tag is an error.
                if (_version < 15) _reader.Fail();
                ReplicaId = _reader.ReadInt32();
                ReplicaEpoch = _reader.ReadInt64();
                _reader.SkipTaggedFields();
            }
            else
            {
                _reader.Skip(length);
            }
        }
    }

    private void ReadPartitionTags()
    {
        for (int tags = _reader.ReadTagCount(); tags > 0 && !_reader.Failed; tags--)
        {
            uint tag = _reader.ReadTag(out int length);
            if ((tag == 0 && _version < 17) || (tag == 1 && _version < 18)) _reader.Fail();
            else if (tag == 0) ReplicaDirectoryId = _reader.ReadUuid();
            else if (tag == 1) HighWatermark = _reader.ReadInt64();
            else _reader.Skip(length);
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
