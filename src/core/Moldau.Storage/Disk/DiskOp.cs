using Moldau.Base;

namespace Moldau.Storage;

/// <summary>Where the shell runs an operation.</summary>
public enum DiskLane
{
    /// <summary>On the owner's thread, completed in the same turn, unless the directory is slow: then on its writer.</summary>
    Append,

    /// <summary>On the log directory's sync thread; several may be served by one group commit.</summary>
    Sync,

    /// <summary>On a worker: reads of cold data, opens, rolls, deletes, recovery, anything above 1 ms.</summary>
    Job,
}

/// <summary>A disk operation: an effect on its way out and, the same object with its outcome filled in, the completion
/// event on its way back. The owner may reuse it after completion. Operations of one lane and one
/// <see cref="OrderKey"/> run and complete in the order they were emitted; nothing else is ordered.</summary>
public abstract class DiskOp
{
    public abstract DiskLane Lane { get; }

    /// <summary>The log directory (absolute path) whose health this operation shares.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>The object (a log, a job queue) within which order is kept; null: unordered.</summary>
    public object? OrderKey { get; init; }

    /// <summary>Who interprets the completion: set by the emitter, untouched by the shell.</summary>
    public object? Owner { get; set; }

    public DiskError Error { get; private set; }

    /// <summary>What the failing call said, for the log line; null when all went well.</summary>
    public string? ErrorText { get; private set; }

    /// <summary>Runs the operation and keeps a disk failure as a value. Any other exception is a bug and escapes.</summary>
    public void Execute(IDisk disk)
    {
        Error = DiskError.None;
        ErrorText = null;
        try
        {
            Run(disk);
        }
        catch (DiskException e)
        {
            Error = e.Error;
            ErrorText = e.Message;
        }
    }

    /// <summary>Completes without running: the simulator's injected failure, or a directory already offline.</summary>
    public void Fail(DiskError error, string text)
    {
        Error = error;
        ErrorText = text;
    }

    /// <summary>Completes without running, with the outcome of another operation that served both (group commit).</summary>
    public void CompleteAs(DiskError error, string? text)
    {
        Error = error;
        ErrorText = text;
    }

    protected abstract void Run(IDisk disk);
}

/// <summary>Writes bytes at a position of an open file, which may first get its name. Owns its data until completion: the
/// emitter retains the lease, the owner releases it when the completion arrives.</summary>
public sealed class AppendOp : DiskOp
{
    public override DiskLane Lane => DiskLane.Append;

    public required IDiskFile File { get; set; }

    public required long Position { get; set; }

    public required BufferLease Data { get; set; }

    /// <summary>The part of <see cref="Data"/> to write.</summary>
    public int Start { get; set; }

    public int Length { get; set; }

    /// <summary>The file is renamed from one to the other before the write; null: it has its name.</summary>
    public (string From, string To)? Rename { get; set; }

    protected override void Run(IDisk disk)
    {
        if (Rename is { } rename) disk.Rename(rename.From, rename.To);
        File.Write(Position, Data.Span.Slice(Start, Length));
    }
}

/// <summary>Makes what is written so far durable.</summary>
public sealed class SyncOp : DiskOp
{
    public override DiskLane Lane => DiskLane.Sync;

    public required IDiskFile File { get; init; }

    /// <summary>The log's written end when this was emitted; the durable end moves to it and no further.</summary>
    public long WrittenEnd { get; init; }

    protected override void Run(IDisk disk) => File.Sync();
}

/// <summary>A blocking function over files the owner does not change meanwhile.</summary>
public abstract class JobOp : DiskOp
{
    public override DiskLane Lane => DiskLane.Job;
}

/// <summary>Bytes of an open file, to be sent. Whoever holds a slice of a log file keeps that file open: it calls
/// <see cref="Release"/> exactly once, when the bytes have left or nobody wants them any more.</summary>
/// <param name="Generation">The file's truncation generation when the slice was cut; a sender that finds the slice no
/// longer <see cref="IsCurrent"/> must close the connection instead of sending other bytes.</param>
/// <param name="Shared">The counted file behind <paramref name="File"/>; null for a file that nobody truncates or closes.</param>
public readonly record struct FileSlice(
    IDiskFile File, long Position, int Length, int Generation, SharedFile? Shared = null)
{
    public bool IsCurrent => Shared is null || Shared.Generation == Generation;

    public void Release() => Shared?.Release();
}
