namespace Moldau.Sim;

/// <summary>Things that some runs must have seen, or the faults and the work miss what they are there for.</summary>
public enum SimMark
{
    /// <summary>A batch stood in a file that nobody had been told of when its process died.</summary>
    WrittenButUntold,

    /// <summary>A loss of power took the end of a log.</summary>
    TailLost,

    /// <summary>A process died before its start was complete.</summary>
    DiedStarting,

    /// <summary>The process ended itself because its disk failed.</summary>
    Halted,

    /// <summary>A replica was offline.</summary>
    ReplicaOffline,

    /// <summary>A replica of another directory went on while one was offline.</summary>
    OtherDirectoryServed,

    /// <summary>The log start rose by retention.</summary>
    RetentionTook,

    /// <summary>A batch that was already there was sent again and answered with its offset.</summary>
    DuplicateAnswered,

    /// <summary>A batch behind a gap was refused.</summary>
    GapRefused,

    /// <summary>A commit of an old generation was refused.</summary>
    StaleCommitRefused,

    /// <summary>A group completed a rebalance under faults.</summary>
    Rebalanced,

    /// <summary>A snapshot of the metadata was there when a process ended.</summary>
    MetadataSnapshot,

    /// <summary>A client noticed rotten bytes.</summary>
    RotNoticed,

    /// <summary>A log had more than one segment.</summary>
    Rolled,

    /// <summary>A node stopped and started again in good order.</summary>
    CleanlyStopped,

    /// <summary>A replica was offline because the start could not use its log directory.</summary>
    ReplicaOutOfReach,

    /// <summary>The log of such a replica was opened by a later process.</summary>
    BackInReach,

    /// <summary>Recovery met rotten records and cut the log before them.</summary>
    RotCut,

    /// <summary>Rotten records that recovery had no reason to look at were served, and the client noticed.</summary>
    RotServed,
}

/// <summary>Counts of what runs have seen: each kind of fault, and the marks.</summary>
public sealed class SimCoverage
{
    public long[] Faults { get; } = new long[Enum.GetValues<FaultKind>().Length];

    public long[] Marks { get; } = new long[Enum.GetValues<SimMark>().Length];

    public void Hit(SimMark mark) => Marks[(int)mark]++;

    public void Add(SimCoverage other)
    {
        for (int i = 0; i < Faults.Length; i++) Faults[i] += other.Faults[i];
        for (int i = 0; i < Marks.Length; i++) Marks[i] += other.Marks[i];
    }

    /// <summary>Marks that nothing has hit.</summary>
    public IEnumerable<SimMark> Missed => Enum.GetValues<SimMark>().Where(m => Marks[(int)m] == 0);
}
