namespace Moldau.Records;

/// <summary>One record, as slices of its batch (or of the decompressed batch): valid as long as those.</summary>
public readonly ref struct RecordView
{
    private readonly ReadOnlySpan<byte> _headers;

    internal RecordView(
        long offset,
        long timestamp,
        TimestampType timestampType,
        ReadOnlySpan<byte> key,
        bool isKeyNull,
        ReadOnlySpan<byte> value,
        bool isValueNull,
        int headerCount,
        ReadOnlySpan<byte> headers,
        int sizeInBytes)
    {
        Offset = offset;
        Timestamp = timestamp;
        TimestampType = timestampType;
        Key = key;
        IsKeyNull = isKeyNull;
        Value = value;
        IsValueNull = isValueNull;
        HeaderCount = headerCount;
        _headers = headers;
        SizeInBytes = sizeInBytes;
    }

    public long Offset { get; }

    /// <summary>Milliseconds since 1970, or −1; the batch's time where the broker set it on append.</summary>
    public long Timestamp { get; }

    public TimestampType TimestampType { get; }

    /// <summary>Empty where the key is null or empty: <see cref="IsKeyNull"/> tells which.</summary>
    public ReadOnlySpan<byte> Key { get; }

    public bool IsKeyNull { get; }

    public ReadOnlySpan<byte> Value { get; }

    public bool IsValueNull { get; }

    public int HeaderCount { get; }

    /// <summary>The record's bytes in its batch before compression, its length field included.</summary>
    public int SizeInBytes { get; }

    /// <summary>The headers in their order; a key may occur more than once.</summary>
    public RecordHeaderEnumerator Headers => new(_headers, HeaderCount);

    /// <summary>The headers as they stand in a v2 record, without their count: for copying into another
    /// record.</summary>
    public ReadOnlySpan<byte> RawHeaders => _headers;
}

/// <summary>One header of a record.</summary>
public readonly ref struct RecordHeaderView(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isValueNull)
{
    /// <summary>UTF-8, unchecked.</summary>
    public ReadOnlySpan<byte> Key { get; } = key;

    public ReadOnlySpan<byte> Value { get; } = value;

    public bool IsValueNull { get; } = isValueNull;
}

/// <summary>Walks over headers that the record parser has already checked.</summary>
public ref struct RecordHeaderEnumerator
{
    private ReadOnlySpan<byte> _rest;
    private int _left;

    internal RecordHeaderEnumerator(ReadOnlySpan<byte> headers, int count)
    {
        _rest = headers;
        _left = count;
    }

    public RecordHeaderView Current { get; private set; }

    public readonly RecordHeaderEnumerator GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0) return false;
        _left--;
        ReadOnlySpan<byte> key = Take(out _);
        ReadOnlySpan<byte> value = Take(out bool isValueNull);
        Current = new RecordHeaderView(key, value, isValueNull);
        return true;
    }

    private ReadOnlySpan<byte> Take(out bool isNull)
    {
        _rest = _rest[RecordVarint.Read(_rest, out int length)..];
        isNull = length < 0;
        if (isNull) return default;
        ReadOnlySpan<byte> bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }
}
