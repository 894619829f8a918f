using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Profiles;

namespace Moldau.Cli.Verbs;

/// <summary><c>moldau profile</c>: clusters by name.</summary>
internal static class ProfileVerbs
{
    private const string Hidden = "(secret)";

    private static readonly Column[] Listed =
        [new("profile"), new("bootstrap"), Column.Fact("current"), Column.Fact("readOnly"), Column.Fact("confirm")];

    private static readonly Column[] Shown = [new("property"), new("value")];

    public static readonly Column[] Changed = [new("profile"), new("status")];

    public static readonly Command Add = new("profile add", "NAME [KEY=VALUE…]", "remember a cluster under a name, or change what is remembered", AddAsync)
    {
        MinOperands = 1,
        Columns = Changed,
        Options =
        [
            new("--readonly", null, "yes|no", "verbs that change something are refused"),
            new("--confirm", null, "yes|no", "verbs that change something want the profile's name first"),
        ],
        Details = "-b is its address, KEY=VALUE are properties of Kafka's clients. An empty value removes a property.\n"
            + "Passwords and other secrets go into a file that only its owner can read.",
        Example = "moldau profile add prod -b broker1:9092,broker2:9092 client.id=me --confirm yes",
    };

    public static readonly Command Use = new("profile use", "NAME", "take a profile where neither -P nor -b is given; - for none", UseAsync)
    {
        MinOperands = 1,
        MaxOperands = 1,
        Columns = Changed,
        Example = "moldau profile use prod",
    };

    public static readonly Command List = new("profile list", "", "the profiles, by name", ListAsync)
    {
        MaxOperands = 0,
        Columns = Listed,
        Example = "moldau profile list",
    };

    public static readonly Command Show = new("profile show", "[NAME]", "the properties of a profile, without its secrets", ShowAsync)
    {
        MaxOperands = 1,
        Columns = Shown,
        Example = "moldau profile show prod",
    };

    public static readonly Command Remove = new("profile remove", "NAME…", "forget profiles", RemoveAsync)
    {
        MinOperands = 1,
        Columns = Changed,
        Example = "moldau profile remove staging",
    };

    private static Task<int> AddAsync(CommandContext context)
    {
        CommandLineArguments arguments = context.Arguments;
        string name = Profile.CheckName(arguments.Operands[0]);
        ProfileStore store = ProfileStore.Default;
        bool isThere = store.Has(name);
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        if (isThere) values = store.Require(name).Values.ToDictionary(StringComparer.Ordinal);
        Dictionary<string, string> given = CommandLineArguments.Pairs(arguments.Operands.Skip(1), "profile add");
        foreach ((string key, string value) in arguments.Pairs("--property")) given[key] = value;
        if (arguments.Value("--bootstrap") is { } bootstrap) given[Profile.BootstrapProperty] = bootstrap;
        if (Fact(arguments, "--readonly") is { } isReadOnly) given[Profile.ReadOnlyProperty] = isReadOnly;
        if (Fact(arguments, "--confirm") is { } confirms) given[Profile.ConfirmProperty] = confirms;
        foreach ((string key, string value) in given)
        {
            if (value.Length > 0) values[key] = value;
            else values.Remove(key);
        }

        Save(new Profile(name, values), "'profile add' needs the address: -b host:9092");
        return Done(context, name, isThere ? "changed" : "added");
    }

    private static Task<int> UseAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        ProfileStore.Default.Use(name == "-" ? null : ProfileStore.Default.Require(name).Name);
        return Done(context, name, name == "-" ? "none in use" : "in use");
    }

    private static Task<int> ListAsync(CommandContext context)
    {
        CommandResult result = new(Listed);
        string? current = ProfileStore.Default.Current;
        foreach (string name in ProfileStore.Default.Names)
        {
            Profile profile = ProfileStore.Default.Require(name);
            result.Add(name, profile.Bootstrap, name == current, profile.IsReadOnly, profile.NeedsConfirmation);
        }

        context.Show(result);
        return Task.FromResult(ExitCodes.Ok);
    }

    private static Task<int> ShowAsync(CommandContext context)
    {
        string name = context.Arguments.Operands.FirstOrDefault() ?? context.Profile?.Name
            ?? throw new CommandException("no profile is in use; name one: moldau profile show NAME", ExitCodes.Usage);
        CommandResult result = new(Shown);
        foreach ((string property, string value) in ProfileStore.Default.Require(name).Values.OrderBy(v => v.Key, StringComparer.Ordinal))
            result.Add(property, Profile.IsSecret(property) ? Hidden : value);
        context.Show(result);
        return Task.FromResult(ExitCodes.Ok);
    }

    private static Task<int> RemoveAsync(CommandContext context)
    {
        CommandResult result = new(Changed);
        foreach (string name in context.Arguments.Operands) _ = ProfileStore.Default.Require(name);
        foreach (string name in context.Arguments.Operands.Distinct(StringComparer.Ordinal))
        {
            ProfileStore.Default.Remove(name);
            result.Add(name, "removed");
        }

        context.Show(result);
        return Task.FromResult(ExitCodes.Ok);
    }

    /// <summary>Keeps a profile that clients can work with.</summary>
    /// <exception cref="CommandException">It has no address, or something that a client would refuse.</exception>
    public static void Save(Profile profile, string whatLacksAddress)
    {
        if (profile.Bootstrap is null) throw new CommandException(whatLacksAddress, ExitCodes.Usage);
        CheckAddress(profile.Bootstrap);
        _ = new ClientProperties(profile.ClientProperties());
        ProfileStore.Default.Save(profile);
    }

    public static Task<int> Done(CommandContext context, string name, string status)
    {
        CommandResult result = new(Changed);
        result.Add(name, status);
        context.Show(result);
        return Task.FromResult(ExitCodes.Ok);
    }

    private static string? Fact(CommandLineArguments arguments, string option) => arguments.Value(option) switch
    {
        null => null,
        "yes" or "true" => "true",
        "no" or "false" => "",
        { } other => throw new CommandException($"'{option} {other}': it is yes or no", ExitCodes.Usage),
    };

    private static void CheckAddress(string bootstrap)
    {
        try
        {
            Client.BrokerAddresses.Parse(bootstrap);
        }
        catch (FormatException error)
        {
            throw new CommandException($"{error.Message}; write -b localhost:9092", ExitCodes.Usage);
        }
    }
}
