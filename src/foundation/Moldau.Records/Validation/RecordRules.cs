namespace Moldau.Records;

/// <summary>The rules for the single records of one batch: a key where the topic is compacted, and a timestamp that the
/// topic allows.</summary>
internal readonly struct RecordRules
{
    private readonly long _baseOffset;
    private readonly long _baseTimestamp;
    private readonly long _batchTimestamp;
    private readonly long _nowMs;
    private readonly long _beforeMaxMs;
    private readonly long _afterMaxMs;
    private readonly bool _needsKey;
    private readonly bool _checksTimestamp;
    private readonly bool _isMarkedLogAppendTime;

    public RecordRules(RecordBatchView batch, AppendRules rules, in AppendContext context)
    {
        _baseOffset = batch.BaseOffset;
        _baseTimestamp = batch.BaseTimestamp;
        _batchTimestamp = batch.MaxTimestamp;
        _nowMs = context.NowMs;
        _beforeMaxMs = rules.TimestampBeforeMaxMs;
        _afterMaxMs = rules.TimestampAfterMaxMs;
        _needsKey = rules.IsCompacted;
        _checksTimestamp = rules.TimestampType == TimestampType.CreateTime;
        _isMarkedLogAppendTime = batch.TimestampType == TimestampType.LogAppendTime;
    }

    public long TimestampOf(in ScannedRecord record) =>
        _isMarkedLogAppendTime ? _batchTimestamp : unchecked(_baseTimestamp + record.TimestampDelta);

    /// <summary>A producer may mark its batch as LogAppendTime only where its times are checked like others, which then
    /// are the batch's time: so does Kafka.</summary>
    public bool IsAcceptable(bool hasKey, long timestamp)
    {
        if (_needsKey && !hasKey) return false;
        if (!_checksTimestamp || timestamp == RecordBatchLayout.NoTimestamp) return !_isMarkedLogAppendTime;
        long age = unchecked(_nowMs - timestamp);
        return age <= _beforeMaxMs && unchecked(-age) <= _afterMaxMs;
    }

    /// <summary>What is wrong with a record that is not acceptable.</summary>
    public RefusedRecord Describe(int index, in ScannedRecord record, long timestamp)
    {
        long offset = unchecked(_baseOffset + record.OffsetDelta);
        if (_needsKey && !record.HasKey)
            return new RefusedRecord(index, RecordFault.KeyMissing, offset, timestamp, 0, 0);
        return _checksTimestamp && timestamp != RecordBatchLayout.NoTimestamp
            ? new RefusedRecord(
                index,
                RecordFault.TimestampOutOfRange,
                offset,
                timestamp,
                unchecked(_nowMs - _beforeMaxMs),
                unchecked(_nowMs + _afterMaxMs))
            : new RefusedRecord(index, RecordFault.TimestampTypeNotAllowed, offset, timestamp, 0, 0);
    }
}
