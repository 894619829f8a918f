namespace Moldau.Config;

/// <summary>What DescribeConfigs answers for each kind of resource, in order of names.</summary>
public static class DescribeConfigs
{
    /// <summary>This broker: all public properties, and the internal and unknown ones that are set.</summary>
    public static IReadOnlyList<ConfigEntry> DescribeBroker(DynamicConfig config)
    {
        SortedDictionary<string, string?> values = new(StringComparer.Ordinal);
        foreach (KeyValuePair<string, string> set in
            DynamicConfig.Merge(config.Static, config.ClusterWide, config.PerBroker)) values[set.Key] = set.Value;
        foreach (ConfigKey key in BrokerConfigTable.Table.Keys)
            if (!key.Internal || values.ContainsKey(key.Name))
                values[key.Name] = ConfigValue.Format(config.Current.Values[key.Name]);
        return [.. values.Select(pair => BrokerEntry(pair.Key, pair.Value, config, isForAll: false))];
    }

    /// <summary>What is set for all brokers, and only that.</summary>
    public static IReadOnlyList<ConfigEntry> DescribeAllBrokers(DynamicConfig config)
    {
        SortedDictionary<string, string> values = new(StringComparer.Ordinal);
        foreach ((string name, string value) in config.ClusterWide) values[name] = value;
        return [.. values.Select(pair => BrokerEntry(pair.Key, pair.Value, config, isForAll: true))];
    }

    public static IReadOnlyList<ConfigEntry> DescribeTopic(
        IReadOnlyDictionary<string, string> overrides, DynamicConfig config)
    {
        ConfigValues values = TopicRules.Parse(Known(overrides, TopicConfigTable.Table), config.Current, [])
            ?? TopicRules.Parse(new Dictionary<string, string>(), config.Current, [])!;
        List<ConfigEntry> entries = [];
        foreach (ConfigKey key in TopicConfigTable.Table.Keys)
        {
            if (key.Internal && !overrides.ContainsKey(key.Name)) continue;
            IReadOnlyList<ConfigSynonym> behind = Synonyms.ForTopic(key.Name);
            List<ConfigEntrySynonym> list = behind.Count == 0 ? []
                : BrokerSynonyms(behind[0].Name, config, isSensitive: false);
            entries.Add(Entry(key, values, list, overrides, ConfigSource.Topic));
        }
        return entries;
    }

    public static IReadOnlyList<ConfigEntry> DescribeGroup(
        IReadOnlyDictionary<string, string> overrides, DynamicConfig config)
    {
        ConfigValues values = GroupRules.Validate(Known(overrides, GroupConfigTable.Table), config.Current, [])
            ?? GroupRules.Validate(new Dictionary<string, string>(), config.Current, [])!;
        List<ConfigEntry> entries = [];
        foreach (ConfigKey key in GroupConfigTable.Table.Keys)
        {
            if (key.Internal && !overrides.ContainsKey(key.Name)) continue;
            string? behind = Synonyms.ForGroup(key.Name);
            List<ConfigEntrySynonym> list = behind is null
                ? [new ConfigEntrySynonym(key.Name, key.Default, ConfigSource.Default)]
                : BrokerSynonyms(behind, config, isSensitive: false);
            entries.Add(Entry(key, values, list, overrides, ConfigSource.Group));
        }
        return entries;
    }

    public static IReadOnlyList<ConfigEntry> DescribeClientMetrics(IReadOnlyDictionary<string, string> overrides)
    {
        Dictionary<string, string> known = Known(overrides, ClientMetricsConfigTable.Table);
        ConfigValues values = ClientMetricsConfigTable.Table.Parse(known, []);
        return [.. ClientMetricsConfigTable.Table.Keys.Select(
            key => Entry(key, values, [], overrides, ConfigSource.ClientMetrics))];
    }

    public static IReadOnlyList<ConfigEntry> DescribeLoggers(IReadOnlyDictionary<string, string> levels)
    {
        List<string> names = [.. levels.Keys];
        names.Sort(StringComparer.Ordinal);
        return [.. names.Select(name => new ConfigEntry(name, levels[name], IsReadOnly: false,
            ConfigSource.DynamicBrokerLogger, IsSensitive: false, [], ConfigType.Unknown, null))];
    }

    /// <summary>Whether the value of a property must not be told. One of unknown type may be a password of some
    /// plug-in.</summary>
    public static bool IsSensitive(ConfigResourceType type, string name)
    {
        if (type == ConfigResourceType.BrokerLogger) return false;
        string bare = name;
        if (type == ConfigResourceType.Broker) ListenerPrefix.TrySplit(name, out bare);
        ConfigKey? key = type switch
        {
            ConfigResourceType.Broker => BrokerConfigTable.Table.Find(bare),
            ConfigResourceType.Topic => TopicConfigTable.Table.Find(name),
            ConfigResourceType.Group => GroupConfigTable.Table.Find(name),
            ConfigResourceType.ClientMetrics => ClientMetricsConfigTable.Table.Find(name),
            _ => null,
        };
        return key is null || key.IsSensitive;
    }

    private static Dictionary<string, string> Known(IReadOnlyDictionary<string, string> set, ConfigTable table)
    {
        Dictionary<string, string> known = new(StringComparer.Ordinal);
        foreach ((string name, string value) in set)
            if (table.Find(name) is not null)
                known[name] = value;
        return known;
    }

    private static ConfigEntry Entry(ConfigKey key, ConfigValues values, List<ConfigEntrySynonym> synonyms,
        IReadOnlyDictionary<string, string> overrides, ConfigSource own)
    {
        string? value = ConfigValue.Format(values[key.Name]);
        if (overrides.ContainsKey(key.Name)) synonyms.Insert(0, new ConfigEntrySynonym(key.Name, value, own));
        ConfigSource source = synonyms.Count == 0 ? ConfigSource.Default : synonyms[0].Source;
        return new ConfigEntry(key.Name, value, IsReadOnly: false, source, IsSensitive: false, synonyms, key.Type,
            key.Doc);
    }

    private static ConfigEntry BrokerEntry(string name, string? value, DynamicConfig config, bool isForAll)
    {
        ListenerPrefix.TrySplit(name, out string bare);
        ConfigKey? key = BrokerConfigTable.Table.Find(bare);
        bool isSensitive = IsSensitive(ConfigResourceType.Broker, name);
        List<ConfigEntrySynonym> synonyms = BrokerSynonyms(name, config, isSensitive);
        if (isForAll) synonyms.RemoveAll(static synonym => synonym.Source != ConfigSource.DynamicDefaultBroker);
        ConfigSource source = synonyms.Count == 0 ? ConfigSource.Default : synonyms[0].Source;
        bool isReadOnly = BrokerConfigTable.Table.Find(name) is null or { Scope: DynamicScope.ReadOnly };
        return new ConfigEntry(name, isSensitive ? null : value, isReadOnly, source, isSensitive, synonyms,
            key?.Type ?? ConfigType.Unknown, key?.Doc);
    }

    /// <summary>By source, then by precision. What comes before the asked name itself is left out, as Kafka leaves
    /// it out:
    /// log.retention.ms has no synonyms while only log.retention.hours has a value.</summary>
    private static List<ConfigEntrySynonym> BrokerSynonyms(string name, DynamicConfig config, bool isSensitive)
    {
        List<ConfigEntrySynonym> all = [];
        foreach (ConfigSource source in new[]
        {
            ConfigSource.DynamicBroker, ConfigSource.DynamicDefaultBroker, ConfigSource.StaticBroker,
                ConfigSource.Default,
        })
            foreach (ConfigSynonym synonym in Synonyms.ForBroker(name))
            {
                string? value = source switch
                {
                    ConfigSource.DynamicBroker => config.PerBroker.GetValueOrDefault(synonym.Name),
                    ConfigSource.DynamicDefaultBroker => config.ClusterWide.GetValueOrDefault(synonym.Name),
                    ConfigSource.StaticBroker => config.Static.GetValueOrDefault(synonym.Name),
                    _ => BrokerConfigTable.Table.Find(synonym.Name)?.Default,
                };
                if (value is not null)
                    all.Add(new ConfigEntrySynonym(synonym.Name, isSensitive ? null : value, source));
            }
        int first = all.FindIndex(synonym => synonym.Name == name);
        return first < 0 ? [] : all.GetRange(first, all.Count - first);
    }
}
