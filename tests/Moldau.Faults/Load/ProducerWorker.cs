using Moldau.Base;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Faults;

/// <summary>An idempotent producer that sends to all partitions, a bounded number under way for each.</summary>
internal sealed class ProducerWorker(
    int worker, CompressionCodec codec, IReadOnlyList<TopicPartition> partitions, ILoadEvents events, LoadOptions options)
{
    private const int MostUnderWay = 60;
    private readonly int[] _underWay = new int[partitions.Count];
    private readonly long[] _sequence = new long[partitions.Count];
    private readonly Random _random = new(HashCode.Combine(options.Seed, worker));

    /// <summary>Sends until it is told to stop, then waits for what is under way.</summary>
    public async Task RunAsync(MoldauClient client, CancellationToken stop)
    {
        await using var producer = client.CreateProducer(new ProducerOptions
        {
            Compression = codec,
            Linger = Duration.FromMs(2),
            DeliveryTimeout = options.DeliveryTimeout,
        });
        while (!stop.IsCancellationRequested)
        {
            for (var i = 0; i < options.Burst; i++) await SendAsync(producer, _random.Next(partitions.Count));
            await Task.Delay(_random.Next(4, 16), CancellationToken.None);
        }

        // Bounded by the delivery time-out: every send ends one way or the other, and each has its own handler.
        await producer.FlushAsync(CancellationToken.None);
    }

    private async Task SendAsync(Producer producer, int index)
    {
        if (Volatile.Read(ref _underWay[index]) >= MostUnderWay) return;
        var partition = partitions[index];
        var sequence = ++_sequence[index];
        var id = Payload.IdOf(worker, sequence);
        Interlocked.Increment(ref _underWay[index]);
        events.Sent(partition, id);
        try
        {
            await producer.EnqueueAsync(
                partition.Topic,
                new RawRecord(null, Payload.Make(worker, sequence)) { Partition = partition.Partition },
                report =>
                {
                    Interlocked.Decrement(ref _underWay[index]);
                    if (report.Error is { } error) events.Failed(partition, error.Code.ToString());
                    else events.Acked(partition, report.Offset, id);
                },
                CancellationToken.None);
        }
        catch (MoldauException error)
        {
            Interlocked.Decrement(ref _underWay[index]);
            events.Failed(partition, error.Error.ToString());
        }
    }
}
