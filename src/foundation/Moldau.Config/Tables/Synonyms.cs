using System.Collections.Frozen;

namespace Moldau.Config;

/// <summary>A broker property that stands behind another property, and the factor between their units.</summary>
public readonly record struct ConfigSynonym(string Name, long Factor = 1);

/// <summary>Which broker properties give a topic, group or other broker property its value when it is not set itself.
/// The first one that is set wins.</summary>
public static class Synonyms
{
    private const long Hours = 3_600_000;
    private const long Minutes = 60_000;

    private static readonly ConfigSynonym[] Roll = [new("log.roll.ms"), new("log.roll.hours", Hours)];
    private static readonly ConfigSynonym[] Jitter = [new("log.roll.jitter.ms"), new("log.roll.jitter.hours", Hours)];
    private static readonly ConfigSynonym[] Flush =
        [new("log.flush.interval.ms"), new("log.flush.scheduler.interval.ms")];
    private static readonly ConfigSynonym[] Retention =
        [new("log.retention.ms"), new("log.retention.minutes", Minutes), new("log.retention.hours", Hours)];

    private static readonly FrozenDictionary<string, ConfigSynonym[]> OfTopic = new Dictionary<string, ConfigSynonym[]>
    {
        ["cleanup.policy"] = [new("log.cleanup.policy")],
        ["compression.gzip.level"] = [new("compression.gzip.level")],
        ["compression.lz4.level"] = [new("compression.lz4.level")],
        ["compression.type"] = [new("compression.type")],
        ["compression.zstd.level"] = [new("compression.zstd.level")],
        ["delete.retention.ms"] = [new("log.cleaner.delete.retention.ms")],
        ["file.delete.delay.ms"] = [new("log.segment.delete.delay.ms")],
        ["flush.messages"] = [new("log.flush.interval.messages")],
        ["flush.ms"] = Flush,
        ["index.interval.bytes"] = [new("log.index.interval.bytes")],
        ["local.retention.bytes"] = [new("log.local.retention.bytes")],
        ["local.retention.ms"] = [new("log.local.retention.ms")],
        ["max.compaction.lag.ms"] = [new("log.cleaner.max.compaction.lag.ms")],
        ["max.decompressed.message.bytes"] = [new("max.decompressed.message.bytes")],
        ["max.message.bytes"] = [new("message.max.bytes")],
        ["message.timestamp.after.max.ms"] = [new("log.message.timestamp.after.max.ms")],
        ["message.timestamp.before.max.ms"] = [new("log.message.timestamp.before.max.ms")],
        ["message.timestamp.type"] = [new("log.message.timestamp.type")],
        ["min.cleanable.dirty.ratio"] = [new("log.cleaner.min.cleanable.ratio")],
        ["min.compaction.lag.ms"] = [new("log.cleaner.min.compaction.lag.ms")],
        ["min.insync.replicas"] = [new("min.insync.replicas")],
        ["moldau.acknowledge"] = [new("moldau.acknowledge")],
        ["preallocate"] = [new("log.preallocate")],
        ["remote.copy.lag.bytes"] = [new("log.remote.copy.lag.bytes")],
        ["remote.copy.lag.ms"] = [new("log.remote.copy.lag.ms")],
        ["retention.bytes"] = [new("log.retention.bytes")],
        ["retention.ms"] = Retention,
        ["segment.bytes"] = [new("log.segment.bytes")],
        ["segment.index.bytes"] = [new("log.index.size.max.bytes")],
        ["segment.jitter.ms"] = Jitter,
        ["segment.ms"] = Roll,
        ["unclean.leader.election.enable"] = [new("unclean.leader.election.enable")],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IReadOnlyList<ConfigSynonym> ForTopic(string name) =>
        OfTopic.TryGetValue(name, out ConfigSynonym[]? found) ? found : [];

    /// <summary>The broker property behind a group property, or null.</summary>
    public static string? ForGroup(string name)
    {
        if (name == "streams.assignor.name") return "group.streams.assignors";
        string withPrefix = "group." + name;
        return BrokerConfigTable.Table.Find(withPrefix) is null ? null : withPrefix;
    }

    /// <summary>The family of a broker property, most precise first, itself included. A property with a listener prefix
    /// has the one without as its fallback.</summary>
    public static IReadOnlyList<ConfigSynonym> ForBroker(string name) => name switch
    {
        "log.roll.ms" or "log.roll.hours" => Roll,
        "log.roll.jitter.ms" or "log.roll.jitter.hours" => Jitter,
        "log.flush.interval.ms" => Flush,
        "log.retention.ms" or "log.retention.minutes" or "log.retention.hours" => Retention,
        _ when ListenerPrefix.TrySplit(name, out string bare) => [new(name), new(bare)],
        _ => [new(name)],
    };
}

/// <summary>Names of the form <c>listener.name.NAME.property</c>.</summary>
public static class ListenerPrefix
{
    private const string Start = "listener.name.";

    private static readonly string[] PerMechanism =
    [
        "sasl.jaas.config", "sasl.login.callback.handler.class", "sasl.login.class",
        "sasl.server.callback.handler.class", "connections.max.reauth.ms",
    ];

    public static bool TrySplit(string name, out string bare)
    {
        bare = name;
        if (!name.StartsWith(Start, StringComparison.Ordinal)) return false;
        int dot = name.IndexOf('.', Start.Length);
        if (dot < 0 || dot == name.Length - 1) return false;
        bare = name[(dot + 1)..];
        foreach (string property in PerMechanism)
            if (bare.EndsWith(property, StringComparison.Ordinal))
                bare = property;
        return true;
    }
}
