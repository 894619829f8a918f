using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Where the properties of two things of a kind differ, or of one from its defaults.</summary>
internal static class ConfigDiff
{
    private static readonly Column[] Columns = [new("name"), new("left"), new("right"), new("leftSource", true), new("rightSource", true)];

    public static readonly Command Command = new("config diff", "KIND NAME [OTHER]", "where two configurations differ, or one from its defaults", RunAsync)
    {
        MinOperands = 2,
        MaxOperands = 3,
        Columns = Columns,
        Details = ConfigTarget.Help + "\nWithout OTHER: what is set, beside what would hold without it where that is known.",
        Example = "moldau config diff topic orders payments",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ConfigResource left = ConfigTarget.Parse(context.Arguments);
        var ours = await admin.DescribeConfigAsync(left, context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        if (context.Arguments.Operands.Count == 2)
        {
            foreach (ConfigValue value in ours.Where(v => v.Source != ConfigSource.DefaultConfig))
                result.Add(value.Name, value.Value, DefaultOf(left.Kind, value.Name), ConfigGet.SourceName(value.Source), "default");
        }
        else
        {
            ConfigResource right = ConfigTarget.Parse(context.Arguments.Operands[0], context.Arguments.Operands[2]);
            var theirs = (await admin.DescribeConfigAsync(right, context.Cancel).ConfigureAwait(false)).ToDictionary(v => v.Name);
            foreach (string name in ours.Select(v => v.Name).Union(theirs.Keys).Order(StringComparer.Ordinal))
            {
                ConfigValue? mine = ours.FirstOrDefault(v => v.Name == name);
                ConfigValue? other = theirs.GetValueOrDefault(name);
                if (mine?.Value == other?.Value) continue;
                result.Add(name, mine?.Value, other?.Value, SourceOf(mine), SourceOf(other));
            }
        }

        context.Show(result);
        return ExitCodes.Ok;
    }

    private static string? SourceOf(ConfigValue? value) => value is null ? null : ConfigGet.SourceName(value.Source);

    private static string? DefaultOf(ConfigResourceKind kind, string name) => kind switch
    {
        ConfigResourceKind.Topic => Config.TopicConfigTable.Table.Find(name)?.Default,
        ConfigResourceKind.Group => Config.GroupConfigTable.Table.Find(name)?.Default,
        _ => Config.BrokerConfigTable.Table.Find(name)?.Default,
    };
}
