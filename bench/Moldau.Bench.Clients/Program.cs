using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Moldau.Base;
using Moldau.Bench.Clients;
using Moldau.Client;

// One run of this repository's client for bench/clients.sh, which says what the arguments and the settings are.
if (args is not [string mode, string bootstrap, string topic, string sizeText, string secondsText, string countText])
{
    Console.Error.WriteLine("usage: produce|consume|e2e|delete BOOTSTRAP TOPIC SIZE SECONDS COUNT");
    return 2;
}

const int Partitions = 6;
int size = int.Parse(sizeText, CultureInfo.InvariantCulture);
int count = int.Parse(countText, CultureInfo.InvariantCulture);
Meter meter = new(double.Parse(secondsText, CultureInfo.InvariantCulture));
await using MoldauClient client = new(bootstrap);
await (mode switch
{
    "produce" => ProduceAsync(),
    "consume" => ConsumeAsync(),
    "e2e" => EndToEndAsync(),
    "delete" => client.Admin.DeleteTopicsAsync([topic]),
    _ => throw new ArgumentException(mode),
});
return 0;

Producer NewProducer(int lingerMs) => client.CreateProducer(new ProducerOptions
{
    Acks = Acks.All,
    IsIdempotent = true,
    Linger = Duration.FromMs(lingerMs),
    BatchBytes = 64 << 10,
    BufferBytes = 32 << 20,
});

Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> NewConsumer(int maxWaitMs)
{
    var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, new ConsumerOptions
    {
        OffsetReset = OffsetReset.Earliest,
        FetchMaxWait = TimeSpan.FromMilliseconds(maxWaitMs),
    });
    consumer.Assign([.. AllPartitions()]);
    return consumer;
}

IEnumerable<TopicPartition> AllPartitions() => Enumerable.Range(0, Partitions).Select(p => new TopicPartition(topic, p));

async Task ProduceAsync()
{
    await using Producer producer = NewProducer(5);
    byte[] value = new byte[size];
    Random.Shared.NextBytes(value);
    const int Round = 256;
    do
    {
        for (int i = 0; i < Round; i++)
        {
            ValueTask enqueued = producer.EnqueueAsync(topic, default, value);
            if (!enqueued.IsCompletedSuccessfully) await enqueued;
        }
    }
    while (meter.Add(Round));
    meter.Print();
}

async Task ConsumeAsync()
{
    int maxWaitMs = int.Parse(Environment.GetEnvironmentVariable("FETCH_WAIT")!, CultureInfo.InvariantCulture);
    await using var consumer = NewConsumer(maxWaitMs);
    long ofTopic = 0;
    long bytes = 0;
    await foreach (var batch in consumer.ReadBatchesAsync())
    {
        long records = 0;
        foreach (var record in batch)
        {
            bytes += record.Value.Length;
            records++;
        }

        if (!meter.Add(records)) break;
        ofTopic += records;
        if (ofTopic < count) continue;
        ofTopic = 0;
        foreach (TopicPartition partition in AllPartitions()) consumer.Seek(partition, 0);
    }

    if (bytes < count) throw new InvalidDataException("the topic was not read to its end once");
    meter.Print();
}

async Task EndToEndAsync()
{
    await using var consumer = NewConsumer(500);
    await using Producer producer = NewProducer(0);
    bool isOver = false;
    Thread sender = new(() =>
    {
        byte[] value = new byte[size];
        Pacer.Run(count, () => Volatile.Read(ref isOver), sentAt =>
        {
            BinaryPrimitives.WriteInt64BigEndian(value, sentAt);
            ValueTask enqueued = producer.EnqueueAsync(topic, default, value);
            if (!enqueued.IsCompletedSuccessfully) enqueued.AsTask().Wait();
        });
    });
    sender.Start();
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

    meter.Print();
    Volatile.Write(ref isOver, true);
    sender.Join();
}
