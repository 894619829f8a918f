using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Producing;

/// <summary>The garbage of other tests is not to be counted.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>Records cost no garbage: what is allocated belongs to batches and requests.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
        for (int i = 0; i < 5000; i++) await producer.EnqueueAsync(topic, "key", i, Cancel);
        Assert.Equal(0, AllocatedBy(() =>
        {
            for (int i = 0; i < 2000; i++)
                Assert.True(producer.EnqueueAsync(topic, "key", i, Cancel).IsCompletedSuccessfully);
        }));
        await producer.FlushAsync(Cancel);
    }

    [Fact]
    public async Task EnqueueAsync_InSteadyState_AllocatesPerBatchOnly()
    {
        const int Records = 200_000;
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using Producer producer = client.CreateProducer(new ProducerOptions { BufferBytes = 1 << 20 });
        byte[] value = new byte[100];
        await RunAsync(Records / 4);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await RunAsync(Records);
        double each = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Records;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each:0.000} bytes a record");
        Assert.True(each <= 40, $"{each} bytes a record were allocated");

        async Task RunAsync(int records)
        {
            for (int i = 0; i < records; i++)
            {
                ValueTask enqueued = producer.EnqueueAsync(name, default, value, Cancel);
                if (!enqueued.IsCompletedSuccessfully) await enqueued;
            }

            await producer.FlushAsync(Cancel);
        }
    }

    private static long AllocatedBy(Action action)
    {
        action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
