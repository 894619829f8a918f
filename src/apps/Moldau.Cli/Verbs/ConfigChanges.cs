using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary><c>config set</c> and <c>config unset</c>.</summary>
internal static class ConfigChanges
{
    public static readonly Column[] Columns = [new("name"), new("value"), new("status")];

    public static readonly Command SetCommand = new("config set", "KIND NAME KEY=VALUE…", "set properties of a topic, broker or group", SetAsync)
    {
        Columns = Columns,
        MinOperands = 3,
        Options = [Option.DryRun],
        Details = ConfigTarget.Help,
        Example = "moldau config set broker all log.cleaner.threads=2",
    };

    public static readonly Command UnsetCommand = new("config unset", "KIND NAME KEY…", "give properties back to the default", UnsetAsync)
    {
        Columns = Columns,
        MinOperands = 3,
        Options = [Option.DryRun],
        Details = ConfigTarget.Help,
        Example = "moldau config unset topic orders retention.ms",
    };

    public static ConfigChange[] Sets(IEnumerable<string> texts) =>
        [.. CommandLineArguments.Pairs(texts, "set").Select(p => new ConfigChange(p.Key, ConfigChangeKind.Set, p.Value))];

    public static ConfigChange[] Unsets(IEnumerable<string> names) =>
        [.. names.Select(n => new ConfigChange(n, ConfigChangeKind.Delete, null))];

    public static async Task<int> ApplyAsync(CommandContext context, ConfigResource resource, ConfigChange[] changes)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        bool isDry = context.Arguments.Has(Option.DryRun.Name);
        await admin.ChangeConfigAsync(resource, changes, isDry, context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (ConfigChange change in changes)
        {
            string done = change.Kind == ConfigChangeKind.Set ? "set" : "unset";
            result.Add(change.Name, change.Value, isDry ? $"would be {done}" : done);
        }

        context.Show(result);
        return ExitCodes.Ok;
    }

    private static Task<int> SetAsync(CommandContext context) =>
        ApplyAsync(context, ConfigTarget.Parse(context.Arguments), Sets(context.Arguments.Operands.Skip(2)));

    private static Task<int> UnsetAsync(CommandContext context) =>
        ApplyAsync(context, ConfigTarget.Parse(context.Arguments), Unsets(context.Arguments.Operands.Skip(2)));
}
