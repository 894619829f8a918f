namespace Moldau.Storage;

/// <summary>Why the log refused something. The values are Kafka's error codes, so that a caller may cast to its own type.</summary>
public enum LogError : short
{
    UnknownServerError = -1,
    None = 0,
    OffsetOutOfRange = 1,
    CorruptMessage = 2,
    RequestTimedOut = 7,
    MessageTooLarge = 10,
    RecordListTooLarge = 18,
    InvalidTimestamp = 32,
    UnsupportedForMessageFormat = 43,
    OutOfOrderSequenceNumber = 45,
    DuplicateSequenceNumber = 46,
    InvalidProducerEpoch = 47,
    InvalidTransactionState = 48,
    TransactionCoordinatorFenced = 52,
    KafkaStorageError = 56,
    UnsupportedCompressionType = 76,
    InvalidRecord = 87,
    /// <summary>Not on the wire: a replica's batch begins below the log's end.</summary>
    UnexpectedAppendOffset = 1000,
    /// <summary>Not on the wire: more appends wait for a roll than the log may hold; try again after a completion.</summary>
    Backlogged = 1001,
}
