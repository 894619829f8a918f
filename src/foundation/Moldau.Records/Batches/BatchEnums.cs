namespace Moldau.Records;

/// <summary>Who set the timestamps of a batch.</summary>
public enum TimestampType : sbyte
{
    /// <summary>Messages of magic 0 carry none.</summary>
    None = -1,
    CreateTime = 0,
    LogAppendTime = 1,
}

/// <summary>Codec ids in the attributes of a batch. 5 to 7 are not assigned.</summary>
public enum CompressionCodec : byte
{
    None = 0,
    Gzip = 1,
    Snappy = 2,
    Lz4 = 3,
    Zstd = 4,
}

/// <summary>The type in the key of a control record (version 0 of the key: two bytes version, two bytes
/// type).</summary>
public enum ControlRecordType : short
{
    Abort = 0,
    Commit = 1,
    LeaderChange = 2,
    SnapshotHeader = 3,
    SnapshotFooter = 4,
    KRaftVersion = 5,
    KRaftVoters = 6,
}
