using System.Threading.Tasks.Sources;

namespace Moldau.Client;

/// <summary>Who wants to know what became of one record.</summary>
internal abstract class Delivery
{
    /// <summary>The record's time as the sender gave it.</summary>
    public long TimestampMs { get; set; }

    /// <summary>False where nobody hears of a failure unless it is kept for the next flush.</summary>
    public virtual bool IsAwaited => true;

    /// <summary>The span of the send; null where nobody listens.</summary>
    public SendTrace? Trace { get; set; }

    /// <summary>Under the client's lock: it hands on and runs nobody's code.</summary>
    public void Complete(in DeliveryReport report)
    {
        // Forgotten first: who awaits may use this again at once.
        SendTrace? trace = Trace;
        Trace = null;
        trace?.End(report);
        OnComplete(report);
    }

    protected abstract void OnComplete(in DeliveryReport report);
}

/// <summary>A send that is awaited. It goes back to its pool when the result was taken, unless a token may give it up: then
/// its batch may hold it longer than its awaiter.</summary>
internal sealed class SendDelivery : Delivery, IValueTaskSource<RecordMetadata>
{
    private readonly DeliveryPool? _pool;
    private readonly CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<RecordMetadata> _core = new() { RunContinuationsAsynchronously = true };
    private int _isOver;

    public SendDelivery(DeliveryPool pool) => _pool = pool;

    public SendDelivery(CancellationToken cancel) => _registration = cancel.UnsafeRegister(
        static (state, token) => ((SendDelivery)state!).TryFail(new OperationCanceledException(token)), this);

    public ValueTask<RecordMetadata> Task => new(this, _core.Version);

    protected override void OnComplete(in DeliveryReport report)
    {
        if (report.Error is { } error)
        {
            TryFail(new MoldauException(error));
            return;
        }

        // The driver's thread and a token may both want to end it; the first one does.
        if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
        _registration.Unregister();
        _core.SetResult(new RecordMetadata(
            report.Topic, report.Partition, report.Offset, UnixTime.Of(report.TimestampMs)));
    }

    public RecordMetadata GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (_pool is not null)
            {
                _core.Reset();
                _isOver = 0;
                _pool.Return(this);
            }
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void TryFail(Exception error)
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
        _registration.Unregister();
        _core.SetException(error);
    }
}

/// <summary>An enqueued record whose time the interceptors are to be told.</summary>
internal sealed class UnawaitedDelivery : Delivery
{
    public override bool IsAwaited => false;

    protected override void OnComplete(in DeliveryReport report)
    {
    }
}

/// <summary>A record with a handler of its own.</summary>
internal sealed class HandlerDelivery(ReportQueue reports, Action<DeliveryReport> handler) : Delivery
{
    protected override void OnComplete(in DeliveryReport report) => reports.Add(handler, report);
}
