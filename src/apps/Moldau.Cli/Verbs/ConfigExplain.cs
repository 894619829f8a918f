using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Config;

namespace Moldau.Cli.Verbs;

/// <summary>What a property means; asks no cluster.</summary>
internal static class ConfigExplain
{
    private static readonly Column[] Columns =
    [
        new("name"), new("of"), new("type"), new("default"), new("allowed"), new("mayChange"), new("importance", true), Column.Fact("inUse"),
        new("meaning"),
    ];

    public static readonly Command Command = new("config explain", "KEY…", "what properties mean, their types, defaults and bounds", RunAsync)
    {
        MinOperands = 1,
        Columns = Columns,
        Details = "KEY may have * for any letters. IN-USE says whether a node of ours acts on it. The values of a cluster are\n"
            + "'moldau config get'.",
        Example = "moldau config explain 'log.retention.*'",
    };

    /// <summary>Made when it is asked for: the tables are large, and this class is there at the start of every command.</summary>
    private static (string Of, ConfigTable Table)[] Tables =>
    [
        ("broker", BrokerConfigTable.Table), ("topic", TopicConfigTable.Table), ("group", GroupConfigTable.Table),
        ("client metrics", ClientMetricsConfigTable.Table),
    ];

    private static Task<int> RunAsync(CommandContext context)
    {
        CommandResult result = new(Columns);
        Tally tally = new();
        foreach (string name in context.Arguments.Operands.Distinct(StringComparer.Ordinal))
        {
            int before = result.Rows.Count;
            foreach ((string of, ConfigTable table) in Tables)
                foreach (ConfigKey key in table.Keys.Where(k => !k.Internal && Patterns.Fits(name, k.Name))) Add(result, of, key);
            if (result.Rows.Count > before) tally.Succeed();
            else tally.Fail(Missing(name), ExitCodes.NotFound);
        }

        if (result.Rows.Count > 0) context.Show(result);
        return Task.FromResult(tally.ExitCode);
    }

    private static void Add(CommandResult result, string of, ConfigKey key) => result.Add(
        key.Name, of, key.Type.ToString().ToLowerInvariant(), key.Default, key.Validator?.ToString(),
        key.Scope switch
        {
            DynamicScope.PerBroker => "per broker",
            DynamicScope.ClusterWide => "yes",
            DynamicScope.ReadOnly or _ => "no",
        },
        key.Importance.ToString().ToLowerInvariant(), key.Usage == Usage.Used, key.Doc.Length > 0 ? key.Doc : null);

    private static string Missing(string name)
    {
        string? near = Nearest.Of(name, Tables.SelectMany(t => t.Table.Keys).Select(k => k.Name).Distinct());
        return $"there is no property '{name}'" + (near is null ? "" : $"; did you mean '{near}'?");
    }
}
