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

/// <summary>A send that is awaited; it goes back to its pool when it is over for both sides.</summary>
internal sealed class SendDelivery : Delivery
{
    private readonly UserWait<RecordMetadata> _wait;

    public SendDelivery(IdlePool<SendDelivery> pool) => _wait = new UserWait<RecordMetadata>(() => pool.Return(this));

    /// <summary>Awaited once.</summary>
    public ValueTask<RecordMetadata> Result => _wait.Result;

    public void Begin(CancellationToken cancel) => _wait.Begin(cancel);

    protected override void OnComplete(in DeliveryReport report)
    {
        if (report.Error is { } error)
        {
            _wait.Fail(new MoldauException(error));
            return;
        }

        _wait.Succeed(new RecordMetadata(
            report.Topic, report.Partition, report.Offset, UnixTime.Of(report.TimestampMs)));
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
