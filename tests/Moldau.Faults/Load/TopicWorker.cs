using Moldau.Base;
using Moldau.Client;

namespace Moldau.Faults;

/// <summary>An administrator beside the load: makes topics, writes a few records, deletes most of the topics again, and
/// deletes records of the topic that may shrink.</summary>
internal sealed class TopicWorker(int worker, LoadTopic shrinking, ILoadEvents events, LoadOptions options)
{
    private const int Records = 5;
    private const int KeptOutOf = 4;
    private static readonly Duration _deliveryTimeout = Duration.FromSeconds(3);
    private readonly Random _random = new(HashCode.Combine(options.Seed, worker));
    private int _made;

    public async Task RunAsync(MoldauClient client, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await TurnAsync(client, stop);
                await Task.Delay(_random.Next(20, 200), stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (MoldauException)
            {
                // Nobody knows what became of it; the topic stays in the state that says so.
                await Task.Delay(50, CancellationToken.None);
            }
        }
    }

    private async Task TurnAsync(MoldauClient client, CancellationToken stop)
    {
        var name = $"life-{worker}-{++_made}";
        events.Topic(name, TopicState.Unknown);
        var wanted = new NewTopic(name, 1, 1) { Configs = new LoadTopic(name, 1, IsSynced: _made % 2 == 0).Configs };
        await client.Admin.CreateTopicAsync(wanted, stop);
        events.Topic(name, TopicState.Created);
        await WriteAsync(client, name, stop);
        await TrimAsync(client, stop);
        if (_made % KeptOutOf == 0) return;
        events.Topic(name, TopicState.Unknown);
        var answers = await client.Admin.DeleteTopicsAsync([name], stop);
        if (answers[name] is null) events.Topic(name, TopicState.Deleted);
    }

    /// <summary>Where its directory takes nothing, the topic goes without records.</summary>
    private async Task WriteAsync(MoldauClient client, string name, CancellationToken stop)
    {
        TopicPartition partition = new(name, 0);
        await using var producer = client.CreateProducer(new ProducerOptions { DeliveryTimeout = _deliveryTimeout });
        try
        {
            for (var i = 1; i <= Records; i++)
            {
                var id = Payload.IdOf(worker, i);
                events.Sent(partition, id);
                var written = await producer.SendAsync(name, default, Payload.Make(worker, i), stop);
                events.Acked(partition, written.Offset, id);
            }
        }
        catch (MoldauException error)
        {
            events.Failed(partition, error.ErrorName);
        }
    }

    private async Task TrimAsync(MoldauClient client, CancellationToken stop)
    {
        TopicPartition partition = new(shrinking.Name, _random.Next(shrinking.Partitions));
        Dictionary<TopicPartition, OffsetSpec> asked = new() { [partition] = OffsetSpec.Latest };
        var found = await client.Admin.ListOffsetsAsync(asked, cancel: stop);
        if (found[partition].Error is not null) return;
        var before = found[partition].Value.Offset / 2;
        events.Trimming(partition, before);
        await client.Admin.DeleteRecordsAsync(new Dictionary<TopicPartition, long> { [partition] = before }, stop);
    }
}
