using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class PartitionCancel
{
    private static readonly Column[] Columns = [new("partition"), new("status")];

    public static readonly Command Command = new("partition cancel", "[TOPIC/N…]", "take moves back that go on", RunAsync)
    {
        Columns = Columns,
        Options = [Option.Yes, Option.DryRun],
        Details = "Without a name: all of them.",
        Example = "moldau partition cancel orders/0",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        TopicPartition[] named = [.. context.Arguments.Operands.Select(PartitionNames.Parse)];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var moves = await admin.Partitions
            .ListReassignmentsAsync(named.Length > 0 ? named : null, context.Cancel).ConfigureAwait(false);
        Tally missing = new();
        foreach (TopicPartition partition in named.Where(p => !moves.ContainsKey(p)))
            missing.Fail($"{PartitionNames.Of(partition)} is not moving (NO_REASSIGNMENT_IN_PROGRESS)", ExitCodes.NotFound);
        if (moves.Count == 0)
        {
            if (named.Length == 0) context.Say("nothing is moving");
            return missing.ExitCode;
        }

        CommandResult plan = new(new("partition"), new("adding"), new("removing"));
        foreach ((TopicPartition partition, PartitionReassignment move) in moves.OrderBy(m => m.Key))
            plan.Add(PartitionNames.Of(partition), move.Adding.ToArray(), move.Removing.ToArray());
        if (!context.Confirm(plan, $"Take {Words.Count(moves.Count, "move")} back?")) return missing.ExitCode;
        var cancelled = await admin.Partitions.ReassignAsync(
            moves.Keys.ToDictionary(p => p, _ => (IReadOnlyList<int>?)null), cancel: context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (TopicPartition partition in moves.Keys.Order())
            if (tally.Take(cancelled[partition])) result.Add(PartitionNames.Of(partition), "taken back");
        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode == ExitCodes.Ok && missing.ExitCode != ExitCodes.Ok ? ExitCodes.PartlyDone : tally.ExitCode;
    }
}
