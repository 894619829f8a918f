using System.Buffers.Binary;
using System.Diagnostics;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Load;

internal static class Workloads
{
    private const int Round = 256;
    private const int TimedOneIn = 16;

    public static async Task ProduceAsync(LoadOptions options)
    {
        Meter meter = options.NewMeter();
        await RunClientsAsync(options, async (client, index) =>
        {
            await using Producer producer = client.CreateProducer(options.Producer);
            byte[][] values = Values(options.Size, index);
            if (options.Rate > 0)
            {
                await OnThreadAsync(() => ProducePaced(options, producer, values, meter));
            }
            else
            {
                // A call that does not wait does not give the thread back either.
                await Task.Run(() => ProduceFreelyAsync(options.Topic, producer, values, meter));
            }
        });
        meter.Print(options.Size);
    }

    public static async Task ConsumeAsync(LoadOptions options)
    {
        Meter meter = options.NewMeter();
        await RunClientsAsync(options, async (client, _) =>
        {
            await using var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, options.Consumer(OffsetReset.Earliest));
            consumer.Assign([.. options.AllPartitions]);
            long ofTopic = 0;
            await foreach (var batch in consumer.ReadBatchesAsync())
            {
                long records = 0;
                foreach (var record in batch)
                {
                    if (record.Value.Length != options.Size) throw new InvalidDataException("a record of another size");
                    records++;
                }

                if (!meter.Add(records)) return;
                ofTopic += records;
                if (options.Count == 0 || ofTopic < options.Count) continue;
                ofTopic = 0;
                foreach (var partition in options.AllPartitions) consumer.Seek(partition, 0);
            }
        });
        meter.Print(options.Size);
    }

    /// <summary>A client sends; all others read.</summary>
    public static async Task EndToEndAsync(LoadOptions options)
    {
        Meter meter = options.NewMeter();
        bool isOver = false;
        Task? sending = null;
        await RunClientsAsync(options, async (client, index) =>
        {
            await using var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, options.Consumer(OffsetReset.Earliest));
            consumer.Assign([.. options.AllPartitions]);
            // Who sends and who reads are not one program as a rule, and share no client's lock.
            await using MoldauClient sender = new(options.Bootstrap);
            await using Producer producer = sender.CreateProducer(options.Producer);
            if (index == 0) sending = OnThreadAsync(() => Send(options, producer, () => Volatile.Read(ref isOver)));
            await foreach (var batch in consumer.ReadBatchesAsync())
            {
                long records = 0;
                foreach (var record in batch)
                {
                    meter.Latency(BinaryPrimitives.ReadInt64BigEndian(record.Value.Span), Stopwatch.GetTimestamp());
                    records++;
                }

                if (!meter.Add(records)) break;
            }

            Volatile.Write(ref isOver, true);
            if (index == 0) await sending!;
        });
        meter.Print(options.Size);
    }

    public static async Task DeleteAsync(LoadOptions options)
    {
        await using MoldauClient client = new(options.Bootstrap);
        await client.Admin.DeleteTopicsAsync([options.Topic]);
    }

    private static async Task RunClientsAsync(LoadOptions options, Func<MoldauClient, int, Task> work)
    {
        await Task.WhenAll(Enumerable.Range(0, options.Clients).Select(async i =>
        {
            await using MoldauClient client = new(options.Bootstrap);
            await work(client, i);
        }));
    }

    private static async Task ProduceFreelyAsync(string topic, Producer producer, byte[][] values, Meter meter)
    {
        do
        {
            for (int i = 0; i < Round; i++)
            {
                byte[] value = values[i % values.Length];
                ValueTask enqueued = i % TimedOneIn == 0
                    ? producer.EnqueueAsync(topic, new RawRecord(null, value), Timed(meter, Stopwatch.GetTimestamp()))
                    : producer.EnqueueAsync(topic, default, value);
                if (!enqueued.IsCompletedSuccessfully) await enqueued;
            }
        }
        while (meter.Add(Round));
    }

    private static void ProducePaced(LoadOptions options, Producer producer, byte[][] values, Meter meter)
    {
        bool isOver = false;
        int i = 0;
        Pacer.Run(options.Rate / options.Clients, () => isOver, due =>
        {
            RawRecord record = new(null, values[i++ % values.Length]);
            ValueTask enqueued = producer.EnqueueAsync(options.Topic, record, Timed(meter, due));
            if (!enqueued.IsCompletedSuccessfully) enqueued.AsTask().Wait();
            isOver = !meter.Add(1);
        });
    }

    private static void Send(LoadOptions options, Producer producer, Func<bool> isOver)
    {
        byte[] value = Values(options.Size, 0)[0];
        void One(long due)
        {
            BinaryPrimitives.WriteInt64BigEndian(value, due);
            ValueTask enqueued = producer.EnqueueAsync(options.Topic, default, value);
            if (!enqueued.IsCompletedSuccessfully) enqueued.AsTask().Wait();
        }

        if (options.Rate > 0) Pacer.Run(options.Rate, isOver, One);
        while (!isOver()) One(Stopwatch.GetTimestamp());
    }

    private static Action<DeliveryReport> Timed(Meter meter, long sentAt) => report =>
    {
        if (report.Error is null) meter.Latency(sentAt, Stopwatch.GetTimestamp());
        else meter.Failed();
    };

    private static Task OnThreadAsync(Action work)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        })
        { IsBackground = true }.Start();
        return done.Task;
    }

    /// <summary>Half of each value is random: they compress to about a half.</summary>
    private static byte[][] Values(int size, int seed)
    {
        const int Different = 64;
        Random random = new(seed);
        byte[][] values = new byte[Different][];
        for (int i = 0; i < Different; i++)
        {
            values[i] = new byte[size];
            random.NextBytes(values[i].AsSpan(0, size / 2));
        }

        return values;
    }
}
