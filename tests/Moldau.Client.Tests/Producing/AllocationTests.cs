using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Records;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Producing;

/// <summary>The garbage of other tests is not to be counted.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>Records cost no garbage, and neither do batches, requests, answers and waits: all of them are used
/// again.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests(Servers servers)
{
    /// <summary>Bytes a record that a reading in the settled state may have: what batches and requests cost before was 7, and one
    /// array that the shared pool had not got is 0.1.</summary>
    private const double MostBytes = 0.1;

    private const int MostReadings = 15;
    private const int Records = 200_000;

    /// <summary>One for the test, since a new one is made each time.</summary>
    private readonly CancellationToken _cancel = Patience.Token;

    [Fact]
    public async Task EnqueueAsync_OfARecordThatFillsAnOpenBatch_AllocatesNothing()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        Topic<string, long> topic = new(name, Serde.Utf8, Serde.Int64);
        await using Producer producer = client.CreateProducer(new ProducerOptions
        {
            Linger = Duration.FromSeconds(1000),
            BatchBytes = 1 << 20,
        });
        for (int i = 0; i < 5000; i++) await producer.EnqueueAsync(topic, "key", i, _cancel);
        Assert.Equal(0, AllocatedBy(() =>
        {
            for (int i = 0; i < 2000; i++)
                Assert.True(producer.EnqueueAsync(topic, "key", i, _cancel).IsCompletedSuccessfully);
        }));
        await producer.FlushAsync(_cancel);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public async Task EnqueueAsync_InSteadyState_AllocatesNothing(int partitions)
    {
        await using MoldauClient client = new(servers.Get("moldau").Bootstrap);
        string name = await Topics.CreateAsync(client, partitions);

        // Room for 64 batches: whoever sends waits for it again and again.
        await using Producer producer = client.CreateProducer(new ProducerOptions { BufferBytes = 1 << 20 });
        byte[] value = new byte[100];
        await AssertFreeAsync(async () =>
        {
            for (int i = 0; i < Records; i++)
            {
                ValueTask enqueued = producer.EnqueueAsync(name, default, value, _cancel);
                if (!enqueued.IsCompletedSuccessfully) await enqueued;
            }

            await producer.FlushAsync(_cancel);
        });
    }

    /// <summary>Compression runs away from the machine: the jobs are used again too.</summary>
    [Theory]
    [InlineData(CompressionCodec.Lz4)]
    [InlineData(CompressionCodec.Zstd)]
    public async Task EnqueueAsync_Compressed_AllocatesNothing(CompressionCodec codec)
    {
        await using MoldauClient client = new(servers.Get("moldau").Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using Producer producer = client.CreateProducer(new ProducerOptions { BufferBytes = 1 << 20, Compression = codec });

        // What cannot be compressed: there are as many batches as without a codec.
        const int ValueBytes = 100;
        byte[] values = new byte[1 << 20];
        new Random(1).NextBytes(values);
        await AssertFreeAsync(async () =>
        {
            for (int i = 0; i < Records; i++)
            {
                int at = i * ValueBytes % (values.Length - ValueBytes);
                ValueTask enqueued = producer.EnqueueAsync(name, default, values.AsSpan(at, ValueBytes), _cancel);
                if (!enqueued.IsCompletedSuccessfully) await enqueued;
            }

            await producer.FlushAsync(_cancel);
        });
    }

    [Fact]
    public async Task SendAsync_InSteadyState_AllocatesNothing()
    {
        const int UnderWay = 2000;
        await using MoldauClient client = new(servers.Get("moldau").Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using Producer producer = client.CreateProducer(new ProducerOptions { BufferBytes = 1 << 20 });
        RawRecord record = new(null, new byte[100]);
        ValueTask<RecordMetadata>[] sent = new ValueTask<RecordMetadata>[UnderWay];
        await AssertFreeAsync(async () =>
        {
            for (int i = 0; i < Records; i++)
            {
                if (i >= UnderWay) await sent[i % UnderWay];
                sent[i % UnderWay] = producer.SendAsync(name, record, _cancel);
            }

            foreach (ValueTask<RecordMetadata> last in sent) await last;
        });
    }

    /// <summary>Runs until a reading has nothing: pools settle, and the shared pool of arrays finds out which cores there
    /// are.</summary>
    private static async Task AssertFreeAsync(Func<Task> run)
    {
        double least = double.MaxValue;
        for (int reading = 0; reading < MostReadings && least > MostBytes; reading++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await run();
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Records);
            TestContext.Current.TestOutputHelper?.WriteLine($"{least:0.0000} bytes a record");
        }

        Assert.True(least <= MostBytes, $"{least} bytes a record were allocated");
    }

    private static long AllocatedBy(Action action)
    {
        action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
