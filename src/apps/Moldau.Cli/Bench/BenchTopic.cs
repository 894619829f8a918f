using Moldau.Base;
using Moldau.Cli.Verbs;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Bench;

/// <summary>The topic of a benchmark, made where it is not there.</summary>
internal static class BenchTopic
{
    private const string DefaultName = "bench";
    private const int DefaultPartitions = 6;

    public static string NameOf(CommandContext context) => context.Arguments.Operands.FirstOrDefault() ?? DefaultName;

    /// <summary>Its partitions.</summary>
    public static async Task<List<TopicPartition>> EnsureAsync(CommandContext context, AdminClient admin, string name)
    {
        var found = (await admin.DescribeTopicsAsync([name], context.Cancel).ConfigureAwait(false))[name];
        if (found.Error?.Code == ErrorCode.UnknownTopicOrPartition)
        {
            int partitions = context.Arguments.Number("--partitions", 1) ?? DefaultPartitions;
            await admin.CreateTopicAsync(new NewTopic(name, partitions), context.Cancel).ConfigureAwait(false);
            context.Say($"moldau: made topic '{name}' with {Words.Count(partitions, "partition")}");
            List<TopicInfo> made = [];
            while (made.Count == 0 || made[0].Partitions.Any(p => p.LeaderId < 0))
            {
                await Task.Delay(20, context.Cancel).ConfigureAwait(false);
                var again = (await admin.DescribeTopicsAsync([name], context.Cancel).ConfigureAwait(false))[name];
                made = again.IsSuccess ? [again.Value!] : [];
            }

            return Topics.Partitions(made);
        }

        return Topics.Partitions(await Topics.RequireAsync(context, admin, [name]).ConfigureAwait(false));
    }
}
