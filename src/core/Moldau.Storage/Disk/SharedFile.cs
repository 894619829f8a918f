#pragma warning disable RS0030 // holders let go on other threads (senders, jobs) than the owner's: see Retain
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>An open log file with several holders: the log itself, jobs that run over it, and slices on their way to
/// sockets. The last <see cref="Release"/> closes it. The truncation generation is raised by the log's owner before a
/// truncation and read by senders on other threads before each partial send.</summary>
public sealed class SharedFile(IDiskFile file)
{
    private int _holders = 1;
    private TruncationCount _truncations = new();

    public IDiskFile File { get; } = file;

    public int Generation => _truncations.Value;

    public void Retain()
    {
        int holders = Interlocked.Increment(ref _holders);
        Verify.That(holders > 1);
    }

    public void Release()
    {
        // A sender's thread and the owner's may let go at the same time; the last one closes.
        int holders = Interlocked.Decrement(ref _holders);
        Verify.That(holders >= 0);
        if (holders == 0) File.Dispose();
    }

    /// <summary>Counts with the other handles of the same file from now on; called before any slice is cut.</summary>
    internal void Join(TruncationCount truncations) => _truncations = truncations;

    /// <summary>Bytes behind some position are about to change: slices cut before must not be sent.</summary>
    public void InvalidateSlices() => _truncations.Raise();
}

/// <summary>How often a file was truncated. Raised by the log's owner, read by senders on other threads.</summary>
internal sealed class TruncationCount
{
    private int _value;

    public int Value => Volatile.Read(ref _value);

    public void Raise() => Interlocked.Increment(ref _value);
}
