using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

/// <summary>Kafka's protocol has no call that names a leader. What it permits: put the broker first among the replicas, then
/// elect the preferred leader.</summary>
internal static class PartitionLead
{
    private static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(100);

    private static readonly Column[] Columns = [new("partition"), Column.Number("leader"), Column.Numbers("replicas")];

    public static readonly Command Command = new("partition lead", "TOPIC/N --to ID", "make another replica the leader, now and as the preferred one", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options = [new("--to", null, "ID", "the broker, which must be an in-sync replica"), Option.Yes, Option.DryRun],
        Details = "The broker is put first among the replicas, so it stays the preferred leader. No data moves.",
        Example = "moldau partition lead orders/0 --to 3",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        TopicPartition partition = PartitionNames.Parse(context.Arguments.Operands[0]);
        int to = context.Arguments.Number("--to", 0)
            ?? throw new CommandException("'partition lead' needs --to ID", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        PartitionInfo info = (await PartitionNames.FindAsync(context, admin, [partition]).ConfigureAwait(false))[0].Info;
        string name = PartitionNames.Of(partition);
        if (!info.InSyncReplicas.Contains(to))
            throw new CommandException(
                $"broker {to} is no in-sync replica of {name}, those are {string.Join(", ", info.InSyncReplicas.Order())}"
                + " (ELIGIBLE_LEADERS_NOT_AVAILABLE)",
                ExitCodes.Failed);
        int[] order = [to, .. info.Replicas.Where(r => r != to)];
        CommandResult plan = new(new("partition"), new("leader"), new("to"), new("replicas"));
        plan.Add(name, info.LeaderId < 0 ? null : info.LeaderId, to, order);
        if (!context.Confirm(plan, $"Make broker {to} the leader of {name}?")) return ExitCodes.Ok;
        if (!info.Replicas.SequenceEqual(order)) await ReorderAsync(context, admin, partition, order).ConfigureAwait(false);
        if (info.LeaderId != to)
        {
            var elected = await admin.Partitions
                .ElectLeadersAsync(ElectionType.Preferred, [partition], context.Cancel).ConfigureAwait(false);
            if (elected[partition] is { } error && error.Code != ErrorCode.ElectionNotNeeded) throw new MoldauException(error);
        }

        CommandResult result = new(Columns);
        result.Add(name, to, order);
        context.Show(result);
        return ExitCodes.Ok;
    }

    private static async Task ReorderAsync(CommandContext context, AdminClient admin, TopicPartition partition, int[] order)
    {
        var begun = await admin.Partitions.ReassignAsync(
            new Dictionary<TopicPartition, IReadOnlyList<int>?> { [partition] = order }, false, context.Cancel).ConfigureAwait(false);
        if (begun[partition] is { } error) throw new MoldauException(error);
        while ((await admin.Partitions.ListReassignmentsAsync([partition], context.Cancel).ConfigureAwait(false)).Count > 0)
            await Task.Delay(PollPause, context.Cancel).ConfigureAwait(false);
    }
}
