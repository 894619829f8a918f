using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Has closed batches compressed away from the machine, in the order in which they were closed. So many at a time: each job keeps
/// what its codec needs, which may be more than a megabyte, and is used again with it.</summary>
internal sealed class BatchCompressor(ProducerPart producer)
{
    /// <summary>As many threads as may be busy with it; none of them is idle for want of a job before the machine comes to give it
    /// the next batch.</summary>
    private const int MostJobs = 8;

    private readonly Queue<ProduceBatch> _waiting = new();
    private readonly Stack<CompressJob> _idle = new();
    private int _jobs;
    private bool _isCleared;

    public void Add(ProduceBatch batch, ClientTurn turn)
    {
        if (_idle.TryPop(out CompressJob? job))
        {
            job.Start(batch, turn);
        }
        else if (_jobs < MostJobs)
        {
            _jobs++;
            new CompressJob(this).Start(batch, turn);
        }
        else
        {
            _waiting.Enqueue(batch);
        }
    }

    /// <summary>A job is over and nobody holds it.</summary>
    public void OnDone(CompressJob job, ProduceBatch batch, ClientTurn turn)
    {
        producer.Accumulator.OnCompressed(batch);
        while (_waiting.TryDequeue(out ProduceBatch? next))
        {
            if (!next.IsDone)
            {
                job.Start(next, turn);
                return;
            }

            // Given up meanwhile: nobody sends it.
            producer.Accumulator.OnCompressed(next);
        }

        if (_isCleared) job.Dispose();
        else _idle.Push(job);
    }

    /// <summary>Lets go of all that is kept; jobs that are under way follow when they are over.</summary>
    public void Clear()
    {
        _isCleared = true;
        while (_idle.TryPop(out CompressJob? job)) job.Dispose();
    }
}

/// <summary>Compresses one batch at a time. While it runs, on any thread, nobody else touches the batch's builder.</summary>
internal sealed class CompressJob(BatchCompressor owner) : ClientJob, IDisposable
{
    private readonly RecordCodecs _codecs = new();
    private ProduceBatch? _batch;
    private Memory<byte> _bytes;

    public void Start(ProduceBatch batch, ClientTurn turn)
    {
        Verify.That(_batch is null);
        Verify.That(batch.State == ProduceBatchState.Compressing);
        _batch = batch;
        turn.Effects.Add(ClientEffect.Run(this));
    }

    public override void Run() => _bytes = _batch!.Builder!.Build(_codecs); // it has both from its start to its end

    public void Dispose() => _codecs.Dispose();

    internal override void Done(ClientTurn turn)
    {
        ProduceBatch batch = _batch!; // as above
        batch.Bytes = _bytes;
        batch.Partition.Topic.Compression.Note(batch.Builder!.SizeInBytes, _bytes.Length); // as above
        (_batch, _bytes) = (null, default);
        owner.OnDone(this, batch, turn);
    }
}
