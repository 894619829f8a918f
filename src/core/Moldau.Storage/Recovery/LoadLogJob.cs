using Moldau.Base;

namespace Moldau.Storage;

/// <summary>What the log directory and the controller know of a partition before its folder is read.</summary>
public sealed record LoadLogRequest
{
    public required TopicPartition Partition { get; init; }

    /// <summary>Path of the partition's folder; made if it is not there.</summary>
    public required string Folder { get; init; }

    public required LogConfig Config { get; init; }

    /// <summary>Written to partition.metadata if there is none; null for a log without topic id (cluster metadata).</summary>
    public Uuid? TopicId { get; init; }

    /// <summary>The log may be in a directory that is out of reach: it is opened only if the folder is there and says that it
    /// is this topic's; otherwise nothing is made or changed.</summary>
    public bool MustExist { get; init; }

    /// <summary>The directory was ended cleanly: nothing is scanned.</summary>
    public required bool HadCleanShutdown { get; init; }

    /// <summary>From log-start-offset-checkpoint; 0 if it says nothing.</summary>
    public long LogStartOffset { get; init; }

    /// <summary>From recovery-point-offset-checkpoint; 0 if it says nothing.</summary>
    public long RecoveryPoint { get; init; }

    /// <summary>Wall clock, for the expiry of producers.</summary>
    public required long NowMs { get; init; }
}

/// <summary>Opens a partition's folder: cleans up what an interrupted run left, recovers the unflushed segments after an
/// unclean end, finds offsets, epochs and producer state. May be interrupted anywhere and run again (reliability D2).</summary>
public sealed class LoadLogJob(LoadLogRequest request) : JobOp
{
    private LoadedLog? _loaded;

    public LoadLogRequest Request { get; } = request;

    /// <summary>What was repaired, one line each.</summary>
    public IReadOnlyList<string> Notes => _loaded?.Notes ?? (IReadOnlyList<string>)[];

    /// <summary>Bytes that recovery had to read; 0 after a clean end.</summary>
    public long RecoveredBytes => _loaded?.RecoveredBytes ?? 0;

    /// <summary>The folder was that of another topic, and has another name now. What the checkpoint files say of the partition
    /// was said of that topic; when they say it no more, load again, as a new log. Until then there is none.</summary>
    public bool IsOtherSetAside => _loaded is { IsOtherSetAside: true };

    /// <summary>The folder is not there, or not this topic's, and nothing was to be made.</summary>
    public bool IsMissing => _loaded is { IsMissing: true };

    /// <summary>The log, after the job completed without error, it was there, and no other was set aside.</summary>
    public PartitionLog Open(LogServices services, Instant now)
    {
        Verify.That(_loaded is not null && !_loaded.IsOtherSetAside && !_loaded.IsMissing);
        return new PartitionLog(_loaded, Request.Config, services, now);
    }

    protected override void Run(IDisk disk) => _loaded = new LogLoader(disk, Request).Load();
}
