using Moldau.Base;

namespace Moldau.Runtime;

/// <summary>What the disk threads of one directory did. Several threads add to them, hence Interlocked; readers are
/// the metric publisher and tests.</summary>
public sealed class DiskCounters
{
    private const long RotateAfterNs = 60_000_000_000;

    private long _slowAppends;
    private long _writerAppends;
    private long _syncRequests;
    private long _syncs;
    private long _syncNs;
    private long _writebackBytes;
    private long _rotatedNs;

    /// <summary>Appends that the disk made wait for longer than the limit.</summary>
    public long SlowAppends => Interlocked.Read(ref _slowAppends);

    /// <summary>Appends that ran on the writer thread.</summary>
    public long WriterAppends => Interlocked.Read(ref _writerAppends);

    /// <summary>Sync operations asked for; <see cref="Syncs"/> is how many calls served them.</summary>
    public long SyncRequests => Interlocked.Read(ref _syncRequests);

    public long Syncs => Interlocked.Read(ref _syncs);

    /// <summary>Nanoseconds spent in sync calls.</summary>
    public long SyncNs => Interlocked.Read(ref _syncNs);

    /// <summary>How long sync calls took, in nanoseconds. Written by the directory's sync thread alone.</summary>
    public MetricHistogram SyncTimes { get; } = new();

    /// <summary>Bytes written back early.</summary>
    public long WritebackBytes => Interlocked.Read(ref _writebackBytes);

    internal void SlowAppend() => Interlocked.Increment(ref _slowAppends);

    internal void WriterAppend() => Interlocked.Increment(ref _writerAppends);

    internal void SyncRequested() => Interlocked.Increment(ref _syncRequests);

    internal void Synced(long elapsedNs)
    {
        Interlocked.Increment(ref _syncs);
        Interlocked.Add(ref _syncNs, elapsedNs);
        SyncTimes.Record(elapsedNs);
        long now = SystemClock.MonotonicNs;
        if (now - _rotatedNs < RotateAfterNs) return;
        _rotatedNs = now;
        SyncTimes.Rotate();
    }

    internal void WroteBack(long bytes) => Interlocked.Add(ref _writebackBytes, bytes);
}
