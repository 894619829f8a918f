namespace Moldau.Client;

/// <summary>Waits with a record that is parked: tells who awaits the append, and sees that the delivery is told later. It goes
/// back to its pool when it is over for both sides.</summary>
internal sealed class ParkedWaiter : IOperationWaiter
{
    private readonly Producer _producer;
    private readonly UserWait<bool> _wait;
    private Delivery? _delivery;
    private string _topic = "";

    public ParkedWaiter(Producer producer, IdlePool<ParkedWaiter> pool) =>
        (_producer, _wait) = (producer, new UserWait<bool>(() => pool.Return(this)));

    /// <summary>Over when the record is in its batch. Awaited once, or forgotten.</summary>
    public ValueTask Appended => _wait.End;

    public void Begin(Delivery? delivery, string topic, CancellationToken cancel)
    {
        (_delivery, _topic) = (delivery, topic);
        _wait.Begin(cancel);
    }

    public void Forget() => _wait.Forget();

    public void Complete(ClientOperation operation)
    {
        ParkedRecord parked = (ParkedRecord)operation;
        Delivery? delivery = _delivery;
        _delivery = null;
        if (parked.Error is { } error)
        {
            DeliveryReport report = new(_topic, -1, -1, delivery?.TimestampMs ?? -1, error);
            delivery?.Complete(report);
            _producer.OnDelivered(report, isAwaited: true);
            if (delivery is not { IsAwaited: true }) _wait.Fail(new MoldauException(error));
            else _wait.Succeed(true);
            return;
        }

        _producer.Attach(parked.Batch!, parked.Index, delivery);
        _wait.Succeed(true);
    }
}
