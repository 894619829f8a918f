using Moldau.Cli.Parsing;

namespace Moldau.Cli.Profiles;

/// <summary>A named cluster: where it is, the properties that its clients need, and how careful to be with it.</summary>
/// <param name="Name">Letters, digits, dots, dashes and underscores.</param>
/// <param name="Values">Kafka's client properties, <c>bootstrap.servers</c> among them, and those that begin with
/// <c>moldau.</c>.</param>
internal sealed record Profile(string Name, IReadOnlyDictionary<string, string> Values)
{
    public const string BootstrapProperty = "bootstrap.servers";
    public const string ReadOnlyProperty = "moldau.readonly";
    public const string ConfirmProperty = "moldau.confirm";

    private const string OwnPrefix = "moldau.";

    public string? Bootstrap => Values.GetValueOrDefault(BootstrapProperty);

    /// <summary>Verbs that change something are refused.</summary>
    public bool IsReadOnly => Values.GetValueOrDefault(ReadOnlyProperty) == "true";

    /// <summary>Verbs that change something want the profile's name first.</summary>
    public bool NeedsConfirmation => Values.GetValueOrDefault(ConfirmProperty) == "true";

    /// <summary>What goes to the client, apart from the address.</summary>
    public Dictionary<string, string> ClientProperties() =>
        Values.Where(v => v.Key != BootstrapProperty && !v.Key.StartsWith(OwnPrefix, StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);

    /// <summary>True for values that nobody but the owner may read.</summary>
    public static bool IsSecret(string property) =>
        property.Contains("password", StringComparison.OrdinalIgnoreCase)
        || property.Contains("secret", StringComparison.OrdinalIgnoreCase)
        || property is "sasl.jaas.config" or "ssl.keystore.key";

    /// <summary>The profile that was named, else that of the environment, else the one in use; null where none is. An
    /// address on the command line goes before the one in use, whose properties may be wrong for it.</summary>
    /// <exception cref="CommandException">There is no profile of the name.</exception>
    public static Profile? Chosen(string? named, bool hasAddress)
    {
        if (named is null && Environment.GetEnvironmentVariable("MOLDAU_PROFILE") is { Length: > 0 } set) named = set;
        if (named is not null) return ProfileStore.Default.Require(named);
        bool isAddressed = hasAddress || Environment.GetEnvironmentVariable("MOLDAU_BOOTSTRAP") is { Length: > 0 };
        if (isAddressed || ProfileStore.Default.Current is not { } current) return null;
        // One that is gone must not keep every verb from working, "profile use" among them.
        return ProfileStore.Default.Has(current) ? ProfileStore.Default.Require(current) : null;
    }

    /// <summary>A name that is a file name on every system.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static string CheckName(string name)
    {
        bool isName = name.Length is > 0 and <= 100 && name[0] != '.'
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
        return isName ? name : throw new CommandException(
            $"'{name}' is no name for a profile; it has letters, digits, dots, dashes and underscores", ExitCodes.Usage);
    }

    /// <summary>What somebody may have meant who named a profile that is not there.</summary>
    public static string Hint(string name, IEnumerable<string> names) =>
        Nearest.Of(name, names) is { } near ? $"did you mean '{near}'?" : "'moldau profile list' shows what there is";
}
