using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What a fetch says of one partition.</summary>
internal readonly record struct FetchPoint(Uuid TopicId, long Offset, int LeaderEpoch, int LastEpoch);

/// <summary>The client's side of a fetch session with one broker (KIP-227): after a first full request, each names only
/// the partitions that changed.</summary>
internal sealed class FetchSession
{
    private const int FinalEpoch = -1;
    private const int FirstEpoch = 0;

    private readonly Dictionary<TopicPartition, Sent> _sent = [];
    private readonly List<TopicPartition> _gone = [];
    private int _id;
    private int _epoch = FirstEpoch;
    private long _round;

    /// <summary>Partitions of the session, as the broker knows them.</summary>
    public int Count => _sent.Count;

    /// <summary>Fills in the session and the partitions of the next request.</summary>
    public void Fill(FetchCall call, List<(PartitionCursor Cursor, FetchPoint Point)> wanted, int partitionMaxBytes)
    {
        FetchRequest request = call.Request;
        request.SessionId = _id;
        request.SessionEpoch = _epoch;
        bool isFull = _epoch is FirstEpoch or FinalEpoch;
        if (isFull) _sent.Clear();
        _round++;
        FetchRequest.FetchTopic? topic = null;
        foreach ((PartitionCursor cursor, FetchPoint point) in wanted)
        {
            TopicPartition partition = cursor.Partition;
            bool isKnown = _sent.TryGetValue(partition, out Sent before);
            _sent[partition] = new Sent(point, _round);
            if (isKnown && before.Point == point) continue;
            if (isKnown && before.Point.TopicId != point.TopicId) Forget(call, partition, before.Point);
            if (topic is null || topic.Topic != partition.Topic) topic = call.AddTopic(partition.Topic, point.TopicId);
            FetchRequest.FetchPartition asked = call.AddPartition(topic);
            asked.Partition = partition.Partition;
            asked.FetchOffset = point.Offset;
            asked.CurrentLeaderEpoch = point.LeaderEpoch;
            asked.LastFetchedEpoch = point.LastEpoch;
            asked.PartitionMaxBytes = partitionMaxBytes;
        }

        if (_sent.Count > wanted.Count) ForgetOthers(call);
    }

    /// <summary>The broker answered without an error.</summary>
    public void OnAnswer(int sessionId)
    {
        if (sessionId == 0)
        {
            // The broker keeps no session: each request is a full one.
            _id = 0;
            _epoch = FirstEpoch;
            return;
        }

        _id = sessionId;
        _epoch = _epoch == int.MaxValue ? 1 : _epoch + 1;
    }

    /// <summary>The broker refused the session, or nobody knows what it got: begin anew, and let the broker drop the old
    /// one where it still has it.</summary>
    public void Restart(ErrorCode error)
    {
        if (error == ErrorCode.FetchSessionIdNotFound) _id = 0;
        _epoch = FirstEpoch;
        _sent.Clear();
    }

    /// <summary>What this round does not want goes out of the session.</summary>
    private void ForgetOthers(FetchCall call)
    {
        foreach ((TopicPartition partition, Sent sent) in _sent)
        {
            if (sent.Round == _round) continue;
            Forget(call, partition, sent.Point);
            _gone.Add(partition);
        }

        foreach (TopicPartition partition in _gone) _sent.Remove(partition);
        _gone.Clear();
    }

    private static void Forget(FetchCall call, TopicPartition partition, FetchPoint before)
    {
        FetchRequest request = call.Request;
        FetchRequest.ForgottenTopic? topic = null;
        foreach (FetchRequest.ForgottenTopic known in request.ForgottenTopicsData)
            if (call.IsById ? known.TopicId == before.TopicId : known.Topic == partition.Topic) topic = known;
        if (topic is null)
        {
            topic = new FetchRequest.ForgottenTopic { Topic = partition.Topic, TopicId = before.TopicId };
            request.ForgottenTopicsData.Add(topic);
        }

        topic.Partitions.Add(partition.Partition);
    }

    /// <summary>What the broker was told of a partition, and by which request it was wanted last.</summary>
    private readonly record struct Sent(FetchPoint Point, long Round);
}
