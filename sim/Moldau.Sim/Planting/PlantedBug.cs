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

    /// <summary>M5: the file of leader epochs is written once and never again.</summary>
    EpochsNotWritten,

    /// <summary>M22: a snapshot of the metadata is named after a wrong offset.</summary>
    SnapshotMisnamed,

    /// <summary>M23: a batch that is sent again is answered OUT_OF_ORDER_SEQUENCE_NUMBER.</summary>
    DuplicateRefused,

    /// <summary>M35: a coordinator takes a part of its log for the whole, so offsets are gone.</summary>
    ReplayStopsShort,

    /// <summary>M39: a fetch from the middle of a batch gets the next one.</summary>
    FetchSkips,

    /// <summary>M32, as a classic group can have it: two members are given the same partition.</summary>
    OwnersTwice,

    /// <summary>D3: where one log directory fails all are taken offline.</summary>
    DirectoriesFailTogether,

    /// <summary>D1: a client takes bytes that do not match their checksum.</summary>
    RotBelieved,

    /// <summary>Met: what a checkpoint said of a deleted topic is taken for the next one of its name.</summary>
    CheckpointsKept,

    /// <summary>Met: a machine never says that it has stopped.</summary>
    StopForgotten,

    /// <summary>P1: a batch that is sent again is written again.</summary>
    DuplicateWritten,

    /// <summary>P2: a batch behind a gap is written.</summary>
    GapWritten,

    /// <summary>G3: the generation of a commit is not looked at.</summary>
    StaleCommitsAccepted,

    /// <summary>G2: what is committed is one off.</summary>
    CommitsOff,

    /// <summary>D1: an append that failed is taken for one that did its work.</summary>
    WriteErrorIgnored,

    /// <summary>V1: an answer is never sent.</summary>
    AnswerLost,

    /// <summary>V1: two answers change places.</summary>
    AnswersSwapped,

    /// <summary>V1: the end of a sync is never heard of.</summary>
    SyncNotHeard,

    /// <summary>D1, in the client: the memory of a batch is used again while it may still be sent, which is how KAFKA-19012
    /// sent other records.</summary>
    SentMemoryReused,
}
