using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

internal static class TopicCreate
{
    private static readonly Column[] Columns = [new("topic"), new("status")];

    public static readonly Command Command = new("topic create", "NAME…", "make topics", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options =
        [
            new("--partitions", "-p", "N", "how many partitions (the cluster's default)"),
            new("--replicas", "-r", "N", "how many replicas of each (the cluster's default)"),
            new("--config", "-c", "KEY=VALUE", "a property of the topics; may be repeated"),
            new("--if-not-exists", null, null, "a topic that is there already is taken as it is"),
            Option.DryRun,
        ],
        Example = "moldau topic create orders payments -p 3 -c retention.ms=86400000",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        CommandLineArguments arguments = context.Arguments;
        bool isDry = arguments.Has(Option.DryRun.Name);
        int partitions = arguments.Number("--partitions", 1) ?? -1;
        int replicas = arguments.Number("--replicas", 1) ?? -1;
        if (replicas > short.MaxValue) throw new CommandException($"'--replicas {replicas}' is more than Kafka has", ExitCodes.Usage);
        Dictionary<string, string> configs = arguments.Pairs("--config");
        string[] names = [.. arguments.Operands.Distinct(StringComparer.Ordinal)];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var made = await admin.CreateTopicsAsync(
            [.. names.Select(n => new NewTopic(n, partitions, (short)replicas) { Configs = configs })], isDry, context.Cancel)
            .ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (string name in names)
        {
            ClientError? error = made[name];
            bool isThere = error?.Code == ErrorCode.TopicAlreadyExists && arguments.Has("--if-not-exists");
            if (tally.Take(isThere ? null : error))
                result.Add(name, isThere ? "exists" : isDry ? "would be created" : "created");
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
