namespace Moldau.Config;

/// <summary>What the properties of a node must be to each other. The texts are those of Kafka 4.4, because people
/// search
/// for them.</summary>
internal static class BrokerRules
{
    public const long HourMs = 3_600_000;
    private const long MinuteMs = 60_000;

    /// <summary>node.id and broker.id are two names of one thing.</summary>
    public static Dictionary<string, string> WithNodeId(IReadOnlyDictionary<string, string> set)
    {
        Dictionary<string, string> filled = new(set, StringComparer.Ordinal);
        if (set.TryGetValue("node.id", out string? id)) filled.TryAdd("broker.id", id);
        else if (set.TryGetValue("broker.id", out id)) filled.TryAdd("node.id", id);
        return filled;
    }

    public static long RetentionMs(ConfigValues values)
    {
        long ms = values.LongOrNull("log.retention.ms")
            ?? values.IntOrNull("log.retention.minutes") * MinuteMs
            ?? values.Int("log.retention.hours") * HourMs;
        return ms < 0 ? -1 : ms;
    }

    public static Dictionary<string, int> ParseConnectionLimits(string text, ICollection<string>? errors)
    {
        Dictionary<string, int> limits = new(StringComparer.Ordinal);
        foreach (string entry in text.Split(',',
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int colon = entry.LastIndexOf(':');
            if (colon > 0 && int.TryParse(entry.AsSpan(colon + 1), out int limit))
                limits[entry[..colon].Trim()] = limit;
            else
                errors?.Add("Error parsing configuration property 'max.connections.per.ip.overrides': " + entry);
        }
        return limits;
    }

    /// <summary>Values that only one listener has follow the rule of the bare property.</summary>
    public static void CheckPrefixed(IReadOnlyDictionary<string, string> set, ICollection<string> errors)
    {
        List<string> names = [.. set.Keys.Where(static name => ListenerPrefix.TrySplit(name, out _))];
        names.Sort(StringComparer.Ordinal);
        foreach (string name in names)
        {
            ListenerPrefix.TrySplit(name, out string bare);
            if (BrokerConfigTable.Table.Find(bare) is { } key
                && !ConfigValue.TryParse(key with { Name = name }, set[name], out _, out string? error))
                errors.Add(error!);
        }
    }

    /// <summary>Adds what is wrong, in Kafka's order.</summary>
    public static void Check(ConfigValues values, ListenerSet listeners, ICollection<string> errors)
    {
        if (values.Int("node.id") != values.Int("broker.id"))
            errors.Add("`node.id` and `broker.id` must be set to the same value. "
                + "`broker.id` is deprecated, please use `node.id` instead.");
        CheckTimes(values, errors);
        CheckQuorum(values, listeners, errors);
        CheckListeners(values, listeners, errors);
        CheckLimits(values, errors);
        CheckGroups(values, errors);
        CheckDirectories(values, errors);
    }

    private static void Require(bool condition, string text, ICollection<string> errors)
    {
        if (!condition) errors.Add("requirement failed: " + text);
    }

    private static void CheckTimes(ConfigValues values, ICollection<string> errors)
    {
        long roll = values.LongOrNull("log.roll.ms") ?? values.Int("log.roll.hours") * HourMs;
        long jitter = values.LongOrNull("log.roll.jitter.ms") ?? values.Int("log.roll.jitter.hours") * HourMs;
        long retention = RetentionMs(values);
        Require(roll >= 1, "log.roll.ms must be greater than or equal to 1", errors);
        Require(jitter >= 0, "log.roll.jitter.ms must be greater than or equal to 0", errors);
        Require(retention is >= 1 or -1,
            "log.retention.ms must be unlimited (-1) or, greater than or equal to 1", errors);
        int threads = values.Int("log.cleaner.threads");
        Require(threads == 0 || values.Long("log.cleaner.dedupe.buffer.size") / threads > 1024 * 1024,
            "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.", errors);
        int wait = values.Int("replica.fetch.wait.max.ms");
        Require(wait <= values.Int("replica.socket.timeout.ms"),
            "replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms"
            + " to prevent unnecessary socket timeouts", errors);
        Require(wait <= values.Long("replica.lag.time.max.ms"),
            "replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms"
            + " to prevent frequent changes in ISR", errors);
    }

    private static void CheckQuorum(ConfigValues values, ListenerSet listeners, ICollection<string> errors)
    {
        ProcessRoles roles = BrokerConfig.ParseRoles(values.List("process.roles"));
        int nodeId = values.Int("node.id");
        List<int> voters = [];
        foreach (string text in values.List("controller.quorum.voters"))
            if (QuorumVoter.TryParse(text, out QuorumVoter voter))
                voters.Add(voter.Id);
        string shown = "Set(" + string.Join(", ", voters) + ")";
        if (voters.Count == 0 && values.List("controller.quorum.bootstrap.servers").Count == 0)
            errors.Add("If using process.roles, either controller.quorum.bootstrap.servers must contain the set of "
                + "bootstrap "
                + "controllers or controller.quorum.voters must contain a parseable set of controllers.");
        IReadOnlyList<string> names = values.List("controller.listener.names");
        if ((roles & ProcessRoles.Controller) == 0)
        {
            Require(!voters.Contains(nodeId), "If process.roles contains just the 'broker' role, the node id "
                + $"{nodeId} must not be included in the set of voters controller.quorum.voters={shown}", errors);
            Require(listeners.OfController.Count == 0,
                "controller.listener.names must not contain a value appearing in "
                + "the 'listeners' configuration when running KRaft with just the broker role", errors);
            return;
        }
        if (roles == ProcessRoles.Controller)
            Require(listeners.AdvertisedController.Count == listeners.All.Count,
                "The listeners config must only contain "
                + "KRaft controller listeners from controller.listener.names when process.roles=controller", errors);
        Require(voters.Count == 0 || voters.Contains(nodeId),
            "If process.roles contains the 'controller' role, the node id "
            + $"{nodeId} must be included in the set of voters controller.quorum.voters={shown}", errors);
        Require(listeners.AdvertisedController.Count > 0, "controller.listener.names must contain at least one value "
            + "appearing in the 'listeners' configuration when running the KRaft controller role", errors);
        Require(names.All(name => listeners.All.Any(e => e.ListenerName == name)),
            "controller.listener.names must only "
            + "contain values appearing in the 'listeners' configuration when running the KRaft controller role",
                errors);
    }

    private static void CheckListeners(ConfigValues values, ListenerSet listeners, ICollection<string> errors)
    {
        if ((BrokerConfig.ParseRoles(values.List("process.roles")) & ProcessRoles.Broker) != 0)
        {
            string advertised = string.Join(',', listeners.Advertised.Select(static e => e.ListenerName));
            if (listeners.Advertised.Count == 0)
            {
                Require(false, "There must be at least one broker advertised listener. Perhaps all listeners appear in "
                    + "controller.listener.names?", errors);
                return;
            }
            Require(listeners.Advertised.Any(e => e.ListenerName == listeners.InterBrokerName),
                "inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options "
                + $"based on currently configured listeners are {advertised}", errors);
            Require(listeners.Advertised.All(a => listeners.All.Any(e => e.ListenerName == a.ListenerName)),
                "advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. "
                    + "Found "
                + $"{advertised}. The valid options based on the current configuration are "
                + string.Join(',', listeners.All.Select(static e => e.ListenerName)), errors);
        }
        foreach (IReadOnlyList<Endpoint> list in new[] { listeners.Advertised, listeners.AdvertisedController })
            Require(list.All(static e => e.Host != "0.0.0.0"), "advertised.listeners cannot use the nonroutable "
                + "meta-address 0.0.0.0. Use a routable IP address.", errors);
    }

    private static void CheckLimits(ConfigValues values, ICollection<string> errors)
    {
        if (!values.List("group.coordinator.rebalance.protocols").Contains("classic"))
            errors.Add("Disabling the 'classic' protocol is not supported.");
        long queued = values.Long("queued.max.request.bytes");
        Require(queued <= 0 || queued >= values.Int("socket.request.max.bytes"),
            "queued.max.request.bytes must be larger or equal to socket.request.max.bytes", errors);
        Dictionary<string, int> perAddress =
            ParseConnectionLimits(values.String("max.connections.per.ip.overrides"), errors);
        Require(values.Int("max.connections.per.ip") != 0 || perAddress.Count > 0,
            "max.connections.per.ip can be set to "
            + "zero only if max.connections.per.ip.overrides property is set.", errors);
        long idle = values.Long("connections.max.idle.ms");
        int delay = values.Int("connection.failed.authentication.delay.ms");
        Require(idle < 0 || delay < idle,
            $"connection.failed.authentication.delay.ms={delay} should always be less than "
            + $"connections.max.idle.ms={idle} to prevent failed authentication responses from timing out", errors);
        foreach (string address in values.List("moldau.http.listeners"))
            if (!HostPort.TryParse(address, out _))
                errors.Add(ConfigValue.Invalid("moldau.http.listeners", address, "Expected host:port"));
    }

    private static readonly string[] Ranged =
    [
        "consumer.heartbeat.interval.ms", "consumer.session.timeout.ms", "consumer.assignment.interval.ms",
        "share.heartbeat.interval.ms", "share.session.timeout.ms", "share.assignment.interval.ms",
        "share.record.lock.duration.ms", "share.delivery.count.limit", "share.partition.max.record.locks",
        "streams.heartbeat.interval.ms", "streams.session.timeout.ms", "streams.assignment.interval.ms",
    ];

    private static void CheckGroups(ConfigValues values, ICollection<string> errors)
    {
        foreach (string range in Ranged)
        {
            int dot = range.IndexOf('.');
            string name = "group." + range;
            string min = $"group.{range[..dot]}.min.{range[(dot + 1)..]}";
            string max = $"group.{range[..dot]}.max.{range[(dot + 1)..]}";
            if (values.Int(max) < values.Int(min)) errors.Add($"{max} must be greater than or equal to {min}");
            if (values.Int(name) < values.Int(min)) errors.Add($"{name} must be greater than or equal to {min}");
            if (values.Int(name) > values.Int(max)) errors.Add($"{name} must be less than or equal to {max}");
        }
        foreach (string assignor in values.List("group.consumer.assignors"))
            if (assignor is not ("uniform" or "range") && !assignor.Contains('.'))
                errors.Add(ConfigValue.Invalid("group.consumer.assignors", assignor, "Class cannot be found"));
        foreach (string assignor in values.List("group.share.assignors"))
            if (assignor != "simple" && !assignor.Contains('.'))
                errors.Add(ConfigValue.Invalid("group.share.assignors", assignor, "Class cannot be found"));
        int codec = values.Int("offsets.topic.compression.codec");
        if (codec is < 0 or > 4) errors.Add($"Unknown compression type id: {codec}");
    }

    private static void CheckDirectories(ConfigValues values, ICollection<string> errors)
    {
        IReadOnlyList<string> dirs = values.ListOrNull("log.dirs") ?? values.List("log.dir");
        IReadOnlyList<string> cordoned = values.ListOrNull("cordoned.log.dirs") ?? [];
        if (cordoned is not ["*"])
        {
            string missing = string.Join(',', cordoned.Where(dir => !dirs.Contains(dir)));
            Require(missing.Length == 0, "All entries in cordoned.log.dirs must be present in log.dirs or log.dir. "
                + "Missing entries : " + missing, errors);
        }
        IReadOnlyList<string> controllers = values.List("controller.listener.names");
        foreach (string early in values.ListOrNull("early.start.listeners") ?? [])
            if (!controllers.Contains(early) && !values.List("listeners").Any(text =>
                Endpoint.TrySplit(text, out string name, out _, out _) && name == early.ToUpperInvariant()))
                errors.Add($"early.start.listeners contains listener {early}, but this is not contained in "
                    + $"listeners or "
                    + "controller.listener.names");
    }
}
