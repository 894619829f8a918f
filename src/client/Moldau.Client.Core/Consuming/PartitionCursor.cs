#pragma warning disable RS0030 // the reader's thread tells how far it came while the machine may be committing: see Consumed
using Moldau.Base;

namespace Moldau.Client;

internal enum CursorState
{
    /// <summary>The group's committed offset is asked for.</summary>
    AwaitsCommitted,

    /// <summary>No offset: <see cref="PartitionCursor.ResetTimestamp"/> says which one to ask the leader for.</summary>
    AwaitsReset,

    /// <summary>The leader changed: does its log still hold what was read (KIP-320)?</summary>
    AwaitsValidation,

    Fetching,

    /// <summary>An error that the user has to see stopped it.</summary>
    Failed,
}

/// <summary>A partition that a consumer reads: where it is, and what is known of it.</summary>
internal sealed class PartitionCursor(TopicPartition partition)
{
    public const long LatestTimestamp = -1;
    public const long EarliestTimestamp = -2;

    private long _consumed = -1;
    private int _generation;
    private int _soughtGeneration;

    public TopicPartition Partition { get; } = partition;

    public CursorState State { get; set; } = CursorState.AwaitsCommitted;

    /// <summary>The next offset to fetch: past what waits to be taken.</summary>
    public long FetchOffset { get; set; } = -1;

    /// <summary>The leader epoch of the last record that was fetched, −1 where none is known.</summary>
    public int LastEpoch { get; set; } = -1;

    /// <summary>The leader epoch that the position was last validated or fetched under, −1 for none.</summary>
    public int SeenLeaderEpoch { get; set; } = -1;

    /// <summary>What a reset asks for: −1 latest, −2 earliest, else milliseconds since 1970.</summary>
    public long ResetTimestamp { get; set; }

    public bool IsPaused { get; set; }

    /// <summary>The user is being told that it came: nothing is fetched before.</summary>
    public bool IsHeld { get; set; }

    /// <summary>It is being given up: what was read is still to be committed, nothing more is fetched.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>A fetched chunk waits to be taken: no more is fetched until it is.</summary>
    public bool HasBuffered { get; set; }

    /// <summary>A request about it is under way: a reset, a validation.</summary>
    public bool IsAsking { get; set; }

    /// <summary>Nothing is asked of its leader before.</summary>
    public Instant RetryAt { get; set; }

    public int Failures { get; set; }

    public long HighWatermark { get; set; } = -1;

    public long LastStableOffset { get; set; } = -1;

    public long LogStartOffset { get; set; } = -1;

    /// <summary>The replica to read from instead of the leader, −1 for the leader (KIP-392).</summary>
    public int PreferredReplica { get; set; } = -1;

    public Instant PreferredUntil { get; set; }

    /// <summary>Goes up with each seek and when the partition is taken away: chunks of an older generation are
    /// dropped.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>The offset after the last record that the user is done with, −1 for none: what a commit says. The user's
    /// thread moves it, the machine reads it.</summary>
    public long Consumed
    {
        get => Volatile.Read(ref _consumed);
        set => Volatile.Write(ref _consumed, value);
    }

    /// <summary>The offset that was last committed or that reading began with.</summary>
    public long Committed { get; set; } = -1;

    /// <summary>Leader epoch of the last consumed record, for commits.</summary>
    public int ConsumedEpoch { get; set; } = -1;

    /// <summary>On the user's thread: the user is done with all records before an offset. What was read before a seek says
    /// nothing of the position after it.</summary>
    /// <param name="next">The offset after the last record.</param>
    /// <param name="epoch">The record's leader epoch.</param>
    /// <param name="generation">The generation that the record was fetched in.</param>
    public void MarkDone(long next, int epoch, int generation)
    {
        if (generation < Volatile.Read(ref _soughtGeneration)) return;
        ConsumedEpoch = epoch;
        Consumed = next;
    }

    /// <summary>Makes what was fetched before worthless.</summary>
    public void Outdate() => Volatile.Write(ref _generation, _generation + 1);

    /// <summary>Goes to an offset; what was fetched before is dropped.</summary>
    public void Seek(long offset, int leaderEpoch)
    {
        Outdate();
        Volatile.Write(ref _soughtGeneration, _generation);
        FetchOffset = offset;
        // The epoch of the record read before belongs to another offset: committed with this one, it would look like a
        // truncation to whoever reads on from here (KIP-320).
        ConsumedEpoch = leaderEpoch;
        Consumed = offset;
        LastEpoch = leaderEpoch;
        SeenLeaderEpoch = -1;
        State = CursorState.Fetching;
        HasBuffered = false;
        Failures = 0;
    }

    /// <summary>What was fetched behind the reader's position is dropped and fetched again; what it was done with
    /// counts.</summary>
    public void PutBack(long position, int epoch)
    {
        Outdate();
        FetchOffset = position;
        if (epoch >= 0) LastEpoch = epoch;
        HasBuffered = false;
    }

    public void Reset(long timestamp)
    {
        Outdate();
        Volatile.Write(ref _soughtGeneration, _generation);
        State = CursorState.AwaitsReset;
        ResetTimestamp = timestamp;
        HasBuffered = false;
        LastEpoch = -1;
        PreferredReplica = -1;
    }
}
