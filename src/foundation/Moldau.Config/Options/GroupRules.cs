namespace Moldau.Config;

/// <summary>How a group's properties inherit from the broker, and the bounds that the broker sets for them.</summary>
internal static class GroupRules
{
    /// <summary>Properties whose broker bounds are named after them: group.KIND.min.X and group.KIND.max.X.</summary>
    private static readonly string[] Bounded =
    [
        "consumer.heartbeat.interval.ms", "consumer.session.timeout.ms", "consumer.assignment.interval.ms",
        "share.heartbeat.interval.ms", "share.session.timeout.ms", "share.assignment.interval.ms",
        "share.record.lock.duration.ms", "share.delivery.count.limit", "share.partition.max.record.locks",
        "streams.heartbeat.interval.ms", "streams.session.timeout.ms", "streams.assignment.interval.ms",
    ];

    private static readonly (string Group, string Broker)[] OnlyUpper =
    [
        ("streams.num.standby.replicas", "group.streams.max.standby.replicas"),
        ("streams.num.warmup.replicas", "group.streams.max.warmup.replicas"),
    ];

    public static ConfigValues? Validate(
        IReadOnlyDictionary<string, string> overrides, BrokerConfig broker, ICollection<string> errors)
    {
        foreach (string name in overrides.Keys)
        {
            if (GroupConfigTable.Table.Find(name) is not null) continue;
            errors.Add("Unknown group config name: " + name);
            return null;
        }
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        foreach (ConfigKey key in GroupConfigTable.Table.Keys)
        {
            string? behind = Synonyms.ForGroup(key.Name);
            object? value = behind is null ? null : broker.Values[behind];
            // A group has one assignor, the broker a list: the first of it counts.
            if (value is string[] { Length: > 0 } list && key.Type != ConfigType.List) value = list[0];
            if (value is not null) all[key.Name] = ConfigValue.Format(value)!;
        }
        foreach ((string name, string value) in overrides) all[name] = value;
        int before = errors.Count;
        ConfigValues values = GroupConfigTable.Table.Parse(all, errors);
        if (errors.Count != before) return null;
        CheckBounds(overrides, values, broker, errors);
        return errors.Count == before ? values : null;
    }

    private static void CheckBounds(IReadOnlyDictionary<string, string> overrides, ConfigValues values,
        BrokerConfig broker, ICollection<string> errors)
    {
        foreach (string name in Bounded)
        {
            if (!overrides.ContainsKey(name)) continue;
            int dot = name.IndexOf('.');
            string kind = name[..dot];
            string rest = name[(dot + 1)..];
            CheckBound(name, values.Int(name), $"group.{kind}.min.{rest}", isLower: true, broker, errors);
            CheckBound(name, values.Int(name), $"group.{kind}.max.{rest}", isLower: false, broker, errors);
        }
        foreach ((string name, string bound) in OnlyUpper)
            if (overrides.ContainsKey(name))
                CheckBound(name, values.Int(name), bound, isLower: false, broker, errors);
        foreach (string kind in new[] { "consumer", "share", "streams" })
        {
            int heartbeat = values.Int(kind + ".heartbeat.interval.ms");
            int session = values.Int(kind + ".session.timeout.ms");
            bool isOwn = overrides.ContainsKey(kind + ".heartbeat.interval.ms")
                || overrides.ContainsKey(kind + ".session.timeout.ms");
            if (isOwn && session <= heartbeat)
                errors.Add($"{kind}.session.timeout.ms must be greater than {kind}.heartbeat.interval.ms");
        }
    }

    private static void CheckBound(
        string name, int value, string bound, bool isLower, BrokerConfig broker, ICollection<string> errors)
    {
        int limit = broker.Values.Int(bound);
        if (isLower && value < limit) errors.Add($"{name} must be greater than or equal to {bound}");
        if (!isLower && value > limit) errors.Add($"{name} must be less than or equal to {bound}");
    }
}
