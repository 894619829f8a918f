namespace Moldau.Records;

/// <summary>Positions of the header fields of a record batch v2, and of what all log entries since Kafka 0.7 share.
/// All integers are big-endian.</summary>
public static class RecordBatchLayout
{
    public const int BaseOffset = 0;
    public const int Length = 8;
    public const int PartitionLeaderEpoch = 12;
    public const int Magic = 16;
    public const int Crc = 17;
    public const int Attributes = 21;
    public const int LastOffsetDelta = 23;
    public const int BaseTimestamp = 27;
    public const int MaxTimestamp = 35;
    public const int ProducerId = 43;
    public const int ProducerEpoch = 51;
    public const int BaseSequence = 53;
    public const int RecordCount = 57;
    public const int Records = 61;

    /// <summary>Offset and length come before what the length counts.</summary>
    public const int LogOverhead = 12;

    /// <summary>Bytes of the whole v2 header, the log overhead included.</summary>
    public const int HeaderBytes = Records;

    /// <summary>Bytes that tell magic and whole size of any entry.</summary>
    public const int HeaderBytesUpToMagic = Magic + 1;

    public const byte MagicV0 = 0;
    public const byte MagicV1 = 1;
    public const byte MagicV2 = 2;

    public const short CodecMask = 0x07;
    public const short LogAppendTimeBit = 0x08;
    public const short TransactionalBit = 0x10;
    public const short ControlBit = 0x20;
    public const short DeleteHorizonBit = 0x40;
    public const short KnownAttributes = 0x7F;

    public const long NoTimestamp = -1;
    public const long NoProducerId = -1;
    public const short NoProducerEpoch = -1;
    public const int NoSequence = -1;
    public const int NoPartitionLeaderEpoch = -1;
}

/// <summary>Positions inside the messages of magic 0 and 1, from the start of the log entry.</summary>
public static class LegacyMessageLayout
{
    public const int Offset = 0;
    public const int Length = 8;
    public const int Crc = 12;
    public const int Magic = 16;
    public const int Attributes = 17;
    public const int TimestampV1 = 18;
    public const int KeyLengthV0 = 18;
    public const int KeyLengthV1 = 26;

    /// <summary>Smallest value of the length field: checksum, magic, attributes and the two lengths.</summary>
    public const int MinimumLengthV0 = 14;

    public const int MinimumLengthV1 = 22;
}
