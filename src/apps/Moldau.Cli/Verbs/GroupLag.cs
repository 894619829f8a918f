using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class GroupLag
{
    private const string Seconds = "--seconds";

    private static readonly Column[] Columns =
    [
        new("group"), new("topic"), Column.Number("partitions"), Column.Number("lag"), Column.Number("worst"),
    ];

    public static readonly Command Command = new(
        "group lag", "[GROUP…]", "how many records groups have not read yet, by topic", c => Watching.RunAsync(c, RunAsync))
    {
        Columns = Columns,
        Options =
        [
            new(Seconds, null, null, "how old the oldest record is that is not read yet too (SECONDS); it is read for that"),
            Watching.Option,
            NameOption.AsExpressions,
        ],
        Details = "Without a name: of all groups. PARTITIONS are those with a committed offset. A GROUP may have * for any letters and ? for\n"
            + "any one.",
        Example = "moldau group lag billing",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        List<GroupState> groups = await Groups.ChosenAsync(context, admin, tally).ConfigureAwait(false);
        var ends = await Groups.EndsAsync(context, admin, groups).ConfigureAwait(false);
        bool wantsSeconds = context.Arguments.Has(Seconds);
        CommandResult result = new(wantsSeconds ? [.. Columns, Column.Number("seconds")] : Columns);
        foreach (GroupState group in groups)
        {
            Dictionary<string, long> ages = wantsSeconds ? await AgesAsync(context, group, ends).ConfigureAwait(false) : [];
            foreach (IGrouping<string, TopicPartition> topic in group.Partitions.GroupBy(p => p.Topic, StringComparer.Ordinal))
            {
                long[] lags = [.. topic.Select(p => group.Lag(p, ends)).Where(l => l is not null).Select(l => l!.Value)];
                bool isKnown = lags.Length > 0;
                object?[] row = [group.GroupId, topic.Key, lags.Length, isKnown ? lags.Sum() : null, isKnown ? lags.Max() : null];
                if (wantsSeconds)
                    row = [.. row, ages.TryGetValue(topic.Key, out long age) ? age : isKnown && lags.Sum() == 0 ? 0 : null];
                result.Add(row);
            }
        }

        if (context.Arguments.Operands.Count == 0 || groups.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    /// <summary>By topic, how many seconds ago the oldest record was written that the group has not read. That a record is not there
    /// any more, or does not come in time, leaves the next one, or nothing, to go by.</summary>
    private static async Task<Dictionary<string, long>> AgesAsync(
        CommandContext context, GroupState group, Dictionary<TopicPartition, long> ends)
    {
        TopicPartition[] behind = [.. group.Partitions.Where(p => group.Lag(p, ends) > 0)];
        Dictionary<TopicPartition, long> writtenMs = [];
        if (behind.Length == 0) return [];
        MoldauClient client = await context.ConnectAsync().ConfigureAwait(false);
        var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, context.Properties.Consumer(null, OffsetReset.Earliest));
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        limit.CancelAfter(context.Timeout);
        await using (consumer.ConfigureAwait(false))
        {
            consumer.Assign(behind);
            foreach (TopicPartition partition in behind) consumer.Seek(partition, group.Committed[partition].Offset);
            await new BoundedRun(
                consumer,
                behind.ToDictionary(p => p, p => ends[p]),
                record =>
                {
                    writtenMs.TryAdd(record.TopicPartition, record.UnixTimeMilliseconds);
                    return ValueTask.FromResult(writtenMs.Count < behind.Length);
                }).RunAsync(limit.Token).ConfigureAwait(false);
        }

        context.Cancel.ThrowIfCancellationRequested();
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        return writtenMs.GroupBy(w => w.Key.Topic, StringComparer.Ordinal)
            .ToDictionary(t => t.Key, t => Math.Max(0, nowMs - t.Min(w => w.Value)) / 1000, StringComparer.Ordinal);
    }
}
