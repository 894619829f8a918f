using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>What a shard counts, beside the logic. Written by its thread, read by the publisher.</summary>
public sealed class ShardMetrics
{
    public ShardMetrics()
    {
        Requests = Cells();
        RequestTimeNs = Cells();
    }

    /// <summary>By API key.</summary>
    public IReadOnlyList<MetricCell> Requests { get; }

    /// <summary>From the last byte of the request to its answer, summed, by API key.</summary>
    public IReadOnlyList<MetricCell> RequestTimeNs { get; }

    public MetricCell BytesIn { get; } = new();

    public MetricCell BytesOut { get; } = new();

    public MetricCell MessagesIn { get; } = new();

    public MetricCell FailedProduce { get; } = new();

    public MetricCell FailedFetch { get; } = new();

    public MetricCell ProduceRequests { get; } = new();

    public MetricCell FetchRequests { get; } = new();

    internal void Produced(ProduceCall.Entry entry)
    {
        ProduceRequests.Increment();
        if (entry.Error != ErrorCode.None)
        {
            FailedProduce.Increment();
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

    private static MetricCell[] Cells()
    {
        MetricCell[] cells = new MetricCell[ApiTable.All.Length];
        for (int i = 0; i < cells.Length; i++) cells[i] = new MetricCell();
        return cells;
    }
}
