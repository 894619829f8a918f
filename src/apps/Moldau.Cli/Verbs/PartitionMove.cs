using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class PartitionMove
{
    private static readonly Column[] Columns = [new("partition"), Column.Numbers("to"), new("status")];

    public static readonly Command Command = new("partition move", "TOPIC/N… --to ID,…", "move partitions to other brokers; the plan is shown first", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options =
        [
            new("--to", null, "ID,…", "the brokers that are to have them, the preferred leader first"),
            new("--keep-count", null, null, "refuse another number of replicas than now"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "It ends by itself: 'moldau partition list --moving' shows what goes on, 'moldau partition cancel' takes it back.",
        Example = "moldau partition move orders/0 orders/1 --to 2,3,4",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        TopicPartition[] named = [.. context.Arguments.Operands.Select(PartitionNames.Parse)];
        int[] brokers = context.Arguments.Value("--to") is { } text
            ? PartitionNames.Brokers("--to", text)
            : throw new CommandException("'partition move' needs --to ID,…", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        CommandResult plan = new(new("partition"), new("from"), new("to"));
        Dictionary<TopicPartition, IReadOnlyList<int>?> targets = [];
        foreach ((TopicPartition partition, PartitionInfo info) in
            await PartitionNames.FindAsync(context, admin, named).ConfigureAwait(false))
        {
            plan.Add(PartitionNames.Of(partition), info.Replicas.ToArray(), brokers);
            targets[partition] = brokers;
        }

        if (!context.Confirm(plan, $"Move {Words.Count(targets.Count, "partition")}?")) return ExitCodes.Ok;
        var begun = await admin.Partitions
            .ReassignAsync(targets, !context.Arguments.Has("--keep-count"), context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (TopicPartition partition in targets.Keys)
            if (tally.Take(begun[partition])) result.Add(PartitionNames.Of(partition), brokers, "moving");
        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
