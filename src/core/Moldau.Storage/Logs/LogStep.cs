using Moldau.Base;

namespace Moldau.Storage;

/// <summary>Something that a log does in the order of its decisions.</summary>
internal abstract class LogStep
{
    public DiskOp? Op { get; protected set; }

    /// <summary>Makes the operation, from the state of the log now.</summary>
    public abstract void Start();

    public abstract LogChanges Complete(Instant now, EffectList<DiskOp> ops);

    /// <summary>Will not be done: lets go of what it holds.</summary>
    public virtual void Abandon()
    {
    }
}

/// <summary>A job between appends.</summary>
internal sealed class JobStep(
    Func<JobOp> make, Func<Instant, EffectList<DiskOp>, LogChanges> complete, Action? abandon = null) : LogStep
{
    public override void Start() => Op = make();

    public override LogChanges Complete(Instant now, EffectList<DiskOp> ops) => complete(now, ops);

    public override void Abandon() => abandon?.Invoke();
}

/// <summary>An append that is decided. Holds its data until it is written or dropped.</summary>
internal sealed class PendingAppend : LogStep
{
    public required LogSegment Segment { get; init; }

    public required BufferLease Data { get; init; }

    public required int DataStart { get; init; }

    public required int Length { get; init; }

    /// <summary>Where in the segment it belongs.</summary>
    public required int Position { get; init; }

    public required long EndOffset { get; init; }

    public required BatchSpan First { get; init; }

    /// <summary>The batches behind the first one; null for the usual single batch.</summary>
    public List<BatchSpan>? More { get; init; }

    /// <summary>The segment before, where this append begins one with a file that was prepared; else null.</summary>
    public RolledSegment? Rolled { get; init; }

    /// <summary>Held while the write is out: the log may fail or be let go of meanwhile.</summary>
    public SharedFile? File { get; private set; }

    public void Bind(DiskOp op, SharedFile file)
    {
        Op = op;
        File = file;
        file.Retain();
    }

    public override void Start() => Verify.Fail("appends are emitted by the log");

    public override LogChanges Complete(Instant now, EffectList<DiskOp> ops) => LogChanges.WrittenEnd;

    public override void Abandon() => Data.Release();
}
