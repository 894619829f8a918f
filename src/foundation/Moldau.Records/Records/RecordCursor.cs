using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Moldau.Records;

/// <summary>One record as slices of memory that may be kept across awaits: valid until the cursor moves to another
/// batch.</summary>
/// <param name="Offset">The record's offset.</param>
/// <param name="Timestamp">Milliseconds since 1970, or −1.</param>
/// <param name="TimestampType">Who set the timestamp.</param>
/// <param name="Key">Null where the record has none.</param>
/// <param name="Value">Null for a tombstone.</param>
/// <param name="HeaderCount">Headers in <paramref name="RawHeaders"/>.</param>
/// <param name="RawHeaders">The headers as they stand in the record; see <see cref="RecordMemory.ReadHeaders"/>.</param>
public readonly record struct RecordMemory(
    long Offset,
    long Timestamp,
    TimestampType TimestampType,
    ReadOnlyMemory<byte>? Key,
    ReadOnlyMemory<byte>? Value,
    int HeaderCount,
    ReadOnlyMemory<byte> RawHeaders)
{
    /// <summary>The headers in their order; a key may occur more than once.</summary>
    public RecordHeaderEnumerator ReadHeaders() => new(RawHeaders.Span, HeaderCount);
}

/// <summary>Walks over the records of one batch after another, for readers that await between records and so cannot hold
/// a <see cref="RecordEnumerator"/>. Decompressed bytes live in a pooled array until the next batch.</summary>
public sealed class RecordCursor(RecordCodecs codecs, int maxDecompressedBytes) : IDisposable
{
    private RecordParser.Context _context;
    private ReadOnlyMemory<byte> _rest;
    private byte[]? _rented;
    private int _left;
    private Queue<RecordMemory>? _legacy;

    public RecordReadStatus Status { get; private set; }

    /// <summary>Begins with a batch, whose memory must stay as long as its records are used.</summary>
    public void Open(ReadOnlyMemory<byte> batch)
    {
        Close();
        Status = RecordReadStatus.Ok;
        if (RecordBatchView.TryRead(batch.Span, out RecordBatchView view) != BatchReadStatus.Ok)
        {
            Status = RecordReadStatus.Corrupt;
            return;
        }

        if (!view.IsV2)
        {
            OpenLegacy(view);
            return;
        }

        _left = view.RecordCount;
        _context = new RecordParser.Context(view.BaseOffset, view.BaseTimestamp, view.TimestampType, view.MaxTimestamp);
        if (_left < 0) Status = RecordReadStatus.Corrupt;
        else if (view.IsCompressed) Decompress(view);
        else _rest = batch[RecordBatchLayout.Records..];
    }

    /// <summary>False at the end of the batch, or where <see cref="Status"/> says that it is damaged.</summary>
    public bool MoveNext(out RecordMemory record)
    {
        record = default;
        if (Status != RecordReadStatus.Ok) return false;
        if (_legacy is not null) return _legacy.TryDequeue(out record);
        if (_left == 0) return false;
        ReadOnlySpan<byte> source = _rest.Span;
        int n = RecordParser.TryParse(source, _context, out RecordView view);
        // Bytes behind the last record are damage too, and what damaged bytes say is not handed out.
        if (n == 0 || (_left == 1 && n != source.Length))
        {
            Status = RecordReadStatus.Corrupt;
            return false;
        }

        record = new RecordMemory(
            view.Offset, view.Timestamp, view.TimestampType,
            Optional(view.IsKeyNull, Slice(source, view.Key)), Optional(view.IsValueNull, Slice(source, view.Value)),
            view.HeaderCount, Slice(source, view.RawHeaders));
        _rest = _rest[n..];
        _left--;
        return true;
    }

    /// <summary>Lets go of the batch.</summary>
    public void Close()
    {
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
        _rest = default;
        _legacy = null;
        _left = 0;
    }

    public void Dispose() => Close();

    /// <summary>A conditional between null and memory would make empty memory of the null: null converts to it as an
    /// array.</summary>
    private static ReadOnlyMemory<byte>? Optional(bool isNull, ReadOnlyMemory<byte> bytes)
    {
        if (isNull) return null;
        return bytes;
    }

    private ReadOnlyMemory<byte> Slice(ReadOnlySpan<byte> source, ReadOnlySpan<byte> part)
    {
        if (part.IsEmpty) return ReadOnlyMemory<byte>.Empty;
        int start = (int)Unsafe.ByteOffset(
            ref MemoryMarshal.GetReference(source), ref MemoryMarshal.GetReference(part));
        return _rest.Slice(start, part.Length);
    }

    private void Decompress(in RecordBatchView batch)
    {
        DecodeStatus status =
            codecs.Decompress(batch.Codec, batch.Payload, maxDecompressedBytes, out _rented, out int length, batch.Magic);
        if (status == DecodeStatus.End) _rest = _rented.AsMemory(0, length);
        else Status = status == DecodeStatus.TooLarge ? RecordReadStatus.TooLarge : RecordReadStatus.Corrupt;
    }

    /// <summary>Messages of magic 0 and 1 are rare enough to be copied.</summary>
    private void OpenLegacy(in RecordBatchView batch)
    {
        _legacy = new Queue<RecordMemory>();
        using RecordEnumerator records = batch.ReadRecords(codecs, maxDecompressedBytes);
        while (records.MoveNext())
        {
            RecordView record = records.Current;
            _legacy.Enqueue(new RecordMemory(
                record.Offset, record.Timestamp, record.TimestampType,
                Optional(record.IsKeyNull, record.Key.ToArray()), Optional(record.IsValueNull, record.Value.ToArray()),
                0, default));
        }

        Status = records.Status;
    }
}
