namespace Moldau.Records;

/// <summary>Why a batch is refused. The values are Kafka's error codes.</summary>
public enum RecordError : short
{
    /// <summary>What Kafka answers where its decompressor or an unassigned codec id ends in an internal
    /// error.</summary>
    UnknownServerError = -1,
    None = 0,
    CorruptMessage = 2,
    MessageTooLarge = 10,
    RecordListTooLarge = 18,
    InvalidTimestamp = 32,
    UnsupportedForMessageFormat = 43,
    UnsupportedCompressionType = 76,
    InvalidRecord = 87,
}

/// <summary>What is wrong with one record of a refused batch.</summary>
public enum RecordFault : byte
{
    /// <summary>A compacted topic takes no record without a key.</summary>
    KeyMissing,
    TimestampOutOfRange,

    /// <summary>A producer marked its batch as LogAppendTime and left the time out.</summary>
    TimestampTypeNotAllowed,
}

/// <summary>One refused record, for the answer's record errors.</summary>
public readonly record struct RefusedRecord(
    int BatchIndex, RecordFault Fault, long Offset, long Timestamp, long Earliest, long Latest)
{
    /// <summary>The text for the client, made when asked for: a batch may hold many of them.</summary>
    public string Message => Fault switch
    {
        RecordFault.KeyMissing => "The topic is compacted and the record has no key",
        RecordFault.TimestampOutOfRange =>
            $"Timestamp {Timestamp} of the record with offset {Offset} is outside of [{Earliest}, {Latest}]",
        _ => "A producer may not set the timestamp type LogAppendTime",
    };

    public RecordError Error =>
        Fault == RecordFault.KeyMissing ? RecordError.InvalidRecord : RecordError.InvalidTimestamp;
}
