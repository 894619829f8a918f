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
            int min = broker.Values.Int($"group.{name[..dot]}.min.{name[(dot + 1)..]}");
            int max = broker.Values.Int($"group.{name[..dot]}.max.{name[(dot + 1)..]}");
            if (values.Int(name) < min || values.Int(name) > max)
                errors.Add($"{name} must be in the range {min} to {max} inclusive.");
        }
        foreach ((string name, string bound) in OnlyUpper)
            if (overrides.ContainsKey(name) && values.Int(name) > broker.Values.Int(bound))
                errors.Add($"{name} must be less than or equal to {broker.Values.Int(bound)}");
        foreach (string kind in new[] { "consumer", "share", "streams" })
        {
            string heartbeat = kind + ".heartbeat.interval.ms";
            string session = kind + ".session.timeout.ms";
            if ((overrides.ContainsKey(heartbeat) || overrides.ContainsKey(session))
                && values.Int(session) <= values.Int(heartbeat))
                errors.Add($"{session} must be greater than {heartbeat}");
        }
        IReadOnlyList<string> assignors = broker.Values.List("group.streams.assignors");
        if (overrides.ContainsKey("streams.assignor.name")
            && !assignors.Contains(values.String("streams.assignor.name")))
            errors.Add($"streams.assignor.name '{values.String("streams.assignor.name")}' is not a registered task "
                + $"assignor. "
                + $"Registered assignors are: [{string.Join(", ", assignors)}].");
        if (values.String("errors.deadletterqueue.topic.name").StartsWith("__", StringComparison.Ordinal))
            errors.Add("errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'");
    }
}
