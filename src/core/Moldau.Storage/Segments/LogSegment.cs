using Moldau.Base;

namespace Moldau.Storage;

/// <summary>One segment of a log as its owner knows it. What a closed segment does not tell (indexes, times) is null
/// until a job has opened it.</summary>
internal sealed class LogSegment(string folder, long baseOffset)
{
    // Of all handles that the file ever had here: a sender may still hold one that the log has closed.
    private readonly TruncationCount _truncations = new();

    public string Folder { get; set; } = folder;

    public long BaseOffset { get; } = baseOffset;

    /// <summary>Bytes decided: written, in flight, or waiting.</summary>
    public int DecidedBytes { get; set; }

    /// <summary>Bytes in the file that are valid and may be read.</summary>
    public int WrittenBytes { get; set; }

    public SharedFile? File { get; set; }

    public OffsetIndex? Offsets { get; set; }

    public TimeIndex? Times { get; set; }

    /// <summary>Always in memory: few logs have any, and every committed read needs it.</summary>
    public TransactionIndex Transactions { get; set; } = new();

    /// <summary>The largest timestamp with the last offset of its batch; null until known.</summary>
    public TimestampOffset? MaxTimestamp { get; set; }

    /// <summary>The first batch's largest timestamp, from which segment.ms counts; null: not known or no batch.</summary>
    public long? FirstTimestamp { get; set; }

    public long CreatedMs { get; set; }

    public long? LastModifiedMs { get; set; }

    public long JitterMs { get; set; }

    /// <summary>The file has bytes, or its indexes entries, that its index files do not know yet.</summary>
    public bool IsDirty { get; set; }

    /// <summary>A job found no batch at or above this offset here: what follows was compacted away.</summary>
    public long EmptyFrom { get; set; } = long.MaxValue;

    public Instant LastAccess { get; set; }

    /// <summary>Nothing of it is in flight or waits.</summary>
    public bool IsWritten => WrittenBytes == DecidedBytes;

    public bool IsOpen => File is not null && Offsets is not null && Times is not null;

    public string PathOf(string suffix) => LogFileNames.PathOf(Folder, BaseOffset, suffix);

    /// <summary>Takes what a job found; gives the file back if another job was first.</summary>
    public void Install(OpenedSegment opened)
    {
        if (IsOpen)
        {
            opened.File.Release();
            return;
        }

        File = opened.File;
        File.Join(_truncations);
        Offsets = opened.Offsets;
        Times = opened.Times;
        MaxTimestamp ??= opened.MaxTimestamp;
        FirstTimestamp ??= opened.FirstTimestamp;
    }

    /// <summary>Bytes behind some position are about to change: slices cut before must not be sent.</summary>
    public void InvalidateSlices() => _truncations.Raise();

    public void Close()
    {
        File?.Release();
        File = null;
        Offsets = null;
        Times = null;
    }

    /// <summary>Notes a batch that is now in the file: its index entries, if it is time for them.</summary>
    public void OnWritten(in BatchSpan batch, int indexIntervalBytes)
    {
        Verify.That(Offsets is not null);
        Verify.That(Times is not null);
        if (batch.Position == 0) FirstTimestamp = batch.MaxTimestamp;
        if (MaxTimestamp is null || batch.MaxTimestamp > MaxTimestamp.Value.Timestamp)
            MaxTimestamp = new TimestampOffset(batch.MaxTimestamp, batch.LastOffset);
        int sinceEntry = batch.Position - (Offsets.Count == 0 ? 0 : Offsets[Offsets.Count - 1].Position);
        // Entries that a file has and the log does not have rotted: theirs are never followed by a smaller one.
        bool isNext = Offsets.Count == 0 || batch.LastOffset > Offsets.LastOffset;
        if (sinceEntry > indexIntervalBytes && isNext)
        {
            Offsets.Append(batch.LastOffset, batch.Position);
            Times.AppendIfLater(MaxTimestamp.Value.Timestamp, MaxTimestamp.Value.Offset);
        }

        WrittenBytes = batch.Position + batch.SizeInBytes;
        IsDirty = true;
        EmptyFrom = long.MaxValue;
    }
}

/// <summary>A batch of an append: what the segment's indexes need to know of it.</summary>
internal readonly record struct BatchSpan(long LastOffset, long MaxTimestamp, int Position, int SizeInBytes);

/// <summary>What opening a segment tells.</summary>
internal sealed record OpenedSegment(
    SharedFile File, OffsetIndex Offsets, TimeIndex Times, TimestampOffset MaxTimestamp, long? FirstTimestamp);
