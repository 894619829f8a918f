namespace Moldau.Cli.Parsing;

/// <summary>An option of a command.</summary>
/// <param name="Name">Its long name, such as <c>--partitions</c>.</param>
/// <param name="Short">Its short name, such as <c>-p</c>, or null.</param>
/// <param name="Value">What its value is called in the help; null for a flag.</param>
/// <param name="Help">What it does, in a few words.</param>
internal sealed record Option(string Name, string? Short, string? Value, string Help)
{
    public bool IsFlag => Value is null;

    public static readonly IReadOnlyList<Option> Global =
    [
        new("--bootstrap", "-b", "HOST:PORT,…", "brokers to ask first (MOLDAU_BOOTSTRAP; localhost:9092)"),
        new("--profile", "-P", "NAME", "the address and properties of a profile (MOLDAU_PROFILE; 'moldau profile use')"),
        new("--output", "-o", "FORMAT", Output.OutputFormats.Names),
        new("--property", "-X", "KEY=VALUE", "a property of Kafka's clients; may be repeated"),
        new("--command-config", null, "FILE", "a file with such properties"),
        new("--timeout", null, "TIME", "how long to wait for the cluster, such as 500ms, 30s (15s)"),
        new("--color", null, "WHEN", "auto|always|never; NO_COLOR means never"),
        new("--quiet", "-q", null, "no messages, only data and errors"),
        new("--verbose", "-v", null, "tell what is asked of whom, and how long the answers take"),
        new("--debug", null, null, "the same, with the requests and answers themselves"),
    ];

    public static readonly Option Yes = new("--yes", "-y", null, "do it without asking");

    public static readonly Option DryRun = new("--dry-run", null, null, "only show what would be done");
}
