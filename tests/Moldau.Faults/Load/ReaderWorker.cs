using Moldau.Base;
using Moldau.Client;

namespace Moldau.Faults;

/// <summary>Reads all partitions from their beginning for as long as it may; what it saw must stay.</summary>
internal sealed class ReaderWorker(IReadOnlyList<TopicPartition> partitions, ILoadEvents events)
{
    private readonly Dictionary<TopicPartition, long> _next = [];

    public async Task RunAsync(MoldauClient client, CancellationToken stop)
    {
        await using var consumer = client.CreateConsumer(
            Serde.ByteArray, Serde.ByteArray, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(partitions);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var batch in consumer.ReadBatchesAsync(stop))
                    foreach (var record in batch) events.Read(record.TopicPartition, record.Offset, IdOf(record));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (MoldauException)
            {
                // A broker that is away, or a partition that is offline: the next read asks again.
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    /// <summary>Reads once everything up to the ends that are given.</summary>
    public async Task ReadToAsync(MoldauClient client, IReadOnlyDictionary<TopicPartition, long> ends, CancellationToken stop)
    {
        var left = ends.Where(e => e.Value > 0).Select(e => e.Key).ToHashSet();
        if (left.Count == 0) return;
        await using var consumer = client.CreateConsumer(
            Serde.ByteArray, Serde.ByteArray, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(partitions);
        await foreach (var record in consumer.ReadAllAsync(stop))
        {
            events.Read(record.TopicPartition, record.Offset, IdOf(record));
            _next[record.TopicPartition] = record.Offset + 1;
            if (record.Offset + 1 >= ends[record.TopicPartition]) left.Remove(record.TopicPartition);
            if (left.Count == 0) return;
        }
    }

    private static long IdOf(ConsumedRecord<byte[], byte[]> record) =>
        record.RawValue is { } value ? Payload.Read(value.Span) : 0;
}
