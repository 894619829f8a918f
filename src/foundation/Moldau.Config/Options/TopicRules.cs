namespace Moldau.Config;

/// <summary>How a topic's properties inherit from the broker, and which of them exclude each other.</summary>
internal static class TopicRules
{
    /// <summary>The broker's effective values under their topic names, as text.</summary>
    public static Dictionary<string, string> Inherited(BrokerConfig broker)
    {
        Dictionary<string, string> inherited = new(StringComparer.Ordinal);
        foreach (ConfigKey key in TopicConfigTable.Table.Keys)
        {
            foreach (ConfigSynonym synonym in Synonyms.ForTopic(key.Name))
            {
                object? value = broker.Values[synonym.Name];
                if (value is null) continue;
                string text = ConfigValue.Format(value)!;
                inherited[key.Name] = synonym.Factor == 1 ? text : Scale(text, synonym.Factor);
                break;
            }
        }
        if (inherited.TryGetValue("retention.ms", out string? age) && age.StartsWith('-'))
            inherited["retention.ms"] = "-1";
        return inherited;
    }

    public static ConfigValues? Parse(
        IReadOnlyDictionary<string, string> overrides, BrokerConfig broker, ICollection<string> errors)
    {
        Dictionary<string, string> all = Inherited(broker);
        foreach ((string name, string value) in overrides) all[name] = value;
        int before = errors.Count;
        ConfigValues values = TopicConfigTable.Table.Parse(all, errors);
        return errors.Count == before ? values : null;
    }

    public static ConfigValues? Validate(
        IReadOnlyDictionary<string, string> overrides, BrokerConfig broker, ICollection<string> errors)
    {
        foreach (string name in overrides.Keys)
        {
            if (TopicConfigTable.Table.Find(name) is not null) continue;
            errors.Add("Unknown topic config name: " + name);
            return null;
        }
        ConfigValues? values = Parse(overrides, broker, errors);
        if (values is null) return null;
        int before = errors.Count;
        CheckLags(values, errors);
        if (values.Bool("remote.storage.enable")) CheckTiering(values, broker, errors);
        return errors.Count == before ? values : null;
    }

    private static void CheckLags(ConfigValues values, ICollection<string> errors)
    {
        long least = values.Long("min.compaction.lag.ms");
        long most = values.Long("max.compaction.lag.ms");
        if (least > most)
            errors.Add($"conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms "
                + $"({most})");
    }

    private static void CheckTiering(ConfigValues values, BrokerConfig broker, ICollection<string> errors)
    {
        if (!broker.Values.Bool("remote.log.storage.system.enable"))
            errors.Add("Tiered Storage functionality is disabled in the broker. "
                + "Topic cannot be configured with remote log storage.");
        else if (values.List("cleanup.policy").Contains("compact"))
            errors.Add("Remote log storage is unsupported for the compacted topics");
        else
            foreach (string unit in new[] { "bytes", "ms" })
                CheckLocalRetention(values, unit, errors);
    }

    private static void CheckLocalRetention(ConfigValues values, string unit, ICollection<string> errors)
    {
        string localName = "local.retention." + unit;
        long all = values.Long("retention." + unit);
        long local = values.Long(localName);
        if (all < 0 || local == -2) return;
        if (local == -1)
            errors.Add(ConfigValue.Invalid(localName, local,
                $"Value must not be -1 as retention.{unit} value is set as {all}."));
        else if (local > all)
            errors.Add(ConfigValue.Invalid(localName, local,
                $"Value must not be more than retention.{unit} property value: {all}"));
    }

    private static string Scale(string text, long factor) => (long.Parse(text) * factor).ToString();
}
