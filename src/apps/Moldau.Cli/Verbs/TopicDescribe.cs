using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TopicDescribe
{
    private const string PartitionsView = "--partitions";
    private const string StorageView = "--storage";
    private const string ConsumersView = "--consumers";
    private const string SummaryView = "--summary";

    private static readonly Column[] Columns =
    [
        new("topic"), Column.Number("partition"), Column.Number("leader"), Column.Numbers("replicas"), Column.Numbers("inSync"),
        Column.Number("start"), Column.Number("end"), Column.Number("leaderEpoch", true), Column.Numbers("offline", true),
        new("topicId", true),
    ];

    public static readonly Command Command = new("topic describe", "NAME…", "the partitions of topics: leader, replicas, offsets", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options =
        [
            new(PartitionsView, null, null, "a row for each partition, as without it"),
            new(StorageView, null, null, "a row for each replica: its broker, folder and size"),
            new(ConsumersView, null, null, "a row for each group that has read it, and its lag"),
            new(SummaryView, null, null, "a row for each topic"),
            NameOption.AsExpressions,
        ],
        Details = "START is the first offset, END the one of the next record. A NAME may have * for any letters and ? for any one.",
        Example = "moldau topic describe orders -o wide",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string[] views = [.. new[] { PartitionsView, StorageView, ConsumersView, SummaryView }.Where(context.Arguments.Has)];
        if (views.Length > 1) throw new CommandException($"{string.Join(" and ", views)} exclude each other", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        List<TopicInfo> topics = await FindAsync(context, admin, tally).ConfigureAwait(false);
        if (topics.Count == 0) return tally.ExitCode;
        List<TopicPartition> partitions = Topics.Partitions(topics);
        string view = views.FirstOrDefault() ?? PartitionsView;
        if (view == StorageView)
        {
            context.Show(await TopicViews.StorageAsync(context, admin, topics, tally).ConfigureAwait(false));
            return tally.ExitCode;
        }

        var ends = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        if (view == ConsumersView)
        {
            context.Show(await TopicViews.ConsumersAsync(context, admin, topics, ends, tally).ConfigureAwait(false));
            return tally.ExitCode;
        }

        var starts = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Earliest).ConfigureAwait(false);
        context.Show(view == SummaryView ? TopicViews.Summary(topics, starts, ends) : Rows(topics, starts, ends));
        return tally.ExitCode;
    }

    private static async Task<List<TopicInfo>> FindAsync(CommandContext context, AdminClient admin, Tally tally)
    {
        if (!NameOption.ArePatterns(context))
            return await Topics.FindAsync(context, admin, context.Arguments.Operands, tally).ConfigureAwait(false);
        Dictionary<string, TopicInfo> all = (await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false))
            .Where(t => !t.IsInternal).ToDictionary(t => t.Name, StringComparer.Ordinal);
        List<TopicInfo> found = [.. NameOption.Choose(context, all.Keys, "topic", tally).Select(n => all[n])];
        foreach (TopicInfo _ in found) tally.Succeed();
        return found;
    }

    private static CommandResult Rows(
        List<TopicInfo> topics, Dictionary<TopicPartition, long> starts, Dictionary<TopicPartition, long> ends)
    {
        CommandResult result = new(Columns);
        foreach (TopicInfo topic in topics)
        {
            foreach (PartitionInfo partition in topic.Partitions)
            {
                TopicPartition at = new(topic.Name, partition.Partition);
                result.Add(
                    topic.Name, partition.Partition, partition.LeaderId < 0 ? null : partition.LeaderId,
                    partition.Replicas.ToArray(), partition.InSyncReplicas.ToArray(),
                    starts.TryGetValue(at, out long start) ? start : null, ends.TryGetValue(at, out long end) ? end : null,
                    partition.LeaderEpoch < 0 ? null : partition.LeaderEpoch, partition.OfflineReplicas.ToArray(),
                    topic.Id.ToString());
            }
        }

        return result;
    }
}
