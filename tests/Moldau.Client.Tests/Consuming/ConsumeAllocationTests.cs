using Moldau.Base;
using Moldau.Client.Tests.Producing;
using Moldau.Client.Tests.Support;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Raw records cost no garbage: what is allocated belongs to fetches.</summary>
[Collection(nameof(AllocationTests))]
public sealed class ConsumeAllocationTests(Servers servers)
{
    private const int Records = 200_000;

    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RawRecords_AllocateNothing(bool inBatches)
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
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

        TopicPartition partition = new(name, 0);
        await using var consumer = client.CreateConsumer(
            Serde.Bytes, Serde.Bytes, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(partition);
        await ReadAsync();
        consumer.SeekToBeginning(partition);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await ReadAsync();
        double each = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Records;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each:0.000} bytes a record");
        Assert.True(each < 1, $"{each} bytes a record were allocated");

        async Task ReadAsync()
        {
            int read = 0;
            if (!inBatches)
            {
                await foreach (var record in consumer.ReadAllAsync(Cancel))
                {
                    if (record.Value.Length == 100 && ++read == Records) return;
                }
            }

            await foreach (var batch in consumer.ReadBatchesAsync(Cancel))
            {
                foreach (var record in batch)
                    if (record.Value.Length == 100) read++;
                if (read == Records) return;
            }
        }
    }
}
