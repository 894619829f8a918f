using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

internal static class PartitionList
{
    private static readonly Column[] Columns =
    [
        new("partition"), Column.Number("leader"), Column.Numbers("replicas"), Column.Numbers("inSync"),
        Column.Numbers("adding"), Column.Numbers("removing"), Column.Numbers("offline", isWide: true),
        Column.Number("leaderEpoch", isWide: true),
    ];

    public static readonly Command Command = new("partition list", "[TOPIC…]", "where partitions are, who leads them, and which are moving", RunAsync)
    {
        Columns = Columns,
        Options =
        [
            new("--moving", null, null, "only those on their way to other brokers"),
            new("--unhealthy", null, null, "only those without leader or with replicas out of sync"),
        ],
        Details = "Without a name: of all topics. ADDING are brokers that are getting the partition, REMOVING those that will give it up.",
        Example = "moldau partition list --moving",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        bool isNamed = context.Arguments.Operands.Count > 0;
        IReadOnlyList<TopicInfo> topics = isNamed
            ? await Topics.FindAsync(context, admin, context.Arguments.Operands, tally).ConfigureAwait(false)
            : await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        bool wantsMoving = context.Arguments.Has("--moving");
        var moves = await MovesAsync(context, admin, wantsMoving).ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (TopicInfo topic in topics)
        {
            foreach (PartitionInfo info in topic.Partitions)
            {
                TopicPartition partition = new(topic.Name, info.Partition);
                PartitionReassignment? move = moves?.GetValueOrDefault(partition);
                if (wantsMoving && move is null) continue;
                if (context.Arguments.Has("--unhealthy") && info.LeaderId >= 0 && info.InSyncReplicas.Length >= info.Replicas.Length) continue;
                result.Add(
                    PartitionNames.Of(partition), info.LeaderId < 0 ? null : info.LeaderId, info.Replicas.ToArray(),
                    info.InSyncReplicas.ToArray(), move?.Adding.ToArray(), move?.Removing.ToArray(),
                    info.OfflineReplicas.ToArray(), info.LeaderEpoch < 0 ? null : info.LeaderEpoch);
            }
        }

        if (!isNamed || topics.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    /// <summary>Null where the cluster has no such call, unless moves are all that is asked for.</summary>
    private static async Task<IReadOnlyDictionary<TopicPartition, PartitionReassignment>?> MovesAsync(
        CommandContext context, AdminClient admin, bool isNeeded)
    {
        try
        {
            return await admin.Partitions.ListReassignmentsAsync(null, context.Cancel).ConfigureAwait(false);
        }
        catch (MoldauException error) when (error.Error == ErrorCode.UnsupportedVersion && !isNeeded)
        {
            return null;
        }
    }
}
