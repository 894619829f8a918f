using System.IO.Enumeration;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TopicList
{
    private static readonly Column[] Columns =
    [
        new("name"), Column.Number("partitions"), Column.Number("replicas"), Column.Number("unhealthy", true),
        Column.Fact("internal", true), new("id", true),
    ];

    public static readonly Command Command = new("topic list", "[PATTERN]", "the topics, by name", RunAsync)
    {
        Columns = Columns,
        MaxOperands = 1,
        Options =
        [
            new("--unhealthy", null, null, "only topics with a partition without leader or with replicas out of sync"),
            new("--internal", null, null, "Kafka's own topics too"),
        ],
        Details = "PATTERN is a name with * for any letters and ? for any one.",
        Example = "moldau topic list 'orders-*' -o json",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        CommandResult result = new(Columns);
        string? pattern = context.Arguments.Operands.FirstOrDefault();
        foreach (TopicInfo topic in await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false))
        {
            if (topic.IsInternal && !context.Arguments.Has("--internal")) continue;
            if (pattern is not null && !FileSystemName.MatchesSimpleExpression(pattern, topic.Name, ignoreCase: false)) continue;
            int unhealthy = topic.Partitions.Count(p => p.LeaderId < 0 || p.InSyncReplicas.Length < p.Replicas.Length);
            if (unhealthy == 0 && context.Arguments.Has("--unhealthy")) continue;
            int replicas = topic.Partitions.Length == 0 ? 0 : topic.Partitions.Max(p => p.Replicas.Length);
            result.Add(topic.Name, topic.Partitions.Length, replicas, unhealthy, topic.IsInternal, topic.Id.ToString());
        }

        context.Show(result);
        return ExitCodes.Ok;
    }
}
