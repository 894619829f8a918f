using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Records;

/// <summary>What stands at the start of a buffer of batches.</summary>
public enum BatchReadStatus
{
    Ok,

    /// <summary>The buffer ends here, or holds only the first part of an entry: normal at the end of a fetch or a
    /// log.</summary>
    Incomplete,

    /// <summary>The length is below the smallest of its magic, or the magic is unknown.</summary>
    Corrupt,
}

/// <summary>One entry of a log, read in place: a record batch (magic 2) or a message of magic 0 or 1. Nothing but
/// size and magic is checked here; <see cref="IsCrcValid"/> comes before trust.</summary>
public readonly ref struct RecordBatchView
{
    private readonly ReadOnlySpan<byte> _data;

    private RecordBatchView(ReadOnlySpan<byte> data) => _data = data;

    /// <summary>The whole entry, header included.</summary>
    public ReadOnlySpan<byte> Bytes => _data;

    public int SizeInBytes => _data.Length;

    public byte Magic => _data[RecordBatchLayout.Magic];

    /// <summary>The first field. For compressed messages of magic 0 and 1 it holds the last inner offset
    /// instead.</summary>
    public long BaseOffset => ReadInt64(RecordBatchLayout.BaseOffset);

    public int Length => ReadInt32(RecordBatchLayout.Length);

    /// <summary>The offset of the last record; a sum that wraps like Kafka's where the field is hostile.</summary>
    public long LastOffset => IsV2 ? unchecked(BaseOffset + LastOffsetDelta) : BaseOffset;

    public long NextOffset => unchecked(LastOffset + 1);

    public int PartitionLeaderEpoch =>
        IsV2 ? ReadInt32(RecordBatchLayout.PartitionLeaderEpoch) : RecordBatchLayout.NoPartitionLeaderEpoch;

    public uint Crc => (uint)ReadInt32(IsV2 ? RecordBatchLayout.Crc : LegacyMessageLayout.Crc);

    /// <summary>The attribute bits; the messages of magic 0 and 1 have eight of them.</summary>
    public short Attributes => IsV2
        ? BinaryPrimitives.ReadInt16BigEndian(_data[RecordBatchLayout.Attributes..])
        : _data[LegacyMessageLayout.Attributes];

    /// <summary>The codec's id; 5 to 7 are possible in hostile data.</summary>
    public CompressionCodec Codec => (CompressionCodec)(Attributes & RecordBatchLayout.CodecMask);

    public bool IsCompressed => Codec != CompressionCodec.None;

    public TimestampType TimestampType =>
        Magic == RecordBatchLayout.MagicV0 ? TimestampType.None
        : (Attributes & RecordBatchLayout.LogAppendTimeBit) != 0 ? TimestampType.LogAppendTime
        : TimestampType.CreateTime;

    public bool IsTransactional => IsV2 && (Attributes & RecordBatchLayout.TransactionalBit) != 0;

    public bool IsControl => IsV2 && (Attributes & RecordBatchLayout.ControlBit) != 0;

    /// <summary>Set by the cleaner: <see cref="BaseTimestamp"/> then holds the time when tombstones may go
    /// (KIP-534).</summary>
    public bool HasDeleteHorizon => IsV2 && (Attributes & RecordBatchLayout.DeleteHorizonBit) != 0;

    public long DeleteHorizonMs => HasDeleteHorizon ? BaseTimestamp : RecordBatchLayout.NoTimestamp;

    public int LastOffsetDelta => IsV2 ? ReadInt32(RecordBatchLayout.LastOffsetDelta) : 0;

    public long BaseTimestamp => IsV2 ? ReadInt64(RecordBatchLayout.BaseTimestamp) : LegacyTimestamp;

    public long MaxTimestamp => IsV2 ? ReadInt64(RecordBatchLayout.MaxTimestamp) : LegacyTimestamp;

    public long ProducerId => IsV2 ? ReadInt64(RecordBatchLayout.ProducerId) : RecordBatchLayout.NoProducerId;

    public bool HasProducerId => ProducerId > RecordBatchLayout.NoProducerId;

    public short ProducerEpoch => IsV2
        ? BinaryPrimitives.ReadInt16BigEndian(_data[RecordBatchLayout.ProducerEpoch..])
        : RecordBatchLayout.NoProducerEpoch;

    public ProducerIdAndEpoch Producer => new(ProducerId, ProducerEpoch);

    public int BaseSequence => IsV2 ? ReadInt32(RecordBatchLayout.BaseSequence) : RecordBatchLayout.NoSequence;

    /// <summary>Sequence of the last record; sequences wrap from the largest int to 0.</summary>
    public int LastSequence => BaseSequence == RecordBatchLayout.NoSequence
        ? RecordBatchLayout.NoSequence
        : RecordSequence.Add(BaseSequence, LastOffsetDelta);

    /// <summary>As the header says, unchecked. 1 for a message of magic 0 or 1, although a compressed one holds
    /// more.</summary>
    public int RecordCount => IsV2 ? ReadInt32(RecordBatchLayout.RecordCount) : 1;

    public bool IsV2 => Magic >= RecordBatchLayout.MagicV2;

    /// <summary>The bytes behind the header of a v2 batch, compressed as <see cref="Codec"/> says.</summary>
    public ReadOnlySpan<byte> Payload => _data[RecordBatchLayout.Records..];

    /// <summary>The checksum of the bytes as they are: CRC-32C from the attributes on for v2, CRC-32 from the magic
    /// on before.</summary>
    public uint ComputeCrc() => IsV2
        ? Crc32C.Compute(_data[RecordBatchLayout.Attributes..])
        : Crc32.Compute(_data[LegacyMessageLayout.Magic..]);

    public bool IsCrcValid => Crc == ComputeCrc();

    private long LegacyTimestamp => Magic == RecordBatchLayout.MagicV1
        ? ReadInt64(LegacyMessageLayout.TimestampV1)
        : RecordBatchLayout.NoTimestamp;

    /// <summary>Reads the entry at the start of the buffer.</summary>
    public static BatchReadStatus TryRead(ReadOnlySpan<byte> buffer, out RecordBatchView batch)
    {
        batch = default;
        BatchReadStatus status = PeekSize(buffer, out int sizeInBytes);
        if (status != BatchReadStatus.Ok) return status;
        if (buffer.Length < sizeInBytes) return BatchReadStatus.Incomplete;
        batch = new RecordBatchView(buffer[..sizeInBytes]);
        return BatchReadStatus.Ok;
    }

    /// <summary>Size of the entry whose first <see cref="RecordBatchLayout.HeaderBytesUpToMagic"/> bytes are there,
    /// so that a reader of files knows how much to read.</summary>
    public static BatchReadStatus PeekSize(ReadOnlySpan<byte> buffer, out int sizeInBytes)
    {
        sizeInBytes = 0;
        if (buffer.Length < RecordBatchLayout.LogOverhead) return BatchReadStatus.Incomplete;
        int length = BinaryPrimitives.ReadInt32BigEndian(buffer[RecordBatchLayout.Length..]);
        if (length < LegacyMessageLayout.MinimumLengthV0) return BatchReadStatus.Corrupt;
        if (buffer.Length < RecordBatchLayout.HeaderBytesUpToMagic) return BatchReadStatus.Incomplete;
        int minimum = buffer[RecordBatchLayout.Magic] switch
        {
            RecordBatchLayout.MagicV0 => LegacyMessageLayout.MinimumLengthV0,
            RecordBatchLayout.MagicV1 => LegacyMessageLayout.MinimumLengthV1,
            RecordBatchLayout.MagicV2 => RecordBatchLayout.HeaderBytes - RecordBatchLayout.LogOverhead,
            _ => int.MaxValue,
        };
        if (length < minimum || length > int.MaxValue - RecordBatchLayout.LogOverhead) return BatchReadStatus.Corrupt;
        sizeInBytes = length + RecordBatchLayout.LogOverhead;
        return BatchReadStatus.Ok;
    }

    /// <summary>The records, decompressed where needed, at most as many bytes of them as the limit says.</summary>
    public RecordEnumerator ReadRecords(
        RecordCodecs? codecs = null, int maxDecompressedBytes = RecordEnumerator.DefaultMaxDecompressedBytes) =>
        new(this, maxDecompressedBytes, codecs);

    private int ReadInt32(int position) => BinaryPrimitives.ReadInt32BigEndian(_data[position..]);

    private long ReadInt64(int position) => BinaryPrimitives.ReadInt64BigEndian(_data[position..]);
}

/// <summary>Arithmetic of producer sequences, which wrap from the largest int to 0.</summary>
public static class RecordSequence
{
    public static int Add(int sequence, int increment) => sequence > int.MaxValue - increment
        ? unchecked(increment - (int.MaxValue - sequence) - 1)
        : sequence + increment;

    public static int Subtract(int sequence, int decrement) => sequence < decrement
        ? int.MaxValue - (decrement - sequence) + 1
        : sequence - decrement;
}
