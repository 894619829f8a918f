namespace Moldau.Records;

/// <summary>How the scan of a compressed batch ended.</summary>
internal enum ScanStatus
{
    Ok,

    /// <summary>The decompressed bytes are not the records that the header declares.</summary>
    Invalid,

    /// <summary>The compressed stream itself is damaged.</summary>
    StreamCorrupt,

    /// <summary>A limit on decompressed bytes was reached.</summary>
    TooLarge,
}

/// <summary>The parts of a record that validation looks at.</summary>
internal readonly record struct ScannedRecord(long TimestampDelta, int OffsetDelta, bool HasKey, int SizeInBytes);

/// <summary>Walks over the records of a compressed batch without holding them: keys, values and headers are skipped as
/// they come out of the decoder, so that memory stays one scratch buffer however far the batch unfolds.</summary>
internal ref struct RecordScanner
{
    /// <summary>Longest run of fixed fields: attributes, timestamp, offset, key length.</summary>
    private const int FixedBytes = 1 + 10 + 5 + 5;

    private readonly Decoder _decoder;
    private readonly Span<byte> _scratch;
    private readonly int _maxRecordBytes;
    private ReadOnlySpan<byte> _input;
    private long _outputLeft;
    private int _at;
    private int _end;
    private long _bodyLeft;
    private bool _isEnded;

    public RecordScanner(
        Decoder decoder, ReadOnlySpan<byte> input, Span<byte> scratch, int maxRecordBytes, long maxTotalBytes)
    {
        _decoder = decoder;
        _input = input;
        _scratch = scratch;
        _maxRecordBytes = maxRecordBytes;
        _outputLeft = maxTotalBytes;
    }

    public ScanStatus Status { get; private set; }

    /// <summary>Bytes of records seen so far.</summary>
    public long ScannedBytes { get; private set; }

    public bool TryReadRecord(out ScannedRecord record)
    {
        record = default;
        _bodyLeft = 5;
        if (!TryReadInt32(out int bodyBytes) || bodyBytes < 0 || bodyBytes > _maxRecordBytes) return Fail();
        int sizeInBytes = (int)(5 - _bodyLeft) + bodyBytes;
        _bodyLeft = bodyBytes;
        Fill(FixedBytes);
        if (!TrySkip(1)) return Fail();
        if (!TryReadInt64(out long timestampDelta)) return Fail();
        if (!TryReadInt32(out int offsetDelta)) return Fail();
        if (!TrySkipBytes(out bool hasKey)) return Fail();
        if (!TrySkipBytes(out _)) return Fail();
        if (!TryReadInt32(out int headerCount) || headerCount < 0) return Fail();
        for (int i = 0; i < headerCount; i++)
        {
            if (!TrySkipBytes(out bool hasHeaderKey) || !hasHeaderKey) return Fail();
            if (!TrySkipBytes(out _)) return Fail();
        }

        if (_bodyLeft != 0) return Fail();
        ScannedBytes += sizeInBytes;
        record = new ScannedRecord(timestampDelta, offsetDelta, hasKey, sizeInBytes);
        return true;
    }

    /// <summary>After the last record: whether the stream ends there.</summary>
    public bool TryEnd()
    {
        Fill(1);
        return _at == _end && Status == ScanStatus.Ok ? true : Fail();
    }

    private bool Fail()
    {
        if (Status == ScanStatus.Ok) Status = ScanStatus.Invalid;
        return false;
    }

    private bool TrySkipBytes(out bool isPresent)
    {
        isPresent = false;
        if (!TryReadInt32(out int length)) return false;
        isPresent = length >= 0;
        return length <= 0 || TrySkip(length);
    }

    private bool TryReadInt32(out int value)
    {
        if (_end - _at < 5) Fill(5);
        int n = RecordVarint.Read(_scratch[_at.._end], out value);
        _at += n;
        _bodyLeft -= n;
        return n > 0 && _bodyLeft >= 0;
    }

    private bool TryReadInt64(out long value)
    {
        if (_end - _at < 10) Fill(10);
        int n = RecordVarint.Read64(_scratch[_at.._end], out value);
        _at += n;
        _bodyLeft -= n;
        return n > 0 && _bodyLeft >= 0;
    }

    private bool TrySkip(int count)
    {
        _bodyLeft -= count;
        if (_bodyLeft < 0) return false;
        while (count > 0)
        {
            if (_at == _end) Fill(1);
            int n = Math.Min(count, _end - _at);
            if (n == 0) return false;
            _at += n;
            count -= n;
        }

        return true;
    }

    /// <summary>Decodes until so many bytes are there, or the stream ends.</summary>
    private void Fill(int wanted)
    {
        if (_end - _at >= wanted || _isEnded) return;
        _scratch[_at.._end].CopyTo(_scratch);
        _end -= _at;
        _at = 0;
        while (_end < wanted && !_isEnded)
        {
            DecodeStatus status = _decoder.Decode(_input, _scratch[_end..], out int consumed, out int written);
            _input = _input[consumed..];
            _end += written;
            _outputLeft -= written;
            if (_outputLeft < 0) status = DecodeStatus.TooLarge;
            if (status == DecodeStatus.Ok) continue;
            _isEnded = true;
            if (status == DecodeStatus.TooLarge) Status = ScanStatus.TooLarge;
            else if (status != DecodeStatus.End) Status = ScanStatus.StreamCorrupt;

            // What a damaged stream gave before its end is not to be trusted.
            if (status != DecodeStatus.End) _end = _at;
        }
    }
}
