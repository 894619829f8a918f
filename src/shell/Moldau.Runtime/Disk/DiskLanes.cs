using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>The disk threads that a group of machines shares. The control machine has its own, so that data load never
/// delays a vote.</summary>
public sealed class DiskLanes : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DirectoryLane> _directories = new(StringComparer.Ordinal);
    private readonly Action<Exception> _fault;
    private readonly DiskLimits _limits;

    /// <param name="name">Prefix of the thread names.</param>
    /// <param name="disk">The file system that jobs see.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="fault">Told of a bug that ended a disk thread; the node must stop.</param>
    public DiskLanes(string name, IDisk disk, DiskLimits limits, Action<Exception> fault)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Disk = disk;
        _limits = limits;
        _fault = fault;
        Jobs = new($"{name}-job", disk, limits.JobThreads, fault);
        Reads = new($"{name}-read", disk, limits.ReadThreads, fault);
    }

    internal IDisk Disk { get; }

    internal JobPool Jobs { get; }

    internal JobPool Reads { get; }

    /// <summary>Counters of each log directory used so far.</summary>
    public IReadOnlyList<KeyValuePair<string, DiskCounters>> Counters
    {
        get
        {
            lock (_lock) return [.. _directories.Select(d => KeyValuePair.Create(d.Key, d.Value.Counters))];
        }
    }

    internal DirectoryLane Directory(string path)
    {
        lock (_lock)
        {
            if (_directories.TryGetValue(path, out DirectoryLane? lane)) return lane;
            lane = new(path, Disk, _limits, _fault);
            _directories.Add(path, lane);
            return lane;
        }
    }

    /// <summary>Ends the threads after all that was submitted has run.</summary>
    public void Dispose()
    {
        Jobs.Dispose();
        Reads.Dispose();
        lock (_lock)
        {
            foreach (DirectoryLane lane in _directories.Values) lane.Dispose();
        }
    }
}
