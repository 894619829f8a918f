namespace Moldau.Sim;

/// <summary>Mistakes that a node could have and does not: each stands for a row of the list in docs/reliability.md and must
/// be noticed by a checker. They are made outside of the node: by a disk or a machine that lies, or by a property.</summary>
public enum PlantedBug
{
    None,

    /// <summary>L11: acknowledges from the page cache where fsync is promised.</summary>
    AcknowledgesUnsynced,

    /// <summary>L11: fdatasync of log files is not called.</summary>
    SyncForgotten,

    /// <summary>M42: an fdatasync that fails is taken for one that did its work.</summary>
    SyncErrorIgnored,

    /// <summary>M43: folders are not synced, so new names are lost.</summary>
    NamesNotSynced,

    /// <summary>M14: records are visible before they are written.</summary>
    VisibleBeforeWritten,

    /// <summary>M40: a received buffer is used again while its bytes are on their way to the file.</summary>
    BufferReused,

    /// <summary>M24: the state of producers is forgotten while they are still sending.</summary>
    ProducersExpireEarly,

    /// <summary>M16: the metadata log is acknowledged before it is flushed.</summary>
    MetadataNotSynced,

    /// <summary>M37: entries of an offset index point elsewhere.</summary>
    IndexDamaged,

    /// <summary>M38: recovery takes whole batches at the end of a log for garbage.</summary>
    RecoveryCutsTail,

    /// <summary>M34: committed offsets expire although they are needed.</summary>
    OffsetsExpireEarly,

    /// <summary>L1: retention takes what nobody asked it to take.</summary>
    RetentionTooEager,

    /// <summary>L13: requests for a deleted topic's id are served by the topic that has its name now.</summary>
    StaleTopicIdsServed,

    /// <summary>V1: a message between two machines is lost.</summary>
    MailLost,
}
