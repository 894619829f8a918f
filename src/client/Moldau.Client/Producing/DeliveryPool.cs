using System.Collections.Concurrent;

namespace Moldau.Client;

/// <summary>Awaited sends that are over, for the next ones.</summary>
internal sealed class DeliveryPool
{
    private const int MostKept = 4096;

    private readonly ConcurrentQueue<SendDelivery> _idle = new();
    private int _count;

    public SendDelivery Rent()
    {
        if (!_idle.TryDequeue(out SendDelivery? delivery)) return new SendDelivery(this);
        Interlocked.Decrement(ref _count);
        return delivery;
    }

    public void Return(SendDelivery delivery)
    {
        // Awaiters return on their threads; a few more or less than the limit do no harm.
        if (Volatile.Read(ref _count) >= MostKept) return;
        Interlocked.Increment(ref _count);
        _idle.Enqueue(delivery);
    }
}
