using System.Diagnostics;
using System.Diagnostics.Metrics;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>What is measured of a consumer.</summary>
internal static class ConsumerTelemetry
{
    /// <summary>Commits as a span, where somebody listens.</summary>
    public static Task CommitAsync<TState>(
        ClientDriver driver, ConsumerOptions options, TState state, Func<ClientDriver, TState, Task> commit) =>
        ClientTelemetry.WantsOperations ? TracedAsync(driver, options, state, commit) : commit(driver, state);

    /// <summary>A record was given to the application.</summary>
    public static void Count(TopicPartition partition, ConsumerOptions options)
    {
        TagList tags = Tags(partition, options);
        tags.Add("messaging.operation.name", "poll");
        ClientTelemetry.Consumed.Add(1, tags);
    }

    /// <summary>In a turn of the machine: how far each partition's end is from the position.</summary>
    public static IEnumerable<Measurement<long>> Lags(ConsumerPart part, ConsumerOptions options)
    {
        List<Measurement<long>> lags = [];
        foreach (PartitionCursor cursor in part.Cursors)
        {
            long end = options.IsolationLevel == IsolationLevel.ReadCommitted ? cursor.LastStableOffset : cursor.HighWatermark;
            long at = cursor.Consumed >= 0 ? cursor.Consumed : cursor.FetchOffset;
            if (end >= 0 && at >= 0) lags.Add(new Measurement<long>(Math.Max(0, end - at), Tags(cursor.Partition, options)));
        }

        return lags;
    }

    private static async Task TracedAsync<TState>(
        ClientDriver driver, ConsumerOptions options, TState state, Func<ClientDriver, TState, Task> commit)
    {
        OperationTrace trace = OperationTrace.Begin("commit", "settle", null, options.GroupId, driver.ClientId);
        try
        {
            await commit(driver, state).ConfigureAwait(false);
            trace.End();
        }
        catch (Exception error) when (trace.EndOn(error))
        {
            throw;
        }
    }

    private static TagList Tags(TopicPartition partition, ConsumerOptions options)
    {
        TagList tags = new()
        {
            { "messaging.system", "kafka" },
            { "messaging.destination.name", partition.Topic },
            { "messaging.destination.partition.id", NumberTexts.Text(partition.Partition) },
        };
        if (options.GroupId is { } group) tags.Add("messaging.consumer.group.name", group);
        return tags;
    }
}
