using Moldau.Base;
using Moldau.Client.Tests.Producing;
using Moldau.Client.Tests.Support;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Raw records cost no garbage, and fetches hardly any.</summary>
[Collection(nameof(AllocationTests))]
public sealed class ConsumeAllocationTests(Servers servers)
{
    private const int Readings = 10;
    private const int Records = 200_000;

    private static CancellationToken Cancel => Patience.Token;

    [Fact]
    public async Task StepsFromRecordToRecord_AllocateNothing()
    {
        await using MoldauClient client = new(servers.Get("moldau").Bootstrap);
        await using Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer = await FilledAsync(client);
        await StepAsync();

        // Which buffers the shared pool has depends on the cores that threads have run on, and a reading beside other work may
        // find none: the state that it settles in counts.
        (int costly, double each) = (Records, double.MaxValue);
        for (int reading = 0; reading < Readings; reading++)
        {
            foreach (TopicPartition partition in consumer.Assignment) consumer.SeekToBeginning(partition);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            costly = Math.Min(costly, await StepAsync());
            each = Math.Min(each, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Records);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{costly} of {Records} steps allocated, {each:0.000} bytes a record in all");

        // A step into the next fetch's records is one of thousands; memory that the pool has not got is seldom needed.
        Assert.True(costly < Records / 100, $"{costly} of {Records} steps allocated something");
        Assert.True(each <= 0.1, $"{each} bytes a record were allocated");

        async Task<int> StepAsync()
        {
            await using var reader = consumer.ReadAllAsync(Cancel).GetAsyncEnumerator(Cancel);
            int allocating = 0;
            for (int read = 0; read < Records; read++)
            {
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                ValueTask<bool> next = reader.MoveNextAsync();
                if (!next.IsCompleted || GC.GetAllocatedBytesForCurrentThread() != allocated) allocating++;
                await next;
            }

            return allocating;
        }
    }

    [Fact]
    public async Task RecordsOfABatch_AllocateNothing()
    {
        await using MoldauClient client = new(servers.Get("moldau").Bootstrap);
        await using Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer = await FilledAsync(client);
        int read = 0;
        long allocated = 0;
        await foreach (var batch in consumer.ReadBatchesAsync(Cancel))
        {
            // The first one makes what is used for all: codecs, a cursor.
            bool isFirst = read == 0;
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var record in batch)
                if (record.Value.Length == 100) read++;
            if (!isFirst) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            if (read == Records) break;
        }

        Assert.Equal(0, allocated);
    }

    private static async Task<Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> FilledAsync(MoldauClient client)
    {
        string name = await Topics.CreateAsync(client);
        await using (Producer producer = client.CreateProducer(new ProducerOptions { BatchBytes = 1 << 18 }))
        {
            byte[] value = new byte[100];
            for (int i = 0; i < Records; i++)
            {
                ValueTask enqueued = producer.EnqueueAsync(name, default, value, Cancel);
                if (!enqueued.IsCompletedSuccessfully) await enqueued;
            }

            await producer.FlushAsync(Cancel);
        }

        var consumer = client.CreateConsumer(
            Serde.Bytes, Serde.Bytes, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(new TopicPartition(name, 0));
        return consumer;
    }
}
