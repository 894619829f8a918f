using System.Text;
using Moldau.Cli.Parsing;
using Moldau.Cli.Profiles;
using Moldau.Config;

namespace Moldau.Cli.Verbs;

/// <summary>Profiles as text: in an editor, out of other tools' files, and in the shell's prompt.</summary>
internal static class ProfileFiles
{
    private const string Red = "\e[31m";
    private const string Plain = "\e[0m";

    public static readonly Command Edit = new("profile edit", "[NAME]", "change a profile in an editor", EditAsync)
    {
        MaxOperands = 1,
        Columns = ProfileVerbs.Changed,
        Details = "Without a name: the profile in use. The editor is that of VISUAL or EDITOR, else vi; it shows secrets too.",
        Example = "EDITOR=nano moldau profile edit prod",
    };

    public static readonly Command Import = new("profile import", "properties|kcat|rpk FILE", "make a profile of another tool's file", ImportAsync)
    {
        MinOperands = 2,
        MaxOperands = 2,
        Columns = ProfileVerbs.Changed,
        Options =
        [
            new("--as", null, "NAME", "the profile's name (the file's, without what follows its first dot; rpk's)"),
            new("--from", null, "NAME", "of an rpk.yaml: which of its profiles (the current one)"),
        ],
        Details = "properties: a file of Kafka's clients, as --command-config takes it. kcat: its configuration, ~/.config/kcat.conf.\n"
            + "rpk: ~/.config/rpk/rpk.yaml; of its profile the section kafka_api. What this client does not know is left out, and told.",
        Example = "moldau profile import rpk ~/.config/rpk/rpk.yaml --from prod --as staging",
    };

    public static readonly Command Prompt = new("profile prompt", "", "the name of the profile in use, for the shell's prompt", PromptAsync)
    {
        MaxOperands = 0,
        Details = "Nothing where none is in use. With --color always it is red where the profile is read-only or wants its name confirmed.",
        Example = "PS1='$(moldau profile prompt) \\$ '",
    };

    /// <summary>Names of kcat's library that Kafka's own clients call otherwise.</summary>
    private static readonly Dictionary<string, string> _kcatNames = new(StringComparer.Ordinal)
    {
        ["metadata.broker.list"] = Profile.BootstrapProperty,
        ["sasl.mechanisms"] = "sasl.mechanism",
    };

    private static async Task<int> EditAsync(CommandContext context)
    {
        string name = context.Arguments.Operands.FirstOrDefault() ?? context.Profile?.Name
            ?? throw new CommandException("no profile is in use; name one: moldau profile edit NAME", ExitCodes.Usage);
        Profile before = ProfileStore.Default.Require(name);
        StringBuilder text = new();
        foreach ((string key, string value) in before.Values.OrderBy(v => v.Key, StringComparer.Ordinal))
            text.Append(key).Append('=').Append(value.Replace("\\", "\\\\", StringComparison.Ordinal)).Append('\n');
        string written = await Editor.EditAsync(text.ToString(), context.Cancel).ConfigureAwait(false);
        if (!PropertiesFile.TryParse(written, out Dictionary<string, string> after, out string? error))
            throw new CommandException($"what was written cannot be read: {error}; nothing was changed", ExitCodes.Usage);
        if (after.Count == before.Values.Count && after.All(a => before.Values.GetValueOrDefault(a.Key) == a.Value))
        {
            context.Say("moldau: nothing was changed");
            return ExitCodes.Ok;
        }

        ProfileVerbs.Save(new Profile(name, after), $"a profile needs an address: {Profile.BootstrapProperty}=host:9092; nothing was changed");
        return await ProfileVerbs.Done(context, name, "changed").ConfigureAwait(false);
    }

    private static Task<int> ImportAsync(CommandContext context)
    {
        string kind = context.Arguments.Operands[0];
        string path = context.Arguments.Operands[1];
        if (kind is not ("properties" or "kcat" or "rpk"))
            throw new CommandException($"'{kind}' is no kind of file; it is properties, kcat or rpk", ExitCodes.Usage);
        if (context.Arguments.Value("--from") is not null && kind != "rpk")
            throw new CommandException($"--from is of rpk: a file of {kind} holds one cluster", ExitCodes.Usage);
        if (!File.Exists(path)) throw new CommandException($"there is no file '{path}'", ExitCodes.NotFound);
        if (kind == "rpk") return ImportRpkAsync(context, path);
        if (!PropertiesFile.TryParse(File.ReadAllText(path), out Dictionary<string, string> given, out string? error))
            throw new CommandException($"{path}: {error}", ExitCodes.Usage);
        string name = context.Arguments.Value("--as") ?? Path.GetFileName(path).Split('.')[0];
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach ((string key, string value) in given)
        {
            string property = kind == "kcat" ? _kcatNames.GetValueOrDefault(key, key) : key;
            if (property == Profile.BootstrapProperty || IsKnown(context, property, value)) values[property] = value;
        }

        return SaveAsync(context, path, name, values);
    }

    private static Task<int> ImportRpkAsync(CommandContext context, string path)
    {
        try
        {
            (string name, Dictionary<string, string> values) = RpkFile.Read(
                File.ReadAllText(path), context.Arguments.Value("--from"), text => context.Say($"moldau: left out {text}"));
            _ = new ClientProperties(values.Where(v => v.Key != Profile.BootstrapProperty).ToDictionary(StringComparer.Ordinal));
            return SaveAsync(context, path, context.Arguments.Value("--as") ?? name, values);
        }
        catch (FormatException error)
        {
            throw new CommandException($"{path}: {error.Message}", ExitCodes.Usage);
        }
    }

    private static Task<int> SaveAsync(CommandContext context, string path, string name, Dictionary<string, string> values)
    {
        bool isThere = ProfileStore.Default.Has(Profile.CheckName(name));
        if (context.Arguments.Value("--bootstrap") is { } bootstrap) values[Profile.BootstrapProperty] = bootstrap;
        ProfileVerbs.Save(new Profile(name, values), $"{path} names no brokers: say where they are with -b host:9092");
        return ProfileVerbs.Done(context, name, isThere ? "changed" : "added");
    }

    private static bool IsKnown(CommandContext context, string property, string value)
    {
        try
        {
            _ = new ClientProperties(new Dictionary<string, string> { [property] = value });
            return true;
        }
        catch (CommandException error)
        {
            context.Say($"moldau: left out {property}: {error.Message}");
            return false;
        }
    }

    private static Task<int> PromptAsync(CommandContext context)
    {
        if (context.Profile is { } profile)
        {
            bool isRed = context.HasColour && (profile.IsReadOnly || profile.NeedsConfirmation);
            Console.Out.WriteLine(isRed ? Red + profile.Name + Plain : profile.Name);
        }

        return Task.FromResult(ExitCodes.Ok);
    }
}
