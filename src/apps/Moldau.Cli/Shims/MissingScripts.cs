namespace Moldau.Cli.Shims;

/// <summary>Kafka's scripts that are not here, with the verb that does the same: who calls one is told, not left with
/// "no such command".</summary>
internal static class MissingScripts
{
    private const string NotYet = "";

    private static readonly Dictionary<string, string> _insteadOf = new(StringComparer.Ordinal)
    {
        ["kafka-jmx"] = NotYet,
        ["kafka-mirror-maker"] = "topic copy",
        ["kafka-replica-verification"] = "log verify",
        ["kafka-run-class"] = NotYet,
        ["kafka-server-stop"] = NotYet,
        ["kafka-share-consumer-perf-test"] = NotYet,
        ["kafka-streams-application-reset"] = "group seek",
        ["kafka-streams-groups"] = NotYet,
    };

    /// <summary>What to tell who calls a script by this name; null where Kafka has none either.</summary>
    /// <param name="name">With or without <c>.sh</c>.</param>
    public static string? Advice(string name)
    {
        string plain = name.EndsWith(".sh", StringComparison.Ordinal) ? name[..^3] : name;
        if (!_insteadOf.TryGetValue(plain, out string? verb)) return null;
        return verb == NotYet
            ? $"Kafka's script '{plain}' is not here, and no verb does its work yet; 'moldau help' lists what there is"
            : $"Kafka's script '{plain}' is not here; 'moldau {verb}' does its work, see 'moldau help {verb}'";
    }
}
