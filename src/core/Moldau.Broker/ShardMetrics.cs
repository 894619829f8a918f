using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>What a machine counts of the requests of its listeners. Written by its thread, read by the publisher.</summary>
public abstract class RequestMetrics
{
    /// <summary>By API key.</summary>
    public IReadOnlyList<MetricCell> Requests { get; } = Cells();

    internal void RequestBegun(RequestContext request) => Requests[(int)request.Api].Increment();

    private static MetricCell[] Cells()
    {
        MetricCell[] cells = new MetricCell[ApiTable.All.Length];
        for (int i = 0; i < cells.Length; i++) cells[i] = new MetricCell();
        return cells;
    }
}

/// <summary>What a shard counts, beside the logic. Written by its thread, read by the publisher.</summary>
public sealed class ShardMetrics : RequestMetrics
{
    private readonly SortedDictionary<string, TopicCounts> _topics = new(StringComparer.Ordinal);

    /// <summary>All topics together.</summary>
    public TopicCounts AllTopics { get; } = new("");

    /// <summary>Fetches whose longest wait was over before they had the bytes they wanted.</summary>
    public MetricCell FetchExpirations { get; } = new();

    public MetricCell IsrShrinks { get; } = new();

    public MetricCell IsrExpands { get; } = new();

    /// <summary>What needed a walk over the shard's state, at most a second old. Replaced as a whole; never changed.</summary>
    public ShardGauges Gauges { get; private set; } = ShardGauges.Empty;

    internal void Publish(ShardGauges gauges) => Gauges = gauges;

    /// <summary>The counts of a topic that exists; kept until <see cref="Forget"/>.</summary>
    internal TopicCounts Topic(string name)
    {
        if (!_topics.TryGetValue(name, out TopicCounts? counts)) _topics.Add(name, counts = new TopicCounts(name));
        return counts;
    }

    internal bool TryGetTopic(string name, out TopicCounts? counts) => _topics.TryGetValue(name, out counts);

    /// <summary>The topics that still exist; the others are dropped.</summary>
    internal TopicCounts[] LiveTopics(Metadata.TopicsImage topics)
    {
        List<TopicCounts> live = new(_topics.Count);
        List<string>? gone = null;
        foreach (TopicCounts counts in _topics.Values)
        {
            if (topics.Find(counts.Topic) is not null) live.Add(counts);
            else (gone ??= []).Add(counts.Topic);
        }

        foreach (string name in gone ?? []) _topics.Remove(name);
        return [.. live];
    }

    internal void IsrChanged(int before, int after)
    {
        if (after < before) IsrShrinks.Increment();
        else if (after > before) IsrExpands.Increment();
    }
}

/// <summary>What one shard counts of one topic, or of all. Written by its thread, read by the publisher.</summary>
public sealed class TopicCounts(string topic)
{
    public string Topic { get; } = topic;

    public MetricCell BytesIn { get; } = new();

    public MetricCell BytesOut { get; } = new();

    public MetricCell MessagesIn { get; } = new();

    public MetricCell FailedProduce { get; } = new();

    public MetricCell FailedFetch { get; } = new();

    public MetricCell ProduceRequests { get; } = new();

    public MetricCell FetchRequests { get; } = new();

    /// <summary>Bytes that were too large for the topic.</summary>
    public MetricCell BytesRejected { get; } = new();

    /// <summary>Batches whose checksum is not that of their bytes.</summary>
    public MetricCell InvalidCrc { get; } = new();

    internal void Produced(ProduceCall.Entry entry)
    {
        ProduceRequests.Increment();
        if (entry.Error != ErrorCode.None)
        {
            FailedProduce.Increment();
            if (entry.Error is ErrorCode.MessageTooLarge or ErrorCode.RecordListTooLarge) BytesRejected.Add(entry.Length);
            if (entry.Error == ErrorCode.CorruptMessage) InvalidCrc.Increment();
            return;
        }

        BytesIn.Add(entry.Length);
        MessagesIn.Add(entry.RecordCount);
    }

    internal void Fetched(in FetchResult result)
    {
        FetchRequests.Increment();
        if (result.Error != ErrorCode.None) FailedFetch.Increment();
        else BytesOut.Add(result.RecordBytes);
    }
}
