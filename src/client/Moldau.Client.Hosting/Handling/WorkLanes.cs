using System.Threading.Channels;
using Moldau.Base;

namespace Moldau.Client.Hosting;

/// <summary>A worker and what waits for it.</summary>
internal sealed class WorkLane
{
    /// <summary>A record was left undone because the host stops: what is behind it must not overtake it.</summary>
    public bool IsClosed { get; set; }
}

/// <summary>The workers of one reader. Records of one partition, or of one key, always go to the same one, so that they keep
/// their order; the reader waits when a worker's queue is full.</summary>
internal sealed class WorkLanes : IAsyncDisposable
{
    private readonly HandlerOptions _options;
    private readonly Channel<WorkItem>[] _queues;
    private readonly Task[] _workers;
    private readonly Dictionary<TopicPartition, PartitionProgress> _progress = [];

    public WorkLanes(HandlerOptions options, Func<WorkItem, WorkLane, Task> work)
    {
        _options = options;
        _queues = new Channel<WorkItem>[options.Concurrency.Workers];
        _workers = new Task[_queues.Length];
        for (int i = 0; i < _queues.Length; i++)
        {
            Channel<WorkItem> queue = Channel.CreateBounded<WorkItem>(
                new BoundedChannelOptions(options.QueuePerWorker) { SingleReader = true, SingleWriter = true });
            _queues[i] = queue;
            _workers[i] = Task.Run(() => RunAsync(queue.Reader, work));
        }
    }

    /// <summary>Only the reader asks.</summary>
    public PartitionProgress ProgressOf(TopicPartition partition)
    {
        if (!_progress.TryGetValue(partition, out PartitionProgress? progress)) _progress[partition] = progress = new PartitionProgress();
        return progress;
    }

    public ValueTask AddAsync(WorkItem item, CancellationToken cancel)
    {
        item.Progress.Add(item);
        return _queues[LaneOf(item)].Writer.WriteAsync(item, cancel);
    }

    /// <summary>Waits until everything that was added is worked on.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (Channel<WorkItem> queue in _queues) queue.Writer.TryComplete();
        await Task.WhenAll(_workers).ConfigureAwait(false);
    }

    private static async Task RunAsync(ChannelReader<WorkItem> queue, Func<WorkItem, WorkLane, Task> work)
    {
        WorkLane lane = new();
        await foreach (WorkItem item in queue.ReadAllAsync().ConfigureAwait(false))
            if (!lane.IsClosed) await work(item, lane).ConfigureAwait(false);
    }

    private int LaneOf(WorkItem item)
    {
        uint hash = 2166136261;
        if (_options.Concurrency.IsPerKey && item.Key is { } key)
        {
            // FNV-1a: spreads keys well enough over a few workers.
            foreach (byte letter in key) hash = (hash ^ letter) * 16777619;
        }
        else
        {
            hash = (uint)item.Partition;
        }

        return (int)(hash % (uint)_queues.Length);
    }
}
