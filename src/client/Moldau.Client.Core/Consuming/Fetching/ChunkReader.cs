using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Reads the records of chunks on the user's thread: checks the CRC, decompresses, passes over what lies before
/// the position, control records, and, for readers of committed records, what belongs to aborted transactions.</summary>
internal sealed class ChunkReader(ConsumerSettings settings) : IDisposable
{
    private readonly RecordCodecs _codecs = new();
    private readonly HashSet<long> _abortedProducers = [];
    private RecordCursor? _records;
    private FetchedChunk? _chunk;
    private ReadOnlyMemory<byte> _rest;
    private long _position;
    private int _nextAborted;
    private bool _isInBatch;

    /// <summary>The leader epoch of the batch that is read.</summary>
    public int BatchEpoch { get; private set; }

    /// <summary>The offset after all that was read or passed over.</summary>
    public long Position => _position;

    public FetchedChunk? Chunk => _chunk;

    private RecordCursor Records => _records ??= new RecordCursor(_codecs, settings.MaxDecompressedBytes);

    public void Open(FetchedChunk chunk)
    {
        Close();
        _chunk = chunk;
        _rest = chunk.Records;
        _position = chunk.Position;
        BatchEpoch = -1;
        _nextAborted = 0;
        _abortedProducers.Clear();
    }

    /// <summary>The next record; false at the chunk's end or where it was outdated by a seek or a rebalance.</summary>
    /// <param name="record">The record, valid until the next call.</param>
    /// <param name="error">Why no more can be read; null at an ordinary end.</param>
    public bool MoveNext(out RecordMemory record, out ClientError? error)
    {
        error = null;
        record = default;
        while (_chunk is { IsCurrent: true })
        {
            if (!_isInBatch && !NextBatch(ref error)) return false;
            while (Records.MoveNext(out record))
            {
                if (record.Offset < _position) continue;
                _position = record.Offset + 1;
                return true;
            }

            if (Records.Status != RecordReadStatus.Ok)
            {
                error = Damaged(Records.Status == RecordReadStatus.TooLarge
                    ? $"decompress to more than {settings.MaxDecompressedBytes} bytes" : "are damaged");
                return false;
            }

            EndBatch();
        }

        return false;
    }

    public void Close()
    {
        _records?.Close();
        _isInBatch = false;
        _chunk?.Release();
        _chunk = null;
        _rest = default;
    }

    public void Dispose()
    {
        Close();
        _records?.Dispose();
        _codecs.Dispose();
    }

    private bool NextBatch(ref ClientError? error)
    {
        while (RecordBatchView.TryRead(_rest.Span, out RecordBatchView batch) == BatchReadStatus.Ok)
        {
            if (settings.CheckCrcs && batch.IsV2 && !batch.IsCrcValid)
            {
                error = Damaged("do not match their CRC");
                return false;
            }

            if (IsSkipped(batch))
            {
                _position = Math.Max(_position, batch.NextOffset);
                _rest = _rest[batch.SizeInBytes..];
                continue;
            }

            BatchEpoch = batch.PartitionLeaderEpoch;
            Records.Open(_rest[..batch.SizeInBytes]);
            _isInBatch = true;
            return true;
        }

        return false;
    }

    private void EndBatch()
    {
        RecordBatchView.TryRead(_rest.Span, out RecordBatchView batch);
        // A compacted batch may end behind its last record.
        _position = Math.Max(_position, batch.NextOffset);
        _rest = _rest[batch.SizeInBytes..];
        _isInBatch = false;
    }

    private bool IsSkipped(in RecordBatchView batch)
    {
        if (settings.IsolationLevel == IsolationLevel.ReadCommitted && batch.IsV2)
        {
            AbortedTransactionEntry[] aborted = _chunk!.Aborted;
            while (_nextAborted < aborted.Length && aborted[_nextAborted].FirstOffset <= batch.LastOffset)
                _abortedProducers.Add(aborted[_nextAborted++].ProducerId);
            if (batch.IsControl && IsAbortMarker(batch)) _abortedProducers.Remove(batch.ProducerId);
            else if (batch.IsTransactional && _abortedProducers.Contains(batch.ProducerId)) return true;
        }

        return (batch.IsV2 && batch.IsControl) || (batch.IsV2 && batch.NextOffset <= _position);
    }

    private bool IsAbortMarker(in RecordBatchView batch)
    {
        Records.Open(_rest[..batch.SizeInBytes]);
        bool isAbort = Records.MoveNext(out RecordMemory marker)
            && ControlBatches.TryReadKey(marker.Key.GetValueOrDefault().Span, out ControlRecordType type)
            && type == ControlRecordType.Abort;
        Records.Close();
        return isAbort;
    }

    private ClientError Damaged(string what) => new(
        ErrorCode.CorruptMessage, $"the records of {_chunk!.Cursor.Partition} from offset {_position} on {what}");
}
