namespace Moldau.Config;

/// <summary>A property whose effective value changed.</summary>
public readonly record struct ConfigChange(string Name, string? Before, string? After);

/// <summary>Someone who acts on changes: called on the owner's thread, after the new configuration is in
/// place.</summary>
public delegate void ConfigChanged(BrokerConfig config, IReadOnlyList<ConfigChange> changes);

/// <summary>The configuration of a running node: what is static, what the cluster says to all brokers and what it
/// says to
/// this one, and what follows from the three. One owner thread; what others may read is <see cref="Current"/>,
/// which never changes itself. Nothing here is persisted: the metadata log is.</summary>
public sealed class DynamicConfig
{
    private readonly List<(HashSet<string> Names, ConfigChanged Changed)> _listeners = [];

    /// <summary>Whether <see cref="Current"/> is what the three layers give.</summary>
    private bool _isApplied = true;

    /// <param name="set">What is static.</param>
    /// <param name="config">What follows from that alone.</param>
    public DynamicConfig(IReadOnlyDictionary<string, string> set, BrokerConfig config)
    {
        Static = BrokerRules.WithNodeId(set);
        Current = config;
    }

    public IReadOnlyDictionary<string, string> Static { get; }

    public IReadOnlyDictionary<string, string> ClusterWide { get; private set; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> PerBroker { get; private set; } = new Dictionary<string, string>();

    public BrokerConfig Current { get; private set; }

    /// <summary>Asked last about a configuration that is to be: why it cannot, or null.</summary>
    public Func<BrokerConfig, string?>? Veto { get; init; }

    /// <summary>Calls <paramref name="changed"/> when one of the named properties gets another value.</summary>
    public void Listen(IEnumerable<string> names, ConfigChanged changed) =>
        _listeners.Add((new HashSet<string>(names, StringComparer.Ordinal), changed));

    /// <summary>Takes over what the metadata log holds for all brokers and for this one. Entries that may not be
    /// there are
    /// passed over with a warning; when the rest does not fit together, the configuration stays as it was.</summary>
    public IReadOnlyList<ConfigChange> Apply(IReadOnlyDictionary<string, string> clusterWide,
        IReadOnlyDictionary<string, string> perBroker, ICollection<string> warnings)
    {
        Dictionary<string, string> forAll = Keep(clusterWide, isPerBroker: false, warnings);
        Dictionary<string, string> forThis = Keep(perBroker, isPerBroker: true, warnings);
        // Most changes of the metadata are not of the configuration, and a broker has some four hundred properties to parse.
        if (_isApplied && IsSame(ClusterWide, forAll) && IsSame(PerBroker, forThis)) return [];
        ClusterWide = forAll;
        PerBroker = forThis;
        _isApplied = false;
        List<string> errors = [];
        if (!BrokerConfig.TryBuildQuietly(Merge(Static, forAll, forThis), out BrokerConfig? next, errors))
        {
            warnings.Add("Dynamic configuration could not be applied: " + string.Join("; ", errors));
            return [];
        }
        _isApplied = true;
        BrokerConfig before = Current;
        Current = next!;
        List<ConfigChange> changes = Compare(before, next!);
        foreach ((HashSet<string> names, ConfigChanged changed) in _listeners)
        {
            List<ConfigChange> mine = changes.FindAll(change => names.Contains(change.Name));
            if (mine.Count > 0) changed(next!, mine);
        }
        return changes;
    }

    internal static Dictionary<string, string> Merge(params IReadOnlyDictionary<string, string>[] layers)
    {
        Dictionary<string, string> merged = new(StringComparer.Ordinal);
        foreach (IReadOnlyDictionary<string, string> layer in layers)
            foreach ((string name, string value) in layer)
                merged[name] = value;
        return merged;
    }

    private static bool IsSame(IReadOnlyDictionary<string, string> left, Dictionary<string, string> right) =>
        left.Count == right.Count && left.All(p => right.TryGetValue(p.Key, out string? value) && value == p.Value);

    private static Dictionary<string, string> Keep(
        IReadOnlyDictionary<string, string> values, bool isPerBroker, ICollection<string> warnings)
    {
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        List<string> names = [.. values.Keys];
        names.Sort(StringComparer.Ordinal);
        foreach (string name in names)
        {
            Dictionary<string, string> alone = new() { [name] = values[name] };
            List<string> errors = [];
            if (BrokerChangeRules.CheckNames(alone, isPerBroker, errors)) kept[name] = values[name];
            else warnings.Add($"Dynamic property {name} is ignored: {errors[0]}");
        }
        return kept;
    }

    private static List<ConfigChange> Compare(BrokerConfig before, BrokerConfig after)
    {
        List<ConfigChange> changes = [];
        foreach (ConfigKey key in BrokerConfigTable.Table.Keys)
        {
            string? old = ConfigValue.Format(before.Values[key.Name]);
            string? now = ConfigValue.Format(after.Values[key.Name]);
            if (old != now) changes.Add(new ConfigChange(key.Name, old, now));
        }
        return changes;
    }
}
