namespace Moldau.Storage;

/// <summary>Opens a closed segment for the log.</summary>
internal sealed class OpenSegmentJob : JobOp
{
    public required SegmentRef Segment { get; init; }

    public required LogSegment Target { get; init; }

    public required bool IsActive { get; init; }

    public required int IndexIntervalBytes { get; init; }

    public OpenedSegment? Opened { get; private set; }

    protected override void Run(IDisk disk) =>
        Opened = SegmentOpener.Open(disk, Segment, IsActive, IndexIntervalBytes);
}

/// <summary>Makes the files of the next segment. Appends to it wait until it is done.</summary>
internal sealed class RollJob : JobOp
{
    public required LogSegment Target { get; init; }

    /// <summary>0: do not preallocate.</summary>
    public required int PreallocateBytes { get; init; }

    public OpenedSegment? Opened { get; private set; }

    protected override void Run(IDisk disk)
    {
        CreateEmpty(disk, Target.PathOf(LogFileNames.OffsetIndex));
        CreateEmpty(disk, Target.PathOf(LogFileNames.TimeIndex));
        IDiskFile file = disk.Open(Target.PathOf(LogFileNames.Log), DiskOpenMode.OpenOrCreate);
        try
        {
            // A file of this name can only be the rest of an interrupted run: recovery would have taken its records.
            if (file.Length > 0) file.SetLength(0);
            if (PreallocateBytes > 0) file.Allocate(PreallocateBytes);
        }
        catch (DiskException)
        {
            file.Dispose();
            throw;
        }

        Opened = new OpenedSegment(
            new SharedFile(file), new OffsetIndex(Target.BaseOffset), new TimeIndex(Target.BaseOffset),
            new TimestampOffset(-1, Target.BaseOffset), null);
    }

    private static void CreateEmpty(IDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.OpenOrCreate);
        if (file.Length > 0) file.SetLength(0);
    }
}

/// <summary>Makes a rolled segment durable: log, indexes, producer snapshot at its end, names. Afterwards recovery does
/// not look at it again.</summary>
internal sealed class FlushSegmentJob : JobOp
{
    public required LogSegment Segment { get; init; }

    /// <summary>Null if nothing was appended since the segment was loaded.</summary>
    public required SharedFile? File { get; init; }

    public required SegmentIndexes? Indexes { get; init; }

    /// <summary>The offset behind the segment's last record.</summary>
    public required long EndOffset { get; init; }

    /// <summary>Written as the snapshot at <see cref="EndOffset"/>; null if there is one already.</summary>
    public byte[]? Snapshot { get; init; }

    protected override void Run(IDisk disk)
    {
        File?.File.Sync();
        Indexes?.Write(disk, Segment.Folder, Segment.BaseOffset);
        if (Snapshot is not null)
        {
            string path = LogFileNames.PathOf(Segment.Folder, EndOffset, LogFileNames.ProducerSnapshot);
            DiskFiles.WriteDurably(disk, path, Snapshot);
        }

        // A segment that began with a prepared file has no index files yet.
        CreateIfMissing(disk, LogFileNames.PathOf(Segment.Folder, EndOffset, LogFileNames.OffsetIndex));
        CreateIfMissing(disk, LogFileNames.PathOf(Segment.Folder, EndOffset, LogFileNames.TimeIndex));
        disk.SyncDirectory(Segment.Folder);
    }

    private static void CreateIfMissing(IDisk disk, string path) => disk.Open(path, DiskOpenMode.OpenOrCreate).Dispose();
}

/// <summary>Cuts bytes of a failed append off again.</summary>
internal sealed class CutFileJob : JobOp
{
    public required SharedFile File { get; init; }

    public required int Bytes { get; init; }

    protected override void Run(IDisk disk)
    {
        if (File.File.Length > Bytes) File.File.SetLength(Bytes);
    }
}

/// <summary>Finds where a read begins and ends in a segment that is closed or not in the page cache. Execute it, give the
/// completion to the log, then call <see cref="PartitionLog.Read"/> with it.</summary>
public sealed class LocateJob : JobOp
{
    internal LocateJob(LogSegment target, SegmentRef segment)
    {
        Target = target;
        Segment = segment;
    }

    internal LogSegment Target { get; }

    internal SegmentRef Segment { get; }

    internal bool IsActive { get; init; }

    internal int IndexIntervalBytes { get; init; }

    internal bool IsCompacted { get; init; }

    internal SharedFile? File { get; init; }

    internal OffsetIndex? Offsets { get; init; }

    internal long StartOffset { get; init; }

    internal long UpTo { get; init; }

    internal int Truncations { get; init; }

    internal OpenedSegment? Opened { get; private set; }

    internal BatchSpan? First { get; private set; }

    internal int EndPosition { get; private set; }

    /// <summary>The way to the offset leads through bytes that are no batch, or through batches out of order.</summary>
    internal bool IsDamaged { get; private set; }

    internal long SegmentEnd { get; init; }

    protected override void Run(IDisk disk)
    {
        SharedFile? file = File;
        OffsetIndex? offsets = Offsets;
        if (file is null || offsets is null)
        {
            Opened = SegmentOpener.Open(disk, Segment, IsActive, IndexIntervalBytes);
            (file, offsets) = (Opened.File, Opened.Offsets);
        }

        SegmentSearch search = new(file.File, Segment.BaseOffset, SegmentEnd, Segment.Bytes, IsCompacted, ReadsSums: true);
        Span<byte> window = new byte[16 * 1024];
        SearchStatus status = search.Find(offsets.Lookup(StartOffset), StartOffset, window, false, out BatchSpan? first, out _);
        // Perhaps it is the index that is wrong: the batches themselves lead there too.
        if (status == SearchStatus.Damaged) status = search.Find(search.Start, StartOffset, window, false, out first, out _);
        IsDamaged = status == SearchStatus.Damaged;
        First = first;
        EndPosition = Segment.Bytes;
        if (first is not { } begin) return;
        status = search.Find(offsets.Lookup(UpTo), UpTo, window, false, out BatchSpan? end, out int damage);
        OffsetPosition known = new(begin.LastOffset, begin.Position);
        if (status == SearchStatus.Damaged) status = search.Find(known, UpTo, window, false, out end, out damage);
        // What is whole before the damage may be read.
        EndPosition = status == SearchStatus.Damaged
            ? Math.Max(damage, begin.Position + begin.SizeInBytes)
            : end?.Position ?? Segment.Bytes;
    }
}

/// <summary>How a search for a batch ended.</summary>
internal enum SearchStatus
{
    /// <summary>At the batch, or behind the last one.</summary>
    Done,

    /// <summary>At a header that is not in memory, or where the sum of a batch has to be checked.</summary>
    Cold,

    /// <summary>At bytes that are no batch, or at a batch that cannot stand there: rot, or an index that is wrong.</summary>
    Damaged,
}

/// <summary>Finds batches in a segment file. Headers are believed only as far as they lead on: offsets rise from batch to
/// batch, and stay within the segment.</summary>
/// <param name="SegmentEnd">The next segment's base offset, or the log's end.</param>
/// <param name="Bytes">Where the valid part of the file ends.</param>
/// <param name="IsCompacted">Offsets are missing as a rule. Else the sum of the batch before tells whether they were compacted
/// away once, or whether that batch has rotted and they are its own.</param>
/// <param name="ReadsSums">A batch may be read for its sum.</param>
internal readonly record struct SegmentSearch(
    IDiskFile File, long BaseOffset, long SegmentEnd, int Bytes, bool IsCompacted, bool ReadsSums)
{
    /// <summary>Where a search begins that trusts no index.</summary>
    public OffsetPosition Start => new(long.MaxValue, 0);

    /// <summary>The first batch whose last offset is at or above the given one; null if there is none.</summary>
    /// <param name="from">The index entry to begin at: its batch holds its offset, or begins below it.</param>
    /// <param name="damage">Where the search ended, if it did at damage.</param>
    public SearchStatus Find(
        OffsetPosition from, long offset, Span<byte> window, bool isCachedOnly, out BatchSpan? found, out int damage)
    {
        found = null;
        long next = BaseOffset;
        int before = -1;
        BatchScanner scanner = new(File, from.Position, Bytes, window, isCachedOnly);
        while (scanner.MoveNext())
        {
            BatchHeader batch = scanner.Current;
            damage = batch.Position;
            long first = batch.FirstOffset;
            bool isInOrder = first >= next && batch.LastOffset >= first && batch.LastOffset < SegmentEnd;
            bool isAstray = batch.Position == from.Position && from.Position > 0 && first > from.Offset;
            if (!isInOrder || isAstray) return SearchStatus.Damaged;
            if (batch.LastOffset < offset)
            {
                next = batch.LastOffset + 1;
                before = batch.Position;
                continue;
            }

            if (first > Math.Max(offset, next) && MayBeRot(before, from, out SearchStatus status)) return status;
            next = batch.LastOffset + 1;
            found = new BatchSpan(batch.LastOffset, batch.MaxTimestamp, batch.Position, batch.SizeInBytes);
            // Offsets that are missing were compacted away, or the batch has rotted: then the next one contradicts it.
            if (first <= offset || !scanner.MoveNext() || scanner.Current.FirstOffset >= next) return SearchStatus.Done;
            found = null;
            return SearchStatus.Damaged;
        }

        damage = scanner.NextPosition;
        if (scanner.IsCold) return SearchStatus.Cold;
        if (scanner.Status != Records.BatchReadStatus.Ok) return SearchStatus.Damaged;
        return next < SegmentEnd && MayBeRot(before, from, out SearchStatus atEnd) ? atEnd : SearchStatus.Done;
    }

    // Whether the batch before missing offsets cannot be believed, or not without a look at its sum; or at those before it,
    // where the search has left them out: its base offset may be lower than it was.
    private bool MayBeRot(int before, OffsetPosition from, out SearchStatus status)
    {
        status = ReadsSums ? SearchStatus.Damaged : SearchStatus.Cold;
        if (IsCompacted || before < 0) return false;
        return !ReadsSums || from.Position > 0 || !BatchOrder.IsWhole(File, before, Bytes);
    }
}
