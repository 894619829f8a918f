using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>Reads through an incremental fetch session (KIP-227) by topic id: partitions of several shards, some forgotten
/// and taken up again, positions sent only where they moved. Checks that answers are about the session's partitions and
/// go on where the last ones ended.</summary>
internal sealed class SimSession : SimAsker
{
    private readonly IReadOnlyList<TopicPartition> _all;
    private readonly FetchLoop _fetch;
    private readonly SortedDictionary<TopicPartition, long> _parked = [];
    private readonly SortedDictionary<TopicPartition, long> _told = [];
    private readonly SortedDictionary<string, Uuid> _ids = new(StringComparer.Ordinal);
    private int _session;
    private int _epoch;

    public SimSession(SimWorld world, SimNode node, RecordHistory history, IReadOnlyList<TopicPartition> partitions)
        : base(world, node, "session")
    {
        _all = partitions;
        _fetch = new FetchLoop(world, history, Name, (partition, offset, value) =>
        {
            history.Saw(partition, offset, value.Span);
            return true;
        });
        _fetch.Assign(partitions.Select(p => (p, 0L)));
    }

    /// <summary>Incremental answers that were taken.</summary>
    public int Increments { get; private set; }

    protected override void OnBroken()
    {
        base.OnBroken();
        Restart();
    }

    protected override void OnTurn()
    {
        if (IsBusy) return;
        if (_ids.Count == 0) Learn();
        else Fetch();
    }

    private void Restart()
    {
        (_session, _epoch) = (0, 0);
        _told.Clear();
    }

    private void Learn()
    {
        MetadataRequest request = new() { Topics = [], AllowAutoTopicCreation = false };
        foreach (string topic in _all.Select(p => p.Topic).Distinct()) request.Topics.Add(new() { Name = topic });
        Ask<MetadataRequest, MetadataResponse>(request, 12, response =>
        {
            foreach (MetadataResponse.MetadataResponseTopic topic in response.Topics)
                if (topic.ErrorCode == 0) _ids[topic.Name!] = topic.TopicId; // asked for by name
            LaterMs(50);
        });
    }

    private void Fetch()
    {
        Shuffle();
        List<TopicPartition> forgotten = [.. _told.Keys.Where(p => !_fetch.Positions.ContainsKey(p))];
        FetchRequest request = new()
        {
            MaxWaitMs = 200,
            MinBytes = 1,
            MaxBytes = Prng.Chance(0.3) ? 1 + Prng.Next(5_000) : 1 << 20,
            SessionId = _session,
            SessionEpoch = _epoch,
        };
        foreach (IGrouping<string, KeyValuePair<TopicPartition, long>> topic in
            _fetch.Positions
                .Where(p => _ids.ContainsKey(p.Key.Topic) && _told.GetValueOrDefault(p.Key, -1) != p.Value)
                .GroupBy(p => p.Key.Topic))
        {
            FetchRequest.FetchTopic asked = new() { TopicId = _ids[topic.Key] };
            foreach ((TopicPartition partition, long offset) in topic)
            {
                asked.Partitions.Add(new() { Partition = partition.Partition, FetchOffset = offset, PartitionMaxBytes = 1 << 20 });
                _told[partition] = offset;
            }

            request.Topics.Add(asked);
        }

        foreach (IGrouping<string, TopicPartition> topic in forgotten.GroupBy(p => p.Topic))
            request.ForgottenTopicsData.Add(new() { TopicId = _ids[topic.Key], Partitions = [.. topic.Select(p => p.Partition)] });
        foreach (TopicPartition partition in forgotten) _told.Remove(partition);
        Ask<FetchRequest, FetchResponse>(request, 16, Take);
    }

    /// <summary>Now and then lets a partition go, or takes one up again.</summary>
    private void Shuffle()
    {
        if (Prng.Chance(0.15) && _fetch.Positions.Count > 1)
        {
            (TopicPartition partition, long position) = _fetch.Positions.ElementAt(Prng.Next(_fetch.Positions.Count));
            _parked[partition] = position;
            _fetch.Remove(partition);
        }

        if (!Prng.Chance(0.3)) return;
        if (_parked.Count > 0)
        {
            (TopicPartition partition, long position) = _parked.ElementAt(Prng.Next(_parked.Count));
            _parked.Remove(partition);
            _fetch.Add(partition, position);
        }

        foreach (TopicPartition partition in _all)
            if (!_fetch.Positions.ContainsKey(partition) && !_parked.ContainsKey(partition)) _fetch.Add(partition, 0);
    }

    private void Take(FetchResponse response)
    {
        ErrorCode error = (ErrorCode)response.ErrorCode;
        if (error is ErrorCode.FetchSessionIdNotFound or ErrorCode.InvalidFetchSessionEpoch or ErrorCode.FetchSessionTopicIdError)
        {
            Restart();
            LaterMs(50);
            return;
        }

        foreach (FetchResponse.FetchableTopicResponse topic in response.Responses)
        {
            topic.Topic = _ids.FirstOrDefault(i => i.Value == topic.TopicId).Key ?? "";
            foreach (FetchResponse.PartitionData data in topic.Partitions)
            {
                TopicPartition partition = new(topic.Topic, data.PartitionIndex);
                if (!_told.ContainsKey(partition)) World.Fail($"{Name}: an answer about {partition}, which is not in the session");
            }
        }

        if (_epoch > 0) Increments++;
        _fetch.Take(response, IsPassing);
        _session = response.SessionId;
        if (_session == 0) Restart(); // no room for a session: each fetch names everything
        else _epoch++;
        LaterMs(60);
    }
}
