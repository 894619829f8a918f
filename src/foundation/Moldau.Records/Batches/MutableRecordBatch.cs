using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Records;

/// <summary>The fields of a v2 batch that a broker or a producer sets in place after the records are written.</summary>
public readonly ref struct MutableRecordBatch
{
    private readonly Span<byte> _data;

    /// <summary>The span is exactly one batch of magic 2.</summary>
    public MutableRecordBatch(Span<byte> batch)
    {
        Verify.That(batch.Length >= RecordBatchLayout.HeaderBytes);
        Verify.That(batch[RecordBatchLayout.Magic] == RecordBatchLayout.MagicV2);
        _data = batch;
    }

    public Span<byte> Bytes => _data;

    public RecordBatchView View
    {
        get
        {
            BatchReadStatus status = RecordBatchView.TryRead(_data, out RecordBatchView view);
            Verify.That(status == BatchReadStatus.Ok);
            return view;
        }
    }

    private short Attributes => BinaryPrimitives.ReadInt16BigEndian(_data[RecordBatchLayout.Attributes..]);

    /// <summary>Outside the checksum.</summary>
    public void SetBaseOffset(long offset) =>
        BinaryPrimitives.WriteInt64BigEndian(_data[RecordBatchLayout.BaseOffset..], offset);

    /// <summary>Outside the checksum. Sets the base so that the last record gets the given offset.</summary>
    public void SetLastOffset(long offset) =>
        SetBaseOffset(offset - BinaryPrimitives.ReadInt32BigEndian(_data[RecordBatchLayout.LastOffsetDelta..]));

    /// <summary>Outside the checksum.</summary>
    public void SetPartitionLeaderEpoch(int epoch) =>
        BinaryPrimitives.WriteInt32BigEndian(_data[RecordBatchLayout.PartitionLeaderEpoch..], epoch);

    /// <summary>Inside the checksum, which is computed again unless nothing changes. Attribute bits without a meaning
    /// are dropped then, as Kafka does.</summary>
    public void SetMaxTimestamp(TimestampType type, long maxTimestamp)
    {
        bool isLogAppendTime = (Attributes & RecordBatchLayout.LogAppendTimeBit) != 0;
        bool becomesLogAppendTime = type == TimestampType.LogAppendTime;
        Span<byte> field = _data[RecordBatchLayout.MaxTimestamp..];
        bool isSameTime = BinaryPrimitives.ReadInt64BigEndian(field) == maxTimestamp;
        if (isLogAppendTime == becomesLogAppendTime && isSameTime) return;
        int attributes = Attributes & RecordBatchLayout.KnownAttributes & ~RecordBatchLayout.LogAppendTimeBit;
        if (becomesLogAppendTime) attributes |= RecordBatchLayout.LogAppendTimeBit;
        BinaryPrimitives.WriteInt16BigEndian(_data[RecordBatchLayout.Attributes..], (short)attributes);
        BinaryPrimitives.WriteInt64BigEndian(field, maxTimestamp);
        UpdateCrc();
    }

    /// <summary>Inside the checksum. What a client does when it sends a batch again under a new producer id or
    /// epoch.</summary>
    public void SetProducer(ProducerIdAndEpoch producer, int baseSequence, bool isTransactional)
    {
        short attributes = isTransactional
            ? (short)(Attributes | RecordBatchLayout.TransactionalBit)
            : (short)(Attributes & ~RecordBatchLayout.TransactionalBit);
        BinaryPrimitives.WriteInt16BigEndian(_data[RecordBatchLayout.Attributes..], attributes);
        BinaryPrimitives.WriteInt64BigEndian(_data[RecordBatchLayout.ProducerId..], producer.Id);
        BinaryPrimitives.WriteInt16BigEndian(_data[RecordBatchLayout.ProducerEpoch..], producer.Epoch);
        BinaryPrimitives.WriteInt32BigEndian(_data[RecordBatchLayout.BaseSequence..], baseSequence);
        UpdateCrc();
    }

    public void UpdateCrc() => BinaryPrimitives.WriteUInt32BigEndian(
        _data[RecordBatchLayout.Crc..], Crc32C.Compute(_data[RecordBatchLayout.Attributes..]));
}
