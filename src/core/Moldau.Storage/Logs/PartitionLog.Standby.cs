using Moldau.Base;

namespace Moldau.Storage;

/// <summary>The next segment's file, made before the roll: the append that begins the segment only gives it its name, so
/// that no append waits while files are created. Until then its name is one that Kafka and this log remove at a load.</summary>
public sealed partial class PartitionLog
{
    private SharedFile? _standby;
    private bool _isPreparing;
    private bool _isNaming;
    private long _preparedFor = -1;

    private string StandbyPath => LogFileNames.Join(Folder, LogFileNames.Standby);

    /// <summary>Asks for a file when three quarters of the active segment are filled, once for each segment.</summary>
    private void PrepareNext(EffectList<DiskOp> ops)
    {
        if (Active.DecidedBytes <= Config.SegmentBytes - (Config.SegmentBytes / 4)) return;
        // The one before may still have the name that the next one gets.
        if (_standby is not null || _isPreparing || _isNaming || _preparedFor == Active.BaseOffset) return;
        _isPreparing = true;
        _preparedFor = Active.BaseOffset;
        ops.Add(new PrepareSegmentJob
        {
            LogDirectory = LogDirectory,
            OrderKey = _flushOrder,
            Owner = this,
            Path = StandbyPath,
            PreallocateBytes = Config.Preallocate ? Config.SegmentBytes : 0,
        });
    }

    private LogChanges OnPrepared(PrepareSegmentJob job)
    {
        _isPreparing = false;
        if (job.Opened is not { } file) return LogChanges.None; // the roll then makes its file itself
        if (IsClosed || IsFailed) file.Release();
        else _standby = file;
        return LogChanges.None;
    }

    /// <summary>Begins a segment with the standby file, which the append that follows gives its name; null without one.</summary>
    private RolledSegment? TryRollOntoStandby(long firstOffset, Instant now)
    {
        LogSegment old = Active;
        if (_standby is not { } file || old.DecidedBytes == 0) return null;
        _standby = null;
        _isNaming = true;
        LogSegment next = NewSegment(firstOffset, now);
        byte[]? snapshot = TakeSnapshot(firstOffset);
        _segments.Add(next);
        next.Install(new OpenedSegment(
            file, new OffsetIndex(firstOffset), new TimeIndex(firstOffset), new TimestampOffset(-1, firstOffset), null));
        return new RolledSegment(old, snapshot);
    }

    /// <summary>The append that begins a segment is written: the file has its name.</summary>
    private void OnNamed(RolledSegment rolled, LogSegment next, EffectList<DiskOp> ops)
    {
        _isNaming = false;
        FlushRolled(rolled.Segment, next, rolled.Snapshot, ops);
    }

    private void ReleaseStandby()
    {
        _standby?.Release();
        _standby = null;
        _preparedFor = -1;
    }
}

/// <summary>A segment that gets no more records, and the producer snapshot that belongs at its end.</summary>
internal sealed record RolledSegment(LogSegment Segment, byte[]? Snapshot);

/// <summary>Makes the file that the next segment will begin with.</summary>
internal sealed class PrepareSegmentJob : JobOp
{
    public required string Path { get; init; }

    /// <summary>0: do not preallocate.</summary>
    public required int PreallocateBytes { get; init; }

    public SharedFile? Opened { get; private set; }

    protected override void Run(IDisk disk)
    {
        // What an earlier one left has no record; its file may still be open somewhere, so it is not used again.
        DiskFiles.DeleteIfExists(disk, Path);
        IDiskFile file = disk.Open(Path, DiskOpenMode.CreateNew);
        try
        {
            if (PreallocateBytes > 0) file.Allocate(PreallocateBytes);
        }
        catch (DiskException)
        {
            file.Dispose();
            throw;
        }

        Opened = new SharedFile(file);
    }
}
