namespace Moldau.Client;

/// <summary>Who waits for the records of one batch. Filled and emptied under the client's lock.</summary>
internal sealed class BatchReceipts(Producer producer) : IOperationWaiter
{
    private Delivery?[] _deliveries = [];
    private int _count;

    public void Set(int index, Delivery delivery)
    {
        if (index >= _deliveries.Length) Array.Resize(ref _deliveries, Math.Max(index + 1, Math.Max(16, _deliveries.Length * 2)));
        _deliveries[index] = delivery;
        _count = Math.Max(_count, index + 1);
    }

    public void Complete(ClientOperation operation)
    {
        ProduceBatch batch = (ProduceBatch)operation;
        bool isWanted = _count > 0 || batch.Error is not null || producer.HasInterceptors;
        for (int i = 0; isWanted && i < batch.RecordCount; i++) Complete(batch, i);
        if (batch.IsPart) return;
        Array.Clear(_deliveries, 0, _count);
        _count = 0;
        producer.Return(this);
    }

    private void Complete(ProduceBatch batch, int index)
    {
        int at = batch.FirstIndex + index;
        Delivery? delivery = at < _count ? _deliveries[at] : null;
        long timestampMs = batch.LogAppendTimeMs >= 0 ? batch.LogAppendTimeMs : delivery?.TimestampMs ?? -1;
        DeliveryReport report = new(
            batch.Partition.Topic.Name,
            batch.Partition.Index,
            batch.BaseOffset < 0 ? -1 : batch.BaseOffset + index,
            timestampMs,
            batch.ErrorOf(index));
        delivery?.Complete(report);
        producer.OnDelivered(report, isAwaited: delivery is { IsAwaited: true });
    }
}
