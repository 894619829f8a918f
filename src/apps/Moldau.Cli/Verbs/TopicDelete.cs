using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TopicDelete
{
    private static readonly Column[] Columns = [new("topic"), new("status")];

    public static readonly Command Command = new("topic delete", "NAME…", "delete topics with all their records", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options = [Option.Yes, Option.DryRun],
        Example = "moldau topic delete orders --dry-run",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally missing = new();
        List<TopicInfo> topics = await Topics.FindAsync(context, admin, context.Arguments.Operands, missing).ConfigureAwait(false);
        if (topics.Count == 0) return missing.ExitCode;
        List<TopicPartition> partitions = Topics.Partitions(topics);
        var starts = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Earliest).ConfigureAwait(false);
        var ends = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        CommandResult plan = new(new("topic"), new("partitions"), new("offsets"));
        foreach (TopicInfo topic in topics)
        {
            long offsets = Topics.Partitions([topic]).Sum(p => ends.GetValueOrDefault(p) - starts.GetValueOrDefault(p));
            plan.Add(topic.Name, topic.Partitions.Length, offsets);
        }

        if (!context.Confirm(plan, $"Delete {Words.Count(topics.Count, "topic")} with all records?")) return missing.ExitCode;
        var deleted = await admin.DeleteTopicsAsync([.. topics.Select(t => t.Name)], context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        Tally tally = new();
        foreach (TopicInfo topic in topics)
            if (tally.Take(deleted[topic.Name])) result.Add(topic.Name, "deleted");

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode == ExitCodes.Ok ? missing.ExitCode : tally.ExitCode;
    }
}
