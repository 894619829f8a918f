using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

internal static class GroupForget
{
    private static readonly Column[] Columns = [new("group"), new("topic"), Column.Number("partition"), new("status")];

    public static readonly Command Command = new("group forget", "GROUP TOPIC…", "forget a group's offsets of topics", RunAsync)
    {
        Columns = Columns,
        MinOperands = 2,
        Options = [Option.Yes, Option.DryRun],
        Example = "moldau group forget billing orders",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        string[] topics = [.. context.Arguments.Operands.Skip(1)];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        GroupState group = await Groups.RequireAsync(context, admin, name).ConfigureAwait(false);
        TopicPartition[] partitions = [.. group.Committed.Keys.Where(p => topics.Contains(p.Topic)).Order()];
        if (partitions.Length == 0)
            throw new CommandException(
                $"group '{name}' has no offsets of {string.Join(", ", topics)}; 'moldau group describe {name}' shows what it has",
                ExitCodes.NotFound);
        CommandResult plan = new(new("group"), new("topic"), new("partition"), new("offset"));
        foreach (TopicPartition partition in partitions)
            plan.Add(name, partition.Topic, partition.Partition, group.Committed[partition].Offset);
        if (!context.Confirm(plan, $"Forget {Words.Count(partitions.Length, "offset")}?")) return ExitCodes.Ok;

        var forgotten = await admin.DeleteGroupOffsetsAsync(name, partitions, context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (TopicPartition partition in partitions)
        {
            ErrorCode code = forgotten[partition];
            if (tally.Take(code == ErrorCode.None ? null : new ClientError(code, $"the offset of {partition} was not forgotten")))
                result.Add(name, partition.Topic, partition.Partition, "forgotten");
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
