using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>The memory of a producer's batches: who holds how much of <c>buffer.memory</c>, and batches and builders that
/// are used again.</summary>
internal sealed class BatchMemory(ProducerOptions options)
{
    private readonly Stack<(RecordBatchBuilder Builder, long Bytes)> _builders = new();
    private readonly Stack<ProduceBatch> _batches = new();

    /// <summary>As many as the buffer memory has batches.</summary>
    private readonly long _mostKept = Math.Max(1, options.BufferBytes / options.BatchBytes);
    private readonly RecordBatchOptions _batchOptions = new()
    {
        Codec = options.Compression,
        CompressionLevel = options.CompressionLevel,
        MaxBytes = options.BatchBytes,
    };

    /// <summary>Bytes that builders may have which nobody uses.</summary>
    private long _keptBytes;

    /// <summary>Bytes that batches hold.</summary>
    public long Used { get; private set; }

    public bool HasRoom(long bytes) => Used + bytes <= options.BufferBytes;

    /// <summary>What a batch that begins with such a record holds.</summary>
    public long Need(long recordBytes) =>
        Math.Max(options.BatchBytes, recordBytes + RecordBatchLayout.HeaderBytes);

    /// <summary>An empty batch that holds so much of the memory, room or not.</summary>
    /// <param name="partition">Whose it is.</param>
    /// <param name="bytes">What it holds.</param>
    /// <param name="maxBytes">What its records may take before they are compressed, see <see cref="TryCover"/>.</param>
    /// <param name="number">Its number.</param>
    /// <param name="created">When it begins.</param>
    public ProduceBatch Open(ProducePartition partition, long bytes, long maxBytes, long number, Instant created)
    {
        if (!_batches.TryPop(out ProduceBatch? batch)) batch = new ProduceBatch(this);
        Used += bytes;
        batch.Begin(partition, Rent(maxBytes), number, created, bytes, maxBytes);
        return batch;
    }

    /// <summary>Records that are to be compressed take more than a batch's size: the batch holds more of the memory as it
    /// grows. False where there is no room for that.</summary>
    public bool TryCover(ProduceBatch batch, long bytes)
    {
        long wanted = Math.Min(bytes, batch.MaxBytes);
        if (wanted <= batch.ReservedBytes) return true;
        long more = Math.Min(Math.Max(wanted - batch.ReservedBytes, options.BatchBytes), batch.MaxBytes - batch.ReservedBytes);
        if (!HasRoom(more)) return false;
        batch.ReservedBytes += more;
        Used += more;
        return true;
    }

    /// <summary>Keeps a batch that nobody holds for the next records.</summary>
    public void Keep(ProduceBatch batch)
    {
        Verify.That(batch.State == ProduceBatchState.Ended);
        batch.State = ProduceBatchState.Idle;
        if (_batches.Count < _mostKept) _batches.Push(batch);
    }

    private RecordBatchBuilder Rent(long maxBytes)
    {
        RecordBatchBuilder? builder = null;
        if (_builders.TryPop(out (RecordBatchBuilder Builder, long Bytes) kept))
        {
            builder = kept.Builder;
            _keptBytes -= kept.Bytes;
        }

        builder ??= new RecordBatchBuilder(_batchOptions);
        builder.Reset(_batchOptions, (int)Math.Min(maxBytes, int.MaxValue));
        return builder;
    }

    /// <summary>Gives back what an ended batch holds.</summary>
    public void Release(ProduceBatch batch)
    {
        long bytes = batch.ReservedBytes;
        Used -= bytes;
        RecordBatchBuilder builder = batch.EndLife();
        if (_keptBytes + bytes > options.BufferBytes)
        {
            builder.Dispose();
            return;
        }

        _builders.Push((builder, bytes));
        _keptBytes += bytes;
    }

    /// <summary>Lets go of all that is kept.</summary>
    public void Clear()
    {
        _batches.Clear();
        while (_builders.TryPop(out (RecordBatchBuilder Builder, long Bytes) kept)) kept.Builder.Dispose();
        _keptBytes = 0;
    }
}
