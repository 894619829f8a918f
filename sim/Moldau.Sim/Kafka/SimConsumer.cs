using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>Fetching of some partitions, as every consumer here does it: positions, and what comes.</summary>
internal sealed class FetchLoop(
    SimWorld world, RecordHistory history, string name, Func<TopicPartition, long, ReadOnlyMemory<byte>, bool> onRecord)
{
    private readonly SortedDictionary<TopicPartition, long> _positions = [];

    public IReadOnlyDictionary<TopicPartition, long> Positions => _positions;

    /// <summary>High watermarks as last heard.</summary>
    public SortedDictionary<TopicPartition, long> Ends { get; } = [];

    public void Assign(IEnumerable<(TopicPartition Partition, long Offset)> partitions)
    {
        _positions.Clear();
        foreach ((TopicPartition partition, long offset) in partitions) _positions[partition] = offset;
    }

    public void Add(TopicPartition partition, long offset) => _positions[partition] = offset;

    public void Remove(TopicPartition partition) => _positions.Remove(partition);

    public FetchRequest Request(int maxWaitMs, int maxBytes)
    {
        FetchRequest request = new() { MaxWaitMs = maxWaitMs, MinBytes = 1, MaxBytes = maxBytes };
        foreach (IGrouping<string, KeyValuePair<TopicPartition, long>> topic in _positions.GroupBy(p => p.Key.Topic))
        {
            FetchRequest.FetchTopic asked = new() { Topic = topic.Key };
            foreach ((TopicPartition partition, long offset) in topic)
                asked.Partitions.Add(new() { Partition = partition.Partition, FetchOffset = offset, PartitionMaxBytes = maxBytes });
            request.Topics.Add(asked);
        }

        return request;
    }

    public void Take(FetchResponse response, Func<ErrorCode, bool> isPassing)
    {
        if (response.ErrorCode != 0 && !isPassing((ErrorCode)response.ErrorCode))
            world.Fail($"{name}: Fetch answered {(ErrorCode)response.ErrorCode}");
        foreach (FetchResponse.FetchableTopicResponse topic in response.Responses)
            foreach (FetchResponse.PartitionData data in topic.Partitions)
                Take(new TopicPartition(topic.Topic, data.PartitionIndex), data, isPassing);
    }

    private void Take(TopicPartition partition, FetchResponse.PartitionData data, Func<ErrorCode, bool> isPassing)
    {
        ErrorCode error = (ErrorCode)data.ErrorCode;
        if (error != ErrorCode.None)
        {
            if (!isPassing(error)) world.Fail($"[L1] {name}: Fetch of {partition} at {_positions.GetValueOrDefault(partition)} answered {error}");
            return;
        }

        if (!_positions.TryGetValue(partition, out long position)) return;
        Ends[partition] = data.HighWatermark;
        RecordBatchEnumerator batches = new(data.Records);
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            if (!batch.IsCrcValid)
            {
                if (!history.MayRot(partition))
                    world.Fail($"[D1] {name}: {partition} served a batch at {batch.BaseOffset} with a wrong checksum");
                _positions[partition] = position;
                return;
            }

            using RecordEnumerator records = batch.ReadRecords(world.Codecs);
            while (records.MoveNext())
            {
                RecordView record = records.Current;
                if (record.Offset < position) continue;
                if (record.Offset != position) world.Fail($"[L3] {name}: {partition} went from {position} to {record.Offset}");
                if (!onRecord(partition, record.Offset, record.Value.ToArray())) return;
                position++;
            }
        }

        _positions[partition] = position;
    }
}

/// <summary>Reads all partitions from the start, over and over to the end; at the end of a run it says what the logs hold.</summary>
internal sealed class SimConsumer : SimClient
{
    private readonly FetchLoop _fetch;
    private readonly bool _isFinal;

    public SimConsumer(
        SimWorld world,
        SimNode node,
        RecordHistory history,
        IReadOnlyList<TopicPartition> partitions,
        string name,
        bool isFinal)
        : base(world, node, name)
    {
        _isFinal = isFinal;
        _fetch = new FetchLoop(world, history, name, (partition, offset, value) =>
        {
            Log[partition].Add((offset, history.Saw(partition, offset, value.Span)));
            return true;
        });
        foreach (TopicPartition partition in partitions) Log.Add(partition, []);
        _fetch.Assign(partitions.Select(p => (p, 0L)));
    }

    public SortedDictionary<TopicPartition, List<(long Offset, long Id)>> Log { get; } = [];

    /// <summary>Every partition was read to its high watermark.</summary>
    public bool IsAtEnd => _fetch.Positions.All(p => _fetch.Ends.TryGetValue(p.Key, out long end) && p.Value >= end);

    protected override void OnTurn()
    {
        if ((_isFinal && IsAtEnd) || Link!.InFlight > 0) return; // a turn has a link
        int maxBytes = Prng.Chance(0.3) ? 1 + Prng.Next(3_000) : 1 << 20;
        Send<FetchRequest, FetchResponse>(_fetch.Request(_isFinal ? 50 : 500, maxBytes), 12, response =>
        {
            _fetch.Take(response, IsPassing);
            LaterMs(_isFinal ? 2 : 100);
        });
    }

    protected override void OnBroken()
    {
    }
}
