using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>The memory of a producer's batches: who holds how much of <c>buffer.memory</c>, and batches, builders and codecs
/// that are used again.</summary>
internal sealed class BatchMemory(ProducerOptions options)
{
    private const int MostCodecsKept = 8;

    private readonly Stack<RecordBatchBuilder> _builders = new();
    private readonly Stack<RecordCodecs> _codecs = new();
    private readonly Stack<ProduceBatch> _batches = new();

    /// <summary>As many as the buffer memory has batches.</summary>
    private readonly long _mostKept = Math.Max(1, options.BufferBytes / options.BatchBytes);
    private readonly RecordBatchOptions _normal = Options(options, options.BatchBytes);

    /// <summary>Bytes that batches hold.</summary>
    public long Used { get; private set; }

    public bool HasRoom(long bytes) => Used + bytes <= options.BufferBytes;

    /// <summary>What a batch that begins with such a record holds.</summary>
    public long Need(long recordBytes) =>
        Math.Max(options.BatchBytes, recordBytes + RecordBatchLayout.HeaderBytes);

    /// <summary>An empty batch that holds so much of the memory, room or not.</summary>
    public ProduceBatch Open(ProducePartition partition, long bytes, long number, Instant created)
    {
        if (!_batches.TryPop(out ProduceBatch? batch)) batch = new ProduceBatch(this);
        Used += bytes;
        batch.Begin(partition, Rent(bytes), number, created, bytes);
        return batch;
    }

    /// <summary>Keeps a batch that nobody holds for the next records.</summary>
    public void Keep(ProduceBatch batch)
    {
        Verify.That(batch.State == ProduceBatchState.Ended);
        batch.State = ProduceBatchState.Idle;
        if (_batches.Count < _mostKept) _batches.Push(batch);
    }

    private RecordBatchBuilder Rent(long bytes)
    {
        RecordBatchOptions wanted = bytes == options.BatchBytes ? _normal : Options(options, (int)bytes);
        if (!_builders.TryPop(out RecordBatchBuilder? builder)) return new RecordBatchBuilder(wanted);
        builder.Reset(wanted);
        return builder;
    }

    /// <summary>Gives back what an ended batch holds.</summary>
    public void Release(ProduceBatch batch)
    {
        long bytes = batch.ReservedBytes;
        Used -= bytes;
        RecordBatchBuilder builder = batch.EndLife();
        if (bytes <= options.BatchBytes && _builders.Count < _mostKept) _builders.Push(builder);
        else builder.Dispose();
    }

    public RecordCodecs RentCodecs() => _codecs.TryPop(out RecordCodecs? codecs) ? codecs : new RecordCodecs();

    public void Return(RecordCodecs codecs)
    {
        if (_codecs.Count < MostCodecsKept) _codecs.Push(codecs);
        else codecs.Dispose();
    }

    /// <summary>Lets go of all that is kept.</summary>
    public void Clear()
    {
        _batches.Clear();
        while (_builders.TryPop(out RecordBatchBuilder? builder)) builder.Dispose();
        while (_codecs.TryPop(out RecordCodecs? codecs)) codecs.Dispose();
    }

    private static RecordBatchOptions Options(ProducerOptions options, int bytes) => new()
    {
        Codec = options.Compression,
        CompressionLevel = options.CompressionLevel,
        MaxBytes = bytes,
    };
}

/// <summary>Compresses a closed batch away from the machine.</summary>
internal sealed class CompressJob(ProducerPart producer, ProduceBatch batch, RecordBatchBuilder builder, RecordCodecs codecs)
    : ClientJob
{
    private Memory<byte> _bytes;

    public override void Run() => _bytes = builder.Build(codecs);

    internal override void Done(ClientTurn turn)
    {
        batch.Bytes = _bytes;
        producer.Accumulator.Memory.Return(codecs);
        producer.Accumulator.OnCompressed(batch);
    }
}
