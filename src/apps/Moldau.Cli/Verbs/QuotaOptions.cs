using System.Globalization;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>How quotas are said on a command line: whom they hold for, and short names for Kafka's.</summary>
internal static class QuotaOptions
{
    public const string Keys =
        "KEY: produce and consume (bytes a second: 10MB, 512KiB), request (per cent of a thread), mutations (partitions made or deleted\n"
        + "a second), connections (a second, of an address); or Kafka's own names.";

    public static readonly Option[] Entity =
    [
        new("--user", null, "NAME", "the user"),
        new("--user-default", null, null, "users without a quota of their own"),
        new("--client-id", null, "ID", "the client id; with --user: that client of that user"),
        new("--client-id-default", null, null, "client ids without a quota of their own"),
        new("--ip", null, "ADDRESS", "connections from this address"),
        new("--ip-default", null, null, "addresses without a quota of their own"),
    ];

    private static readonly (string Short, string Name)[] _names =
    [
        ("produce", "producer_byte_rate"), ("consume", "consumer_byte_rate"), ("request", "request_percentage"),
        ("mutations", "controller_mutation_rate"), ("connections", "connection_creation_rate"),
    ];

    private static readonly (string Suffix, double Factor)[] _units =
    [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("%", 1), ("", 1),
    ];

    /// <summary>Whom the options name.</summary>
    /// <exception cref="CommandException">They name nobody.</exception>
    public static QuotaEntity EntityOf(CommandLineArguments arguments, string verb)
    {
        QuotaEntity entity = new(Name("--user"), Name("--client-id"), Name("--ip"));
        return entity != new QuotaEntity()
            ? entity
            : throw new CommandException($"'{verb}' needs --user, --client-id or --ip, or the default of one", ExitCodes.Usage);

        QuotaName? Name(string option) =>
            arguments.Value(option) is { } name ? new QuotaName(name) : arguments.Has(option + "-default") ? QuotaName.Default : (QuotaName?)null;
    }

    /// <summary>The quotas that the options mean; all where they name nobody.</summary>
    public static QuotaFilter FilterOf(CommandLineArguments arguments)
    {
        return new QuotaFilter { User = Match("--user"), ClientId = Match("--client-id"), Ip = Match("--ip") };

        QuotaMatch? Match(string option) =>
            arguments.Value(option) is { } name ? QuotaMatch.Of(name) : arguments.Has(option + "-default") ? QuotaMatch.Default : null;
    }

    /// <summary>Kafka's name of a key.</summary>
    public static string KafkaName(string key)
    {
        foreach ((string name, string kafka) in _names)
            if (key == name || key == kafka) return kafka;
        string? near = Nearest.Of(key, _names.SelectMany(n => (string[])[n.Short, n.Name]));
        string hint = near is null ? $"they are {string.Join(", ", _names.Select(n => n.Short))}" : $"did you mean '{near}'?";
        throw new CommandException($"there is no quota '{key}'; {hint}", ExitCodes.Usage);
    }

    /// <summary>A number with or without a unit.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static double Number(string key, string text)
    {
        string number = text.EndsWith("/s", StringComparison.Ordinal) ? text[..^2] : text;
        foreach ((string suffix, double factor) in _units)
        {
            if (!number.EndsWith(suffix, StringComparison.Ordinal)) continue;
            if (double.TryParse(number[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
                return value * factor;
        }

        throw new CommandException($"'{key}={text}' is no number; write 1000000, 10MB, 512KiB or 50%", ExitCodes.Usage);
    }

    /// <summary>The fields of a quota, with others behind its value.</summary>
    public static Column[] Columns(params Column[] more) =>
    [
        new("entity"), new("key"), Column.Decimal("value"), .. more,
        new("user", IsWide: true), new("clientId", IsWide: true), new("ip", IsWide: true),
    ];

    public static CommandResult Table(params Column[] more) => new(Columns(more));

    public static void Add(CommandResult table, QuotaEntity entity, string key, double? value, params object?[] more) => table.Add(
        [entity.ToString(), key, value, .. more, entity.User?.ToString(), entity.ClientId?.ToString(), entity.Ip?.ToString()]);
}
