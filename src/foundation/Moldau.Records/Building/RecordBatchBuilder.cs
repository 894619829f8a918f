using System.Buffers;
using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Records;

/// <summary>Builds one record batch v2. Append records, then <see cref="Build"/>; <see cref="Reset"/> starts the next
/// batch in the same memory. The bytes returned by Build live in the builder's pooled buffers until then.</summary>
public sealed class RecordBatchBuilder(RecordBatchOptions options, RecordCodecs? codecs = null) : IDisposable
{
    private const int FirstBufferBytes = 1024;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
    private byte[]? _compressed;
    private RecordBatchOptions _options = options;
    private long _maxBytes = options.MaxBytes;
    private RecordCodecs? _codecs = codecs;
    private readonly bool _ownsCodecs = codecs is null;
    private int _length = RecordBatchLayout.HeaderBytes;
    private long _baseTimestamp;
    private long _nextOffset = options.BaseOffset;

    public int RecordCount { get; private set; }

    public bool IsEmpty => RecordCount == 0;

    /// <summary>Header and records before compression.</summary>
    public int SizeInBytes => _length;

    public long NextOffset => _nextOffset;

    public long LastOffset => _nextOffset - 1;

    /// <summary>Largest timestamp of the records, or the broker's with LogAppendTime; −1 while empty.</summary>
    public long MaxTimestamp { get; private set; } = RecordBatchLayout.NoTimestamp;

    /// <summary>Appends at the next offset. False, and nothing changed, where the batch would pass its limit.</summary>
    public bool TryAppend(
        long timestamp, OptionalBytes key, OptionalBytes value, ReadOnlySpan<RecordHeader> headers = default) =>
        TryAppendAt(_nextOffset, timestamp, key, value, headers);

    /// <summary>Appends at a given offset, at or after the next one.</summary>
    public bool TryAppendAt(
        long offset,
        long timestamp,
        OptionalBytes key,
        OptionalBytes value,
        ReadOnlySpan<RecordHeader> headers = default)
    {
        int headerBytes = SizeOfHeaders(headers);
        if (!TryBegin(offset, timestamp, key, value, headers.Length, headerBytes, out Span<byte> rest)) return false;
        foreach (RecordHeader header in headers)
        {
            rest = WriteBytes(rest, new OptionalBytes(header.Key.Span));
            rest = WriteBytes(rest, header.Value);
        }

        return true;
    }

    /// <summary>Appends a copy of a record, its headers included.</summary>
    public bool TryAppendCopy(long offset, in RecordView record)
    {
        OptionalBytes key = record.IsKeyNull ? OptionalBytes.Null : new OptionalBytes(record.Key);
        OptionalBytes value = record.IsValueNull ? OptionalBytes.Null : new OptionalBytes(record.Value);
        ReadOnlySpan<byte> headers = record.RawHeaders;
        if (!TryBegin(offset, record.Timestamp, key, value, record.HeaderCount, headers.Length, out Span<byte> rest))
            return false;
        headers.CopyTo(rest);
        return true;
    }

    /// <summary>Appends a control record: its key is the type, its value what the type's schema says.</summary>
    public bool TryAppendControl(long timestamp, ControlRecordType type, ReadOnlySpan<byte> value)
    {
        Verify.That(_options.IsControl);
        Span<byte> key = stackalloc byte[ControlBatches.KeyBytes];
        ControlBatches.WriteKey(key, type);
        return TryAppend(timestamp, key, value);
    }

    /// <summary>Writes the header and compresses. The bytes are valid until <see cref="Reset"/> or Dispose; more
    /// records may still be appended, and Build called again.</summary>
    /// <param name="codecs">Compressors of the thread that calls; null for the builder's own.</param>
    public Memory<byte> Build(RecordCodecs? codecs = null)
    {
        Verify.That(RecordCount > 0);
        if (_options.Codec == CompressionCodec.None)
        {
            WriteHeader(_buffer.AsSpan(0, _length));
            return _buffer.AsMemory(0, _length);
        }

        ReadOnlySpan<byte> records = _buffer.AsSpan(RecordBatchLayout.Records, _length - RecordBatchLayout.Records);
        Encoder encoder = (codecs ?? (_codecs ??= new RecordCodecs())).GetEncoder(_options.Codec);
        int bound = checked(encoder.MaxEncodedBytes(records.Length) + RecordBatchLayout.Records);
        if (_compressed is null || _compressed.Length < bound)
        {
            if (_compressed is not null) ArrayPool<byte>.Shared.Return(_compressed);
            _compressed = ArrayPool<byte>.Shared.Rent(bound);
        }

        int n = encoder.Encode(records, _compressed.AsSpan(RecordBatchLayout.Records), _options.CompressionLevel);
        WriteHeader(_compressed.AsSpan(0, RecordBatchLayout.Records + n));
        return _compressed.AsMemory(0, RecordBatchLayout.Records + n);
    }

    /// <summary>Builds into an array of its own.</summary>
    public byte[] BuildArray() => Build().ToArray();

    /// <summary>Builds into a pooled native buffer, which the caller releases.</summary>
    public BufferLease BuildLease(BufferPool pool)
    {
        Span<byte> batch = Build().Span;
        BufferLease lease = pool.Rent(batch.Length);
        batch.CopyTo(lease.Span);
        return lease;
    }

    /// <summary>Begins a new batch.</summary>
    /// <param name="options">Of the new one.</param>
    /// <param name="maxBytes">Another limit than that of the options; null for theirs.</param>
    public void Reset(RecordBatchOptions options, int? maxBytes = null)
    {
        _options = options;
        _maxBytes = maxBytes ?? options.MaxBytes;
        _length = RecordBatchLayout.HeaderBytes;
        _nextOffset = options.BaseOffset;
        RecordCount = 0;
        MaxTimestamp = RecordBatchLayout.NoTimestamp;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        if (_compressed is not null) ArrayPool<byte>.Shared.Return(_compressed);
        if (_ownsCodecs) _codecs?.Dispose();
        _buffer = [];
        _compressed = null;
    }

    private bool TryBegin(
        long offset,
        long timestamp,
        OptionalBytes key,
        OptionalBytes value,
        int headerCount,
        int headerBytes,
        out Span<byte> headers)
    {
        headers = default;
        Verify.That(offset >= _nextOffset);
        Verify.That(offset - _options.BaseOffset <= int.MaxValue);
        if (RecordCount == 0) _baseTimestamp = _options.DeleteHorizonMs ?? timestamp;
        int offsetDelta = (int)(offset - _options.BaseOffset);
        long timestampDelta = unchecked(timestamp - _baseTimestamp);
        long body = 1L + Varint.SizeOf64(timestampDelta) + Varint.SizeOf(offsetDelta) + SizeOf(key) + SizeOf(value)
            + Varint.SizeOf(headerCount) + headerBytes;
        if (body > int.MaxValue - 16) return false;
        long size = _length + body + Varint.SizeOf((int)body);
        if (size > _maxBytes) return false;
        Grow((int)size);
        Span<byte> rest = _buffer.AsSpan(_length, (int)size - _length);
        rest = rest[Varint.Write(rest, (int)body)..];
        rest[0] = 0;
        rest = rest[1..];
        rest = rest[Varint.Write64(rest, timestampDelta)..];
        rest = rest[Varint.Write(rest, offsetDelta)..];
        rest = WriteBytes(rest, key);
        rest = WriteBytes(rest, value);
        headers = rest[Varint.Write(rest, headerCount)..];
        _length = (int)size;
        _nextOffset = offset + 1;
        RecordCount++;
        MaxTimestamp = _options.TimestampType == TimestampType.LogAppendTime
            ? _options.LogAppendTimestamp
            : Math.Max(MaxTimestamp, timestamp);
        return true;
    }

    private void WriteHeader(Span<byte> batch)
    {
        int attributes = (int)_options.Codec;
        if (_options.TimestampType == TimestampType.LogAppendTime) attributes |= RecordBatchLayout.LogAppendTimeBit;
        if (_options.IsTransactional) attributes |= RecordBatchLayout.TransactionalBit;
        if (_options.IsControl) attributes |= RecordBatchLayout.ControlBit;
        if (_options.DeleteHorizonMs is not null) attributes |= RecordBatchLayout.DeleteHorizonBit;
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchLayout.BaseOffset..], _options.BaseOffset);
        BinaryPrimitives.WriteInt32BigEndian(
            batch[RecordBatchLayout.Length..], batch.Length - RecordBatchLayout.LogOverhead);
        BinaryPrimitives.WriteInt32BigEndian(
            batch[RecordBatchLayout.PartitionLeaderEpoch..], _options.PartitionLeaderEpoch);
        batch[RecordBatchLayout.Magic] = RecordBatchLayout.MagicV2;
        BinaryPrimitives.WriteInt16BigEndian(batch[RecordBatchLayout.Attributes..], (short)attributes);
        BinaryPrimitives.WriteInt32BigEndian(
            batch[RecordBatchLayout.LastOffsetDelta..], (int)(LastOffset - _options.BaseOffset));
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchLayout.BaseTimestamp..], _baseTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchLayout.MaxTimestamp..], MaxTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchLayout.ProducerId..], _options.Producer.Id);
        BinaryPrimitives.WriteInt16BigEndian(batch[RecordBatchLayout.ProducerEpoch..], _options.Producer.Epoch);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchLayout.BaseSequence..], _options.BaseSequence);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchLayout.RecordCount..], RecordCount);
        new MutableRecordBatch(batch).UpdateCrc();
    }

    private void Grow(int size)
    {
        if (size <= _buffer.Length) return;
        long doubled = Math.Min(_buffer.Length * 2L, Array.MaxLength);
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(size, doubled));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private static int SizeOfHeaders(ReadOnlySpan<RecordHeader> headers)
    {
        long size = 0;
        foreach (RecordHeader header in headers)
            size += SizeOf(new OptionalBytes(header.Key.Span)) + SizeOf(header.Value);
        return checked((int)size);
    }

    private static long SizeOf(OptionalBytes bytes) =>
        bytes.IsNull ? 1 : Varint.SizeOf(bytes.Span.Length) + (long)bytes.Span.Length;

    private static Span<byte> WriteBytes(Span<byte> destination, OptionalBytes bytes)
    {
        Span<byte> rest = destination[Varint.Write(destination, bytes.IsNull ? -1 : bytes.Span.Length)..];
        bytes.Span.CopyTo(rest);
        return rest[bytes.Span.Length..];
    }
}
