using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TopicTrim
{
    private static readonly Column[] Columns = [new("topic"), Column.Number("partition"), Column.Number("start")];

    public static readonly Command Command = new("topic trim", "NAME --before TIME | -o OFFSET", "delete a topic's oldest records", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options =
        [
            new("--before", null, "TIME", "records older than this: 2026-08-01, 2026-08-01T12:00:00Z, -2h"),
            new("--offset", "-o", "OFFSET", "records below this offset; 'end' for all"),
            new("--partition", "-p", "N", "only this partition; may be repeated"),
            Option.Yes,
            Option.DryRun,
        ],
        Example = "moldau topic trim orders --before -7d --dry-run",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        string? before = context.Arguments.Value("--before");
        string? offset = context.Arguments.Value("--offset");
        if ((before is null) == (offset is null)) throw new CommandException("'topic trim' needs --before TIME or -o OFFSET", ExitCodes.Usage);
        DateTimeOffset time = default;
        long below = 0;
        if (before is not null && !Numbers.TryParseTime(before, out time))
            throw new CommandException($"'--before {before}' is no time; write 2026-08-01 or -2h", ExitCodes.Usage);
        if (offset is not null and not "end" && !Numbers.TryParse(offset, out below))
            throw new CommandException($"'-o {offset}' is no offset", ExitCodes.Usage);

        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        TopicInfo topic = (await Topics.RequireAsync(context, admin, [name]).ConfigureAwait(false))[0];
        List<TopicPartition> partitions = PartitionOption.Choose(context, [topic]);
        var starts = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Earliest).ConfigureAwait(false);
        var targets = before is not null
            ? await Topics.OffsetsAtAsync(context, admin, partitions, time).ConfigureAwait(false)
            : await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        if (offset is not null and not "end")
            foreach (TopicPartition partition in partitions) targets[partition] = Math.Min(below, targets.GetValueOrDefault(partition));

        CommandResult plan = new(new("topic"), new("partition"), new("from"), new("to"));
        Dictionary<TopicPartition, long> trims = [];
        foreach (TopicPartition partition in partitions)
        {
            long from = starts.GetValueOrDefault(partition);
            long to = targets.GetValueOrDefault(partition);
            if (to <= from) continue;
            plan.Add(name, partition.Partition, from, to);
            trims[partition] = to;
        }

        if (trims.Count == 0) context.Say("there is nothing to delete");
        return trims.Count > 0 ? await TrimAsync(context, admin, plan, trims).ConfigureAwait(false) : ExitCodes.Ok;
    }

    private static async Task<int> TrimAsync(
        CommandContext context, AdminClient admin, CommandResult plan, Dictionary<TopicPartition, long> trims)
    {
        if (!context.Confirm(plan, $"Delete these records of {Words.Count(trims.Count, "partition")}?")) return ExitCodes.Ok;
        var trimmed = await admin.DeleteRecordsAsync(trims, context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (TopicPartition partition in trims.Keys)
        {
            Outcome<long> outcome = trimmed[partition];
            if (tally.Take(outcome.Error)) result.Add(partition.Topic, partition.Partition, outcome.Value);
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
