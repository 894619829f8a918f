namespace Moldau.Config;

/// <summary>Which broker properties may change while the node runs, and at which scope.</summary>
internal static class BrokerChangeRules
{
    /// <summary>Pools that may at most double or halve in one step.</summary>
    private static readonly string[] Pools =
        ["num.io.threads", "num.replica.fetchers", "num.recovery.threads.per.data.dir", "background.threads"];

    /// <summary>Properties that keep their meaning for all listeners of the cluster although they may have a
    /// prefix.</summary>
    private static readonly string[] ClusterWideListenerProperties =
        ["max.connections", "max.connection.creation.rate", "num.network.threads"];

    /// <summary>Adds why <paramref name="values"/> cannot be the dynamic properties of the scope.</summary>
    public static void Check(
        Dictionary<string, string> values, bool isPerBroker, DynamicConfig current, ICollection<string> errors)
    {
        if (!CheckNames(values, isPerBroker, errors)) return;
        Dictionary<string, string> all = isPerBroker
            ? DynamicConfig.Merge(current.Static, current.ClusterWide, values)
            : DynamicConfig.Merge(current.Static, values, current.PerBroker);
        if (!BrokerConfig.TryBuildQuietly(all, out BrokerConfig? wanted, errors)) return;
        CheckSteps(current.Current, wanted!, errors);
        if (errors.Count == 0 && current.Veto?.Invoke(wanted!) is { } why) Refuse(why, errors);
    }

    /// <summary>The reasons that lie in the names and in single values.</summary>
    public static bool CheckNames(
        IReadOnlyDictionary<string, string> values, bool isPerBroker, ICollection<string> errors)
    {
        int before = errors.Count;
        Report("Cannot update these configs dynamically", values.Keys.Where(IsFixed), errors);
        Report("These security configs can be dynamically updated only per-listener using the listener prefix",
            values.Keys.Where(IsTls), errors);
        foreach ((string name, string value) in values)
        {
            ListenerPrefix.TrySplit(name, out string bare);
            if (BrokerConfigTable.Table.Find(bare) is { } key
                && !ConfigValue.TryParse(key with { Name = bare }, value, out _, out string? error)) errors.Add(error!);
        }
        if (!isPerBroker)
            Report("Cannot update these configs at default cluster level, broker id must be specified",
                values.Keys.Where(IsOnlyPerBroker), errors);
        return errors.Count == before;
    }

    private static void Report(string reason, IEnumerable<string> names, ICollection<string> errors)
    {
        List<string> sorted = [.. names];
        sorted.Sort(StringComparer.Ordinal);
        if (sorted.Count > 0) errors.Add($"{reason}: [{string.Join(", ", sorted)}]");
    }

    private static bool IsFixed(string name) =>
        BrokerConfigTable.Table.Find(name) is { Scope: DynamicScope.ReadOnly };

    private static bool IsTls(string name) =>
        name.StartsWith("ssl.", StringComparison.Ordinal)
        && BrokerConfigTable.Table.Find(name) is { Scope: DynamicScope.PerBroker };

    private static bool IsOnlyPerBroker(string name) => ListenerPrefix.TrySplit(name, out string bare)
        ? Array.IndexOf(ClusterWideListenerProperties, bare) < 0
        : BrokerConfigTable.Table.Find(name) is { Scope: DynamicScope.PerBroker };

    private static void CheckSteps(BrokerConfig current, BrokerConfig wanted, ICollection<string> errors)
    {
        foreach (string pool in Pools)
        {
            int now = current.Values.Int(pool);
            int next = wanted.Values.Int(pool);
            string start = $"Dynamic thread count update validation failed for {pool}={next}, value should ";
            if (next > now * 2) Refuse(start + $"not be greater than double the current value {now}", errors);
            if (next < now / 2) Refuse(start + $"be at least half the current value {now}", errors);
        }
        int cleaners = current.Values.Int("log.cleaner.threads");
        int wantedCleaners = wanted.Values.Int("log.cleaner.threads");
        if (wantedCleaners < 1) Refuse("Log cleaner threads should be at least 1", errors);
        if (wantedCleaners < cleaners / 2)
            Refuse($"Log cleaner threads cannot be reduced to less than half the current value {cleaners}", errors);
        if (wantedCleaners > cleaners * 2)
            Refuse($"Log cleaner threads cannot be increased to more than double the current value {cleaners}", errors);
        CheckConnections(wanted.Values, errors);
        foreach (Endpoint listener in wanted.Listeners) CheckConnections(wanted.ForListener(listener.ListenerName), errors);
    }

    private static void CheckConnections(ConfigValues values, ICollection<string> errors)
    {
        foreach (string limit in new[] { "max.connections", "max.connection.creation.rate" })
            if (values.Int(limit) <= 0) Refuse($"Invalid {limit} {values.Int(limit)}", errors);
    }

    /// <summary>Kafka wraps what a component says about a change; clients have seen the text for years.</summary>
    private static void Refuse(string reason, ICollection<string> errors) => errors.Add(ConfigValue.Invalid(
        "Invalid dynamic configuration", "org.apache.kafka.common.config.ConfigException: " + reason, null));
}
