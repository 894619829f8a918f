namespace Moldau.Runtime;

/// <summary>Bounds of the disk threads.</summary>
public sealed record DiskLimits
{
    /// <summary>Threads for jobs (opens, rolls, deletes, recovery, compaction).</summary>
    public int JobThreads { get; init; } = 3;

    /// <summary>Threads that read what is not in the page cache, for responses on their way out.</summary>
    public int ReadThreads { get; init; } = 2;

    /// <summary>Bytes per directory whose writeback has begun but not ended; above it appends go to the
    /// writer.</summary>
    public long DirtyBudgetBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Bytes that may wait for a directory's writer before the connections that add to it are not
    /// read.</summary>
    public long WriterQueueBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>An append that takes longer, because the disk made it wait, marks its directory slow.</summary>
    public long SlowAppendNs { get; init; } = 5_000_000;

    /// <summary>An append that takes longer than this marks its directory at once: no other work takes a processor for so
    /// long.</summary>
    public long StalledAppendNs { get; init; } = 50_000_000;

    /// <summary>How often the calling thread has waited in the kernel so far.</summary>
    public Func<long> ThreadWaits { get; init; } = Transport.ThreadWaits.Count;

    /// <summary>How long a directory stays marked after its last slow append, and twenty times as long as that one took on top of it: so
    /// trying again costs a reactor a twentieth of its time. Up to <see cref="SlowForAtMostMs"/>.</summary>
    public long SlowForMs { get; init; } = 1_000;

    public long SlowForAtMostMs { get; init; } = 60_000;
}
