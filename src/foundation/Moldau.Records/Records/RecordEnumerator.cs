using System.Buffers;

namespace Moldau.Records;

/// <summary>Why an iteration over records ended.</summary>
public enum RecordReadStatus
{
    /// <summary>All records that the batch declares were there.</summary>
    Ok,

    /// <summary>The bytes are no records, too few, too many, or their compression is damaged.</summary>
    Corrupt,

    /// <summary>Decompression reached its limit.</summary>
    TooLarge,
}

/// <summary>Walks over the records of one batch of any magic. When <see cref="MoveNext"/> is false, look at
/// <see cref="Status"/>: damage ends the walk early. Dispose it, because decompressed bytes live in a pooled array.
/// </summary>
public ref struct RecordEnumerator
{
    public const int DefaultMaxDecompressedBytes = 1 << 30;

    private readonly RecordParser.Context _context;
    private readonly RecordBatchView _batch;
    private LegacyRecordEnumerator _legacy;
    private ReadOnlySpan<byte> _rest;
    private byte[]? _rented;
    private RecordView _current;
    private int _left;

    internal RecordEnumerator(RecordBatchView batch, int maxDecompressedBytes, RecordCodecs? codecs = null)
    {
        _batch = batch;
        ReadOnlySpan<byte> payload = batch.IsV2 ? batch.Payload : LegacyRecordEnumerator.PayloadOf(batch);
        if (batch.IsCompressed)
        {
            Status = Decompress(batch, payload, maxDecompressedBytes, codecs, out _rented, out int length);
            if (Status != RecordReadStatus.Ok) return;
            payload = _rented.AsSpan(0, length);
        }

        if (!batch.IsV2)
        {
            _legacy = new LegacyRecordEnumerator(batch, payload);
            Status = _legacy.Status;
            return;
        }

        _left = batch.RecordCount;
        if (_left < 0) Status = RecordReadStatus.Corrupt;
        _rest = payload;
        _context = new RecordParser.Context(
            batch.BaseOffset, batch.BaseTimestamp, batch.TimestampType, batch.MaxTimestamp);
    }

    public RecordReadStatus Status { get; private set; }

    /// <summary>Valid until the next call of <see cref="MoveNext"/> or <see cref="Dispose"/>.</summary>
    public readonly RecordView Current => _batch.IsV2 ? _current : _legacy.Current;

    public bool MoveNext()
    {
        if (Status != RecordReadStatus.Ok) return false;
        if (!_batch.IsV2)
        {
            if (_legacy.MoveNext()) return true;
            Status = _legacy.Status;
            return false;
        }

        if (_left == 0) return false;
        int n = RecordParser.TryParse(_rest, _context, out _current);
        _rest = _rest[n..];
        _left--;
        if (n == 0 || (_left == 0 && !_rest.IsEmpty)) Status = RecordReadStatus.Corrupt;
        return Status == RecordReadStatus.Ok;
    }

    public void Dispose()
    {
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
        _rest = default;
    }

    private static RecordReadStatus Decompress(
        scoped in RecordBatchView batch,
        scoped ReadOnlySpan<byte> payload,
        int maxBytes,
        RecordCodecs? codecs,
        out byte[]? rented,
        out int length)
    {
        rented = null;
        length = 0;

        // Readers of magic 0 and 1 never knew zstd.
        if (!batch.IsV2 && batch.Codec == CompressionCodec.Zstd) return RecordReadStatus.Corrupt;
        using RecordCodecs? own = codecs is null ? new RecordCodecs() : null;
        return (codecs ?? own!).Decompress(batch.Codec, payload, maxBytes, out rented, out length, batch.Magic) switch
        {
            DecodeStatus.End => RecordReadStatus.Ok,
            DecodeStatus.TooLarge => RecordReadStatus.TooLarge,
            _ => RecordReadStatus.Corrupt,
        };
    }
}
