using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

internal static class ShareSeek
{
    private const string To = "start, end, @TIME, -2h, or an offset";

    private static readonly Column[] Columns =
    [
        new("group"), new("topic"), Column.Number("partition"), Column.Number("start"),
    ];

    public static readonly Command Command = new("share seek", "GROUP --to WHERE", "set where a share group begins; the plan is shown first", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options =
        [
            new("--to", null, "WHERE", To),
            new("--topic", null, "TOPIC", "only this topic; may be repeated (all that the group has offsets of)"),
            new("--partition", "-p", "N", "only this partition; may be repeated"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "-2h and @2026-08-01 go to the first record that is not older. The group must have no members.",
        Example = "moldau share seek mailers --to -2h --dry-run",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        string to = Groups.Known(context.Arguments.Value("--to") ?? "") ?? throw new CommandException($"'share seek' needs --to: {To}", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ShareState group = await Shares.RequireAsync(context, admin, name).ConfigureAwait(false);
        if (group.Description.Members.Count > 0)
            throw new MoldauException(new ClientError(
                ErrorCode.NonEmptyGroup, $"group '{name}' has {Words.Count(group.Description.Members.Count, "member")}"));
        List<TopicPartition> partitions = await Seeks.PartitionsAsync(context, admin, name, group.Offsets.Keys).ConfigureAwait(false);
        var targets = await Seeks.TargetsAsync(context, admin, to, partitions, To).ConfigureAwait(false);
        CommandResult plan = new(new("group"), new("topic"), new("partition"), new("from"), new("to"));
        foreach (TopicPartition partition in partitions)
        {
            long? from = group.Offsets.TryGetValue(partition, out Outcome<ShareOffset> offset) ? offset.Value.StartOffset : null;
            plan.Add(name, partition.Topic, partition.Partition, from, targets[partition]);
        }

        if (!context.Confirm(plan, $"Set {Words.Count(partitions.Count, "offset")} of group '{name}'?")) return ExitCodes.Ok;
        var moved = await admin.ShareGroups.SetOffsetsAsync(name, targets, context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (TopicPartition partition in partitions)
            if (tally.Take(moved[partition])) result.Add(name, partition.Topic, partition.Partition, targets[partition]);
        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
