using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TopicDescribe
{
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
        Details = "START is the first offset, END the one of the next record.",
        Example = "moldau topic describe orders -o wide",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        List<TopicInfo> topics = await Topics.FindAsync(context, admin, context.Arguments.Operands, tally).ConfigureAwait(false);
        List<TopicPartition> partitions = Topics.Partitions(topics);
        var starts = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Earliest).ConfigureAwait(false);
        var ends = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
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

        if (topics.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
