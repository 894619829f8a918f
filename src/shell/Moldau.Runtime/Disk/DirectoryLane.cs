using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>The disk threads of one log directory, shared by the machines that write to it: its writer (used while the
/// directory is slow), its group-committing sync thread, and the one that starts writeback early.</summary>
internal sealed class DirectoryLane : IDisposable
{
    private const long NotWatched = -1;
    private const long TryAgainShare = 20;

    private readonly WriterThread _writer;
    private readonly SyncThread _syncs;
    private readonly WritebackThread _writeback;
    private readonly DiskLimits _limits;
    // All are written by reactors and disk threads and read by reactors, which only need a recent value.
    private long _slowUntilMs;
    private long _watchedUntilMs;
    private long _dirtyBytes;
    private long _writerBytes;

    internal DirectoryLane(string path, IDisk disk, DiskLimits limits, Action<Exception> fault)
    {
        Path = path;
        _limits = limits;
        _writer = new(this, disk, fault);
        _syncs = new(this, disk, fault);
        _writeback = new(this, fault);
    }

    internal string Path { get; }

    internal DiskCounters Counters { get; } = new();

    /// <summary>Appends must go to the writer: the last ones were slow, or too much is not yet written back.</summary>
    internal bool IsSlow =>
        Volatile.Read(ref _dirtyBytes) > _limits.DirtyBudgetBytes
        || Environment.TickCount64 < Volatile.Read(ref _slowUntilMs);

    /// <summary>So much waits for the writer that connections which add to it are no longer read.</summary>
    internal bool IsCongested => Volatile.Read(ref _writerBytes) > _limits.WriterQueueBytes;

    /// <summary>To be taken before an append and given to <see cref="NoteAppend"/> behind it, on the same
    /// thread.</summary>
    internal AppendStart StartAppend() => new(
        SystemClock.MonotonicNs,
        Environment.TickCount64 < Volatile.Read(ref _watchedUntilMs) ? _limits.ThreadWaits() : NotWatched);

    /// <summary>The clock alone does not tell a disk that is slow from a processor that somebody else had meanwhile. So
    /// the first append that took long only has the following ones watched, since that costs a system call for
    /// each.</summary>
    internal void NoteAppend(in AppendStart start)
    {
        long tookNs = SystemClock.MonotonicNs - start.Ns;
        if (tookNs < _limits.SlowAppendNs) return;
        long slowForMs = _limits.SlowForMs + (tookNs * TryAgainShare / 1_000_000);
        long untilMs = Environment.TickCount64 + Math.Min(slowForMs, _limits.SlowForAtMostMs);
        Volatile.Write(ref _watchedUntilMs, untilMs);
        bool hasWaited = start.Waits != NotWatched && _limits.ThreadWaits() != start.Waits;
        if (!hasWaited && tookNs < _limits.StalledAppendNs) return;
        Counters.SlowAppend();
        Volatile.Write(ref _slowUntilMs, untilMs);
    }

    internal void Write(AppendOp op, Mailbox replyTo)
    {
        Interlocked.Add(ref _writerBytes, op.Length);
        _writer.Submit(new(op, replyTo));
    }

    internal void Sync(SyncOp op, Mailbox replyTo) => _syncs.Submit(new(op, replyTo));

    /// <summary>Called by the thread that wrote, after each append.</summary>
    internal void StartWritebackIfDue(IDiskFile file)
    {
        if (file is not DiskFile written || !written.TryTakeWriteback(out long position, out long length)) return;
        if (!written.TryRetain()) return;
        Interlocked.Add(ref _dirtyBytes, length);
        _writeback.Submit(new(written, position, length));
    }

    public void Dispose()
    {
        _writer.Dispose();
        _syncs.Dispose();
        _writeback.Dispose();
    }

    /// <param name="Ns">The monotonic clock.</param>
    /// <param name="Waits">How often the thread had waited in the kernel, or <see cref="NotWatched"/>.</param>
    internal readonly record struct AppendStart(long Ns, long Waits);

    private readonly record struct DirtyRange(DiskFile File, long Position, long Length);

    private sealed class WriterThread(DirectoryLane lane, IDisk disk, Action<Exception> fault)
        : DiskThread<DiskRequest>($"disk-write {lane.Path}", fault)
    {
        protected override void Run(List<DiskRequest> batch)
        {
            foreach (DiskRequest request in batch)
            {
                AppendOp op = (AppendOp)request.Op;
                int length = op.Length;
                IDiskFile file = op.File;
                AppendStart started = lane.StartAppend();
                op.Execute(disk);
                lane.NoteAppend(started);
                if (op.Error == DiskError.None) lane.StartWritebackIfDue(file);
                lane.Counters.WriterAppend();
                Interlocked.Add(ref lane._writerBytes, -length);
                request.ReplyTo.Complete(op);
            }
        }
    }

    /// <summary>Group commit: what gathered while the last sync ran is served together, one call per file.</summary>
    private sealed class SyncThread(DirectoryLane lane, IDisk disk, Action<Exception> fault)
        : DiskThread<DiskRequest>($"disk-sync {lane.Path}", fault)
    {
        private readonly Dictionary<IDiskFile, (DiskError Error, string? Text)> _served =
            new(ReferenceEqualityComparer.Instance);

        protected override void Run(List<DiskRequest> batch)
        {
            foreach (DiskRequest request in batch)
            {
                SyncOp op = (SyncOp)request.Op;
                lane.Counters.SyncRequested();
                if (_served.TryGetValue(op.File, out (DiskError Error, string? Text) served))
                {
                    // The earlier call in this batch began after this operation was queued: it covers it.
                    op.CompleteAs(served.Error, served.Text);
                }
                else
                {
                    long started = SystemClock.MonotonicNs;
                    op.Execute(disk);
                    lane.Counters.Synced(SystemClock.MonotonicNs - started);
                    _served.Add(op.File, (op.Error, op.ErrorText));
                }

                request.ReplyTo.Complete(op);
            }

            _served.Clear();
        }
    }

    /// <summary>Starts each range and then waits for the one before it, so that what is dirty stays bounded and the
    /// kernel never has to stop a writer to clean up.</summary>
    private sealed class WritebackThread(DirectoryLane lane, Action<Exception> fault)
        : DiskThread<DirtyRange>($"disk-writeback {lane.Path}", fault)
    {
        protected override void Run(List<DirtyRange> batch)
        {
            foreach (DirtyRange range in batch) range.File.Native.StartWriteback(range.Position, range.Length);
            foreach (DirtyRange range in batch)
            {
                // An error here is left for the next sync to report: the kernel keeps it on the open file.
                range.File.Native.WaitWriteback(range.Position, range.Length);
                Interlocked.Add(ref lane._dirtyBytes, -range.Length);
                lane.Counters.WroteBack(range.Length);
                range.File.Release();
            }
        }
    }
}
