using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Moldau.Load;

// One run of Confluent.Kafka for bench/clients.py, which says what the arguments and the settings are.
if (args is not
    [string mode, string bootstrap, string topic, string sizeText, string secondsText, string warmUpText, string countText,
        string waitText])
{
    Console.Error.WriteLine("usage: produce|consume|e2e BOOTSTRAP TOPIC SIZE SECONDS WARMUP COUNT WAIT");
    return 2;
}

const int Partitions = 6;
int size = int.Parse(sizeText, CultureInfo.InvariantCulture);
int count = int.Parse(countText, CultureInfo.InvariantCulture);
int maxWaitMs = int.Parse(waitText, CultureInfo.InvariantCulture);
Meter meter = new(double.Parse(secondsText, CultureInfo.InvariantCulture), double.Parse(warmUpText, CultureInfo.InvariantCulture));
switch (mode)
{
    case "produce":
        Produce();
        return 0;
    case "consume":
        Consume();
        return 0;
    case "e2e":
        EndToEnd();
        return 0;
    default:
        throw new ArgumentException(mode);
}

IProducer<Null, byte[]> NewProducer(int lingerMs) => new ProducerBuilder<Null, byte[]>(new ProducerConfig
{
    BootstrapServers = bootstrap,
    Acks = Acks.All,
    EnableIdempotence = true,
    LingerMs = lingerMs,
    BatchSize = 64 << 10,
    QueueBufferingMaxKbytes = 32 << 10,
    QueueBufferingMaxMessages = 10_000_000,
}).Build();

IConsumer<Ignore, byte[]> NewConsumer()
{
    IConsumer<Ignore, byte[]> consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
    {
        BootstrapServers = bootstrap,
        GroupId = "bench",
        EnableAutoCommit = false,
        CheckCrcs = true,
        FetchMinBytes = 1,
        FetchWaitMaxMs = maxWaitMs,
        FetchMaxBytes = 50 << 20,
        MaxPartitionFetchBytes = 1 << 20,
        AutoOffsetReset = AutoOffsetReset.Earliest,
    }).Build();
    consumer.Assign(AllPartitions());
    return consumer;
}

IEnumerable<TopicPartitionOffset> AllPartitions() =>
    Enumerable.Range(0, Partitions).Select(p => new TopicPartitionOffset(topic, p, 0));

void Send(IProducer<Null, byte[]> producer, byte[] value)
{
    while (true)
    {
        try
        {
            producer.Produce(topic, new Message<Null, byte[]> { Value = value });
            return;
        }
        catch (ProduceException<Null, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
        {
            // Until its own thread has sent some.
            producer.Flush(TimeSpan.FromMilliseconds(1));
        }
    }
}

void Produce()
{
    using IProducer<Null, byte[]> producer = NewProducer(5);
    byte[] value = new byte[size];
    Random.Shared.NextBytes(value);
    const int Round = 256;
    do
    {
        for (int i = 0; i < Round; i++) Send(producer, value);
    }
    while (meter.Add(Round));
    meter.Print(size);
    producer.Flush(TimeSpan.FromSeconds(20));
}

void Consume()
{
    using IConsumer<Ignore, byte[]> consumer = NewConsumer();
    const int Round = 256;
    long ofTopic = 0;
    long bytes = 0;
    long records = 0;
    while (true)
    {
        if (consumer.Consume(TimeSpan.FromSeconds(20)) is not { } result) throw new TimeoutException("no record for 20 seconds");
        bytes += result.Message.Value.Length;
        records++;
        ofTopic++;
        if (ofTopic == count)
        {
            ofTopic = 0;
            consumer.Assign(AllPartitions());
        }

        if (records < Round) continue;
        if (!meter.Add(records)) break;
        records = 0;
    }

    if (bytes < count) throw new InvalidDataException("the topic was not read to its end once");
    meter.Print(size);
}

void EndToEnd()
{
    using IConsumer<Ignore, byte[]> consumer = NewConsumer();
    using IProducer<Null, byte[]> producer = NewProducer(0);
    bool isOver = false;
    byte[] value = new byte[size];
    Thread sender = new(() => Pacer.Run(count, () => Volatile.Read(ref isOver), sentAt =>
    {
        BinaryPrimitives.WriteInt64BigEndian(value, sentAt);
        Send(producer, value);
    }));
    sender.Start();
    while (true)
    {
        if (consumer.Consume(TimeSpan.FromSeconds(20)) is not { } result) throw new TimeoutException("no record for 20 seconds");
        meter.Latency(BinaryPrimitives.ReadInt64BigEndian(result.Message.Value), Stopwatch.GetTimestamp());
        if (!meter.Add(1)) break;
    }

    meter.Print(size);
    Volatile.Write(ref isOver, true);
    sender.Join();
}
