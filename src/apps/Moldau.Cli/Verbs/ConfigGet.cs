using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class ConfigGet
{
    private static readonly Column[] Columns =
    [
        new("name"), new("value"), new("source"), Column.Fact("readOnly", true), Column.Fact("sensitive", true),
    ];

    public static readonly Command Command = new("config get", "KIND NAME [KEY…]", "properties of a topic, broker or group", RunAsync)
    {
        Columns = Columns,
        MinOperands = 2,
        Options = [new("--changed", null, null, "only those that are not on their default")],
        Details = ConfigTarget.Help,
        Example = "moldau config get topic orders retention.ms",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ConfigResource resource = ConfigTarget.Parse(context.Arguments);
        IReadOnlyList<ConfigValue> values = await admin.DescribeConfigAsync(resource, context.Cancel).ConfigureAwait(false);
        string[] wanted = [.. context.Arguments.Operands.Skip(2)];
        Tally tally = new();
        foreach (string name in wanted)
        {
            if (values.Any(v => v.Name == name)) tally.Succeed();
            else tally.Fail(Missing(resource, name, values), ExitCodes.NotFound);
        }

        CommandResult result = new(Columns);
        foreach (ConfigValue value in values)
        {
            if (wanted.Length > 0 && !wanted.Contains(value.Name)) continue;
            if (value.Source == ConfigSource.DefaultConfig && context.Arguments.Has("--changed")) continue;
            result.Add(value.Name, value.Value, SourceName(value.Source), value.IsReadOnly, value.IsSensitive);
        }

        if (result.Rows.Count > 0 || wanted.Length == 0) context.Show(result);
        return tally.ExitCode;
    }

    private static string Missing(ConfigResource resource, string name, IReadOnlyList<ConfigValue> values)
    {
        string hint = Nearest.Of(name, values.Select(v => v.Name)) is { } near ? $"; did you mean '{near}'?" : "";
        return $"{resource} has no property '{name}'{hint}";
    }

    public static string SourceName(ConfigSource source) => source switch
    {
        ConfigSource.TopicConfig => "topic",
        ConfigSource.DynamicBrokerConfig => "broker",
        ConfigSource.DynamicDefaultBrokerConfig => "all-brokers",
        ConfigSource.StaticBrokerConfig => "file",
        ConfigSource.DefaultConfig => "default",
        ConfigSource.GroupConfig => "group",
        ConfigSource.DynamicBrokerLoggerConfig => "logger",
        ConfigSource.ClientMetricsConfig => "metrics",
        ConfigSource.Unknown or _ => "unknown",
    };
}
