using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

internal static class PartitionElect
{
    private static readonly Column[] Columns = [new("partition"), new("status")];

    public static readonly Command Command = new("partition elect", "[TOPIC/N…]", "give partitions their preferred leader", RunAsync)
    {
        Columns = Columns,
        Options =
        [
            new("--preferred", null, null, "the first of the replicas, as without it"),
            new("--unclean", null, null, "where no replica is in sync, one that is not: records may be lost"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "The preferred leader is the first of the replicas. Without a name: all partitions that need it.",
        Example = "moldau partition elect orders/0",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        TopicPartition[] named = [.. context.Arguments.Operands.Select(PartitionNames.Parse)];
        bool isUnclean = context.Arguments.Has("--unclean");
        if (isUnclean && context.Arguments.Has("--preferred"))
            throw new CommandException("--preferred and --unclean exclude each other", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var found = named.Length > 0
            ? await PartitionNames.FindAsync(context, admin, named).ConfigureAwait(false)
            : [.. (await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false))
                .SelectMany(t => t.Partitions.Select(p => (new TopicPartition(t.Name, p.Partition), p)))
                .Where(p => isUnclean ? p.p.LeaderId < 0 : p.p.LeaderId != p.p.Replicas[0])];
        if (found.Count == 0)
        {
            context.Say("no partition needs it");
            return ExitCodes.Ok;
        }

        CommandResult plan = new(new("partition"), new("leader"), new("preferred"), new("inSync"));
        foreach ((TopicPartition partition, PartitionInfo info) in found)
            plan.Add(
                PartitionNames.Of(partition), info.LeaderId < 0 ? null : info.LeaderId, info.Replicas[0], info.InSyncReplicas.ToArray());
        string question = isUnclean
            ? $"Elect leaders of {Words.Count(found.Count, "partition")} even where records are lost?"
            : $"Elect leaders of {Words.Count(found.Count, "partition")}?";
        if (!context.Confirm(plan, question)) return ExitCodes.Ok;
        var elected = await admin.Partitions.ElectLeadersAsync(
            isUnclean ? ElectionType.Unclean : ElectionType.Preferred, [.. found.Select(f => f.Item1)], context.Cancel)
            .ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach ((TopicPartition partition, _) in found)
        {
            ClientError? error = elected.GetValueOrDefault(partition);
            bool isNeedless = error?.Code == ErrorCode.ElectionNotNeeded;
            if (tally.Take(isNeedless ? null : error)) result.Add(PartitionNames.Of(partition), isNeedless ? "not needed" : "elected");
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
