using System.Text;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Properties in an editor; what was changed there is applied.</summary>
internal static class ConfigEdit
{
    private static readonly Column[] PlanColumns = [new("name"), new("from"), new("to")];

    public static readonly Command Command = new("config edit", "KIND NAME", "change properties in an editor", RunAsync)
    {
        MinOperands = 2,
        MaxOperands = 2,
        Columns = ConfigChanges.Columns,
        Options = [Option.Yes, Option.DryRun],
        Details = ConfigTarget.Help + "\nThe editor is that of VISUAL or EDITOR, else vi. A line that is taken out goes back to its default.",
        Example = "EDITOR=nano moldau config edit topic orders",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ConfigResource resource = ConfigTarget.Parse(context.Arguments);
        var values = await admin.DescribeConfigAsync(resource, context.Cancel).ConfigureAwait(false);
        // What is not this thing's own would become its own by being written down.
        ConfigSource own = OwnSource(resource);
        Dictionary<string, string> before = values
            .Where(v => v.Source == own && v.Value is not null && !v.IsSensitive)
            .ToDictionary(v => v.Name, v => v.Value!, StringComparer.Ordinal);
        string text = await Editor.EditAsync(Text(resource, values, before), context.Cancel).ConfigureAwait(false);
        if (!Config.PropertiesFile.TryParse(text, out Dictionary<string, string> after, out string? error))
            throw new CommandException($"what was written cannot be read: {error}; nothing was changed", ExitCodes.Usage);
        ConfigChange[] changes =
        [
            .. ConfigChanges.Sets(after.Where(a => before.GetValueOrDefault(a.Key) != a.Value).Select(a => $"{a.Key}={a.Value}")),
            .. ConfigChanges.Unsets(before.Keys.Where(b => !after.ContainsKey(b))),
        ];
        if (changes.Length == 0)
        {
            context.Say("moldau: nothing was changed");
            return ExitCodes.Ok;
        }

        CommandResult plan = new(PlanColumns);
        foreach (ConfigChange change in changes) plan.Add(change.Name, before.GetValueOrDefault(change.Name), change.Value);
        return context.Confirm(plan, $"Change {Words.Count(changes.Length, "property", "properties")} of {resource}?")
            ? await ConfigChanges.ApplyAsync(context, resource, changes).ConfigureAwait(false)
            : ExitCodes.Ok;
    }

    private static ConfigSource OwnSource(ConfigResource resource) => resource.Kind switch
    {
        ConfigResourceKind.Topic => ConfigSource.TopicConfig,
        ConfigResourceKind.Group => ConfigSource.GroupConfig,
        _ when resource.Name.Length == 0 => ConfigSource.DynamicDefaultBrokerConfig,
        _ => ConfigSource.DynamicBrokerConfig,
    };

    private static string Text(ConfigResource resource, IReadOnlyList<ConfigValue> values, Dictionary<string, string> own)
    {
        StringBuilder text = new();
        text.Append($"# {resource}. Save and close to go on; a line that is taken out goes back to its default.\n");
        foreach ((string name, string value) in own.OrderBy(o => o.Key, StringComparer.Ordinal)) text.Append($"{name}={value}\n");
        text.Append("\n# What holds without being set here:\n");
        foreach (ConfigValue value in values.Where(v => !own.ContainsKey(v.Name) && !v.IsReadOnly && !v.IsSensitive))
            text.Append($"# {value.Name}={value.Value}\n");
        return text.ToString();
    }
}
