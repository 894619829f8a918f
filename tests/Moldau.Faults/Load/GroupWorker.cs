using Moldau.Base;
using Moldau.Client;

namespace Moldau.Faults;

/// <summary>A member of the group: reads, then commits what it has read, batch by batch.</summary>
/// <param name="topics">What it subscribes to.</param>
/// <param name="events">Told of what happens.</param>
/// <param name="options">The load.</param>
/// <param name="isVisitor">Leaves and comes back now and then, so that the group has to share anew.</param>
internal sealed class GroupWorker(IReadOnlyList<string> topics, ILoadEvents events, LoadOptions options, bool isVisitor)
{
    public const string Group = "readers";
    private readonly Random _random = new(HashCode.Combine(options.Seed, isVisitor));

    public async Task RunAsync(MoldauClient client, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var visit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            if (isVisitor) visit.CancelAfter(_random.Next(1500, 6000));
            await StayAsync(client, visit.Token);
        }
    }

    private async Task StayAsync(MoldauClient client, CancellationToken stop)
    {
        await using var consumer = client.CreateConsumer(Serde.ByteArray, Serde.ByteArray, new ConsumerOptions
        {
            GroupId = Group,
            OffsetReset = OffsetReset.Earliest,
            EnableAutoCommit = false,
            SessionTimeout = options.SessionTimeout,
            HeartbeatInterval = options.SessionTimeout / 5,
        });
        consumer.Subscribe(topics);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var batch in consumer.ReadBatchesAsync(stop))
                {
                    foreach (var record in batch)
                    {
                        var id = record.RawValue is { } value ? Payload.Read(value.Span) : 0;
                        events.Read(record.TopicPartition, record.Offset, id);
                    }

                    var (partition, next) = (batch.TopicPartition, batch.NextOffset);
                    events.Committing(partition, next);
                    await consumer.CommitAsync(new Dictionary<TopicPartition, CommittedOffset> { [partition] = new(next) }, stop);
                    events.Committed(partition, next);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (MoldauException)
            {
                // The group moved on without this member, or the coordinator is away: the next read joins again.
                await Task.Delay(50, CancellationToken.None);
            }
        }
    }
}
