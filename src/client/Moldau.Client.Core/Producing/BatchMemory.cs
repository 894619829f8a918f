using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>The memory of a producer's batches: who holds how much of <c>buffer.memory</c>, and builders and codecs that
/// are used again.</summary>
internal sealed class BatchMemory(ProducerOptions options)
{
    private const int MostCodecsKept = 8;

    private readonly Stack<RecordBatchBuilder> _builders = new();
    private readonly Stack<RecordCodecs> _codecs = new();

    /// <summary>As many builders as the buffer memory has batches.</summary>
    private readonly long _mostKept = Math.Max(1, options.BufferBytes / options.BatchBytes);
    private readonly RecordBatchOptions _normal = Options(options, options.BatchBytes);

    /// <summary>Bytes that batches hold.</summary>
    public long Used { get; private set; }

    public bool HasRoom(long bytes) => Used + bytes <= options.BufferBytes;

    /// <summary>What a batch that begins with such a record holds.</summary>
    public long Need(long recordBytes) =>
        Math.Max(options.BatchBytes, recordBytes + RecordBatchLayout.HeaderBytes);

    public void Reserve(long bytes) => Used += bytes;

    public RecordBatchBuilder Rent(long bytes)
    {
        RecordBatchOptions wanted = bytes == options.BatchBytes ? _normal : Options(options, (int)bytes);
        if (!_builders.TryPop(out RecordBatchBuilder? builder)) return new RecordBatchBuilder(wanted);
        builder.Reset(wanted);
        return builder;
    }

    /// <summary>Gives back what an ended batch holds.</summary>
    public void Release(ProduceBatch batch)
    {
        Verify.That(batch.State != ProduceBatchState.Ended);
        batch.State = ProduceBatchState.Ended;
        Used -= batch.ReservedBytes;
        RecordBatchBuilder builder = batch.TakeBuilder();
        if (batch.ReservedBytes <= options.BatchBytes && _builders.Count < _mostKept) _builders.Push(builder);
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
