using System.Buffers.Binary;

namespace Moldau.Records;

/// <summary>The records of one message of magic 0 or 1: itself, or, where it is compressed, the message set inside.
/// Inner offsets are absolute in magic 0 and relative in magic 1, where the wrapper carries the last one.</summary>
internal ref struct LegacyRecordEnumerator
{
    private readonly RecordBatchView _wrapper;
    private readonly long _baseOffset;
    private RecordBatchEnumerator _inner;
    private RecordView _current;
    private bool _isDone;

    /// <param name="wrapper">The message as it stands in the log.</param>
    /// <param name="payload">Its value, decompressed where it was compressed.</param>
    public LegacyRecordEnumerator(RecordBatchView wrapper, ReadOnlySpan<byte> payload)
    {
        _wrapper = wrapper;
        if (!wrapper.IsCompressed) return;
        _inner = new RecordBatchEnumerator(payload);
        long? last = LastInnerOffset(payload);
        if (last is null) Status = RecordReadStatus.Corrupt;
        if (last is null || wrapper.Magic == RecordBatchLayout.MagicV0) return;

        // Some librdkafka versions wrote wrappers with offset 0.
        if (wrapper.BaseOffset == 0) return;
        if (wrapper.BaseOffset < last) Status = RecordReadStatus.Corrupt;
        _baseOffset = wrapper.BaseOffset - last.Value;
    }

    public RecordReadStatus Status { get; private set; }

    public readonly RecordView Current => _current;

    /// <summary>The value of a message, empty where it is null or damaged (which the walk then reports).</summary>
    public static ReadOnlySpan<byte> PayloadOf(RecordBatchView message) =>
        TryParse(message, 0, message, out RecordView record) ? record.Value : default;

    public bool MoveNext()
    {
        if (_isDone || Status != RecordReadStatus.Ok) return false;
        if (!_wrapper.IsCompressed)
        {
            _isDone = true;
            if (!TryParse(_wrapper, _wrapper.BaseOffset, _wrapper, out _current)) Status = RecordReadStatus.Corrupt;
            return Status == RecordReadStatus.Ok;
        }

        if (!_inner.MoveNext())
        {
            _isDone = true;
            return false;
        }

        RecordBatchView message = _inner.Current;
        long offset = unchecked(_baseOffset + message.BaseOffset);
        if (message.IsCompressed || !TryParse(message, offset, _wrapper, out _current))
            Status = RecordReadStatus.Corrupt;
        return Status == RecordReadStatus.Ok;
    }

    /// <summary>Null where the payload is no set of whole messages of magic 0 or 1, or empty.</summary>
    private static long? LastInnerOffset(ReadOnlySpan<byte> payload)
    {
        long? last = null;
        RecordBatchEnumerator walk = new(payload);
        while (walk.MoveNext())
        {
            if (walk.Current.IsV2) return null;
            last = walk.Current.BaseOffset;
        }

        return walk.Status == BatchReadStatus.Corrupt ? null : last;
    }

    private static bool TryParse(RecordBatchView message, long offset, RecordBatchView wrapper, out RecordView record)
    {
        record = default;
        ReadOnlySpan<byte> bytes = message.Bytes;
        int at = message.Magic == RecordBatchLayout.MagicV0
            ? LegacyMessageLayout.KeyLengthV0
            : LegacyMessageLayout.KeyLengthV1;
        if (!TryTake(bytes, ref at, out ReadOnlySpan<byte> key, out bool isKeyNull)) return false;
        if (!TryTake(bytes, ref at, out ReadOnlySpan<byte> value, out bool isValueNull)) return false;
        bool isBrokersTime = wrapper.TimestampType == TimestampType.LogAppendTime;
        long timestamp = isBrokersTime && message.Magic != RecordBatchLayout.MagicV0
            ? wrapper.MaxTimestamp
            : message.MaxTimestamp;
        record = new RecordView(
            offset, timestamp, isBrokersTime ? TimestampType.LogAppendTime : message.TimestampType, key, isKeyNull,
            value, isValueNull, 0, default, message.SizeInBytes);
        return true;
    }

    private static bool TryTake(
        ReadOnlySpan<byte> source, scoped ref int at, out ReadOnlySpan<byte> bytes, out bool isNull)
    {
        bytes = default;
        isNull = true;
        if (source.Length - at < 4) return false;
        int length = BinaryPrimitives.ReadInt32BigEndian(source[at..]);
        at += 4;
        if (length < 0) return true;
        isNull = false;
        if (length > source.Length - at) return false;
        bytes = source.Slice(at, length);
        at += length;
        return true;
    }
}
