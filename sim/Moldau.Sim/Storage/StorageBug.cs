namespace Moldau.Sim;

/// <summary>Mistakes that the storage machine could make and does not; in brackets the row of the list that this stands for.
/// They are made outside of it, by a disk that lies, by a property, or by the world around it.</summary>
public enum StorageBug
{
    None,

    /// <summary>[M16] Acknowledges from the page cache where fsync is promised.</summary>
    AcknowledgesUnsynced,

    /// <summary>[M24] The state of producers is forgotten while they are still sending.</summary>
    ProducersExpireEarly,

    /// <summary>[L1] Retention takes what nobody asked it to take.</summary>
    RetentionTooEager,

    /// <summary>[M11] The mark of a clean end is also written where it was none.</summary>
    CleanMarkAfterFailure,

    /// <summary>[M12] The checkpoint of the recovery point is ahead of what is flushed.</summary>
    RecoveryPointTooFar,

    /// <summary>[M12] The checkpoint of the log start is ahead of it.</summary>
    LogStartTooFar,

    /// <summary>[M40] A buffer is used again while its bytes are on their way to the file.</summary>
    BufferReused,

    /// <summary>[L11] fdatasync of log files is not called.</summary>
    SyncForgotten,

    /// <summary>[M42] An fdatasync that fails is taken for one that did its work.</summary>
    SyncErrorIgnored,

    /// <summary>[M43] Folders are not synced, so new names are lost.</summary>
    NamesNotSynced,

    /// <summary>[M14] Records are visible before they are written.</summary>
    VisibleBeforeWritten,

    /// <summary>[M37] Entries of an offset index point elsewhere.</summary>
    IndexDamaged,

    /// <summary>[M38] Recovery takes a whole batch at the end of a log for garbage.</summary>
    RecoveryCutsTail,

    /// <summary>[M4] The file of the leader epochs is not cut with the log.</summary>
    EpochsNotCut,

    /// <summary>[M5] The file of the leader epochs is replaced before it is synced.</summary>
    EpochsNotSynced,

    /// <summary>[P1] A producer snapshot holds an older state than its name says.</summary>
    SnapshotTooOld,

    /// <summary>[L9] What is cut off a log stays in its file.</summary>
    CutForgotten,

    /// <summary>[M11] The mark of a clean end outlives the next start.</summary>
    CleanMarkKept,
}

internal static class StorageBugs
{
    /// <summary>Whether it is the disk that lies.</summary>
    public static bool IsOfDisk(this StorageBug bug) => bug > StorageBug.BufferReused;
}
