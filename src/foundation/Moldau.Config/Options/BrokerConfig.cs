namespace Moldau.Config;

/// <summary>The effective configuration of one node, parsed and checked. Immutable: a dynamic change makes a new
/// one.</summary>
public sealed partial class BrokerConfig(
    ConfigValues values, ListenerSet listeners, IReadOnlyDictionary<string, string> set)
{
    /// <summary>Every property of the table, for those that have no member of their own.</summary>
    public ConfigValues Values { get; } = values;

    public int NodeId { get; } = values.Int("node.id");

    public ProcessRoles ProcessRoles { get; } = ParseRoles(values.List("process.roles"));

    public bool IsBroker => (ProcessRoles & ProcessRoles.Broker) != 0;

    public bool IsController => (ProcessRoles & ProcessRoles.Controller) != 0;

    /// <summary>All addresses to listen on, those of the controller included.</summary>
    public IReadOnlyList<Endpoint> Listeners { get; } = listeners.All;

    public IReadOnlyList<Endpoint> BrokerListeners { get; } = listeners.OfBroker;

    public IReadOnlyList<Endpoint> ControllerListeners { get; } = listeners.OfController;

    /// <summary>What Metadata answers: never a controller listener.</summary>
    public IReadOnlyList<Endpoint> AdvertisedListeners { get; } = listeners.Advertised;

    public IReadOnlyList<Endpoint> AdvertisedControllerListeners { get; } = listeners.AdvertisedController;

    public IReadOnlyList<string> ControllerListenerNames { get; } = values.List("controller.listener.names");

    /// <summary>Upper case, and the security protocol's name unless it is set.</summary>
    public string InterBrokerListenerName { get; } = listeners.InterBrokerName;

    public SecurityProtocol InterBrokerSecurityProtocol { get; } = listeners.InterBrokerProtocol;

    public IReadOnlyList<HostPort> ControllerQuorumBootstrapServers { get; } =
        [.. values.List("controller.quorum.bootstrap.servers").Select(ToHostPort)];

    public IReadOnlyList<QuorumVoter> ControllerQuorumVoters { get; } =
        [.. values.List("controller.quorum.voters").Select(ToVoter)];

    public IReadOnlyList<string> LogDirs { get; } = values.ListOrNull("log.dirs") ?? values.List("log.dir");

    public string MetadataLogDir { get; } =
        values.StringOrNull("metadata.log.dir") ?? (values.ListOrNull("log.dirs") ?? values.List("log.dir"))[0];

    public int MetadataLogSegmentBytes { get; } =
        values.IntOrNull("internal.metadata.log.segment.bytes") ?? values.Int("metadata.log.segment.bytes");

    /// <summary>From milliseconds, minutes or hours, whichever is set first; -1 keeps for ever.</summary>
    public long LogRetentionMs { get; } = BrokerRules.RetentionMs(values);

    public long LogRollMs { get; } = values.LongOrNull("log.roll.ms")
        ?? values.Int("log.roll.hours") * BrokerRules.HourMs;

    public long LogRollJitterMs { get; } =
        values.LongOrNull("log.roll.jitter.ms") ?? values.Int("log.roll.jitter.hours") * BrokerRules.HourMs;

    public long LogFlushIntervalMs { get; } =
        values.LongOrNull("log.flush.interval.ms") ?? values.Long("log.flush.scheduler.interval.ms");

    public TimestampType LogMessageTimestampType { get; } =
        values.String("log.message.timestamp.type") == "LogAppendTime" ? TimestampType.LogAppendTime
            : TimestampType.CreateTime;

    /// <summary>0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.</summary>
    public int OffsetsTopicCompressionCodec { get; } = values.Int("offsets.topic.compression.codec");

    /// <summary>Limits for single addresses, before <c>max.connections.per.ip</c>.</summary>
    public IReadOnlyDictionary<string, int> MaxConnectionsPerIpOverrides { get; } =
        BrokerRules.ParseConnectionLimits(values.String("max.connections.per.ip.overrides"), null);

    public AcknowledgeMode Acknowledge { get; } =
        values.String("moldau.acknowledge") == "fsync" ? AcknowledgeMode.Fsync : AcknowledgeMode.PageCache;

    public int ConnectionMaxInflightRequests { get; } = values.Int("moldau.connection.max.inflight.requests");

    public long DiskDirtyMaxBytes { get; } = values.Long("moldau.disk.dirty.max.bytes");

    public long DiskReserveBytes { get; } = values.Long("moldau.disk.reserve.bytes");

    public long DiskWritebackBytes { get; } = values.Long("moldau.disk.writeback.bytes");

    public IReadOnlyList<HostPort> HttpListeners { get; } =
        [.. values.List("moldau.http.listeners").Select(ToHostPort)];

    public string LogFormat { get; } = values.String("moldau.log.format");

    public string MetricsExclude { get; } = values.String("moldau.metrics.exclude");

    public IReadOnlyList<string> MetricsFlavor { get; } = values.List("moldau.metrics.flavor");

    public string MetricsGranularity { get; } = values.String("moldau.metrics.granularity");

    public string MetricsInclude { get; } = values.String("moldau.metrics.include");

    /// <summary>0 is one for each core.</summary>
    public int Shards { get; } = values.Int("moldau.shards");

    public long ShutdownTimeoutMs { get; } = values.Long("moldau.shutdown.timeout.ms");

    public bool StorageAutoFormat { get; } = values.Bool("moldau.storage.auto.format");

    public int TurnWarnMs { get; } = values.Int("moldau.turn.warn.ms");

    /// <summary>Builds from layers; see the overload.</summary>
    public static bool TryBuild(ConfigLayers layers, out BrokerConfig? config, ICollection<string> errors,
        ICollection<string> warnings) => TryBuild(layers.Merge(), out config, errors, warnings);

    /// <summary>Parses and checks what is set. Errors keep the node from starting and come in the order in which Kafka
    /// would find them; warnings do not: unknown names, and known ones without effect in this version.</summary>
    public static bool TryBuild(IReadOnlyDictionary<string, string> set, out BrokerConfig? config,
        ICollection<string> errors, ICollection<string> warnings)
    {
        foreach (UnknownProperty unknown in NearestName.FindUnknown(set.Keys))
            warnings.Add($"Unknown property {unknown.Name}; the nearest name is {unknown.Nearest}.");
        IReadOnlyList<string> unused = NearestName.FindNotYetUsed(set.Keys);
        if (unused.Count > 0)
            warnings.Add("Set but without effect in this version: " + string.Join(", ", unused) + ".");
        if (!TryBuildQuietly(set, out config, errors)) return false;
        long heartbeat = config!.Values.Int("broker.heartbeat.interval.ms");
        if (config.IsBroker && heartbeat * 2 > config.Values.Int("broker.session.timeout.ms"))
            warnings.Add("broker.heartbeat.interval.ms is more than half of broker.session.timeout.ms: one late "
                + "heartbeat may fence the broker.");
        return true;
    }

    /// <summary>The same without warnings, for what changes while the node runs.</summary>
    internal static bool TryBuildQuietly(
        IReadOnlyDictionary<string, string> set, out BrokerConfig? config, ICollection<string> errors)
    {
        config = null;
        int before = errors.Count;
        Dictionary<string, string> filled = BrokerRules.WithNodeId(set);
        ConfigValues values = BrokerConfigTable.Table.Parse(filled, errors);
        if (errors.Count != before) return false;
        ListenerSet? listeners = ListenerSet.Build(values, filled, errors);
        if (listeners is null) return false;
        BrokerRules.Check(values, listeners, errors);
        BrokerRules.CheckPrefixed(filled, errors);
        if (errors.Count != before) return false;
        BrokerConfig built = new(values, listeners, filled);
        // What topics and groups inherit has to be valid for them as well, or they could not be opened later.
        Dictionary<string, string> none = [];
        TopicRules.Parse(none, built, errors);
        GroupRules.Validate(none, built, errors);
        if (errors.Count != before) return false;
        config = built;
        return true;
    }

    /// <summary>All properties as one listener has them: <c>listener.name.NAME.property</c> goes before the bare
    /// property. TLS and SASL settings are always read this way.</summary>
    public ConfigValues ForListener(string listenerName)
    {
        string prefix = $"listener.name.{listenerName.ToLowerInvariant()}.";
        Dictionary<string, string> merged = new(set, StringComparer.Ordinal);
        foreach ((string name, string value) in set)
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                merged[name[prefix.Length..]] = value;
        List<string> errors = [];
        ConfigValues values = BrokerConfigTable.Table.Parse(merged, errors);
        Base.Verify.That(errors.Count == 0);
        return values;
    }

    /// <summary>What a log may show: nothing of passwords, nor of properties whose type nobody knows.</summary>
    public static string LoggableValue(string name, string value)
    {
        ListenerPrefix.TrySplit(name, out string bare);
        return BrokerConfigTable.Table.Find(bare) is { IsSensitive: false } ? value : "[hidden]";
    }

    internal static ProcessRoles ParseRoles(IReadOnlyList<string> roles)
    {
        ProcessRoles all = ProcessRoles.None;
        foreach (string role in roles) all |= role == "broker" ? ProcessRoles.Broker : ProcessRoles.Controller;
        return all;
    }

    private static HostPort ToHostPort(string text)
    {
        Base.Verify.That(HostPort.TryParse(text, out HostPort address));
        return address;
    }

    private static QuorumVoter ToVoter(string text)
    {
        Base.Verify.That(QuorumVoter.TryParse(text, out QuorumVoter voter));
        return voter;
    }
}
