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

    private readonly Dictionary<TopicPartition, FetchPoint> _sent = [];
    private int _id;
    private int _epoch = FirstEpoch;

    /// <summary>Partitions of the session, as the broker knows them.</summary>
    public int Count => _sent.Count;

    /// <summary>Fills in the session and the partitions of the next request.</summary>
    public void Fill(
        FetchRequest request, SortedDictionary<TopicPartition, FetchPoint> wanted, int partitionMaxBytes, bool byId)
    {
        request.SessionId = _id;
        request.SessionEpoch = _epoch;
        bool isFull = _epoch is FirstEpoch or FinalEpoch;
        if (isFull) _sent.Clear();
        FetchRequest.FetchTopic? topic = null;
        foreach ((TopicPartition partition, FetchPoint point) in wanted)
        {
            bool isKnown = _sent.TryGetValue(partition, out FetchPoint before);
            if (isKnown && before == point) continue;
            if (isKnown && before.TopicId != point.TopicId) Forget(request, partition, before, byId);
            _sent[partition] = point;
            if (topic is null || topic.Topic != partition.Topic)
            {
                topic = new FetchRequest.FetchTopic { Topic = partition.Topic, TopicId = point.TopicId };
                request.Topics.Add(topic);
            }

            topic.Partitions.Add(new FetchRequest.FetchPartition
            {
                Partition = partition.Partition,
                FetchOffset = point.Offset,
                CurrentLeaderEpoch = point.LeaderEpoch,
                LastFetchedEpoch = point.LastEpoch,
                PartitionMaxBytes = partitionMaxBytes,
            });
        }

        if (isFull) return;
        foreach ((TopicPartition partition, FetchPoint before) in _sent.Where(s => !wanted.ContainsKey(s.Key)).ToArray())
        {
            Forget(request, partition, before, byId);
            _sent.Remove(partition);
        }
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

    private static void Forget(FetchRequest request, TopicPartition partition, FetchPoint before, bool byId)
    {
        FetchRequest.ForgottenTopic? topic = request.ForgottenTopicsData
            .Find(t => byId ? t.TopicId == before.TopicId : t.Topic == partition.Topic);
        if (topic is null)
        {
            topic = new FetchRequest.ForgottenTopic { Topic = partition.Topic, TopicId = before.TopicId };
            request.ForgottenTopicsData.Add(topic);
        }

        topic.Partitions.Add(partition.Partition);
    }
}
