using Moldau.Base;

namespace Moldau.Config;

/// <summary>A property that no table knows, and the known name that it resembles most.</summary>
public readonly record struct UnknownProperty(string Name, string Nearest);

/// <summary>Finds what someone may have meant by a name that does not exist.</summary>
public static class NearestName
{
    /// <summary>Every broker property, also with a listener prefix, and what belongs to plug-ins with a known
    /// prefix.</summary>
    public static bool IsKnownBrokerProperty(string name)
    {
        if (BrokerConfigTable.Table.Find(name) is not null) return true;
        if (ListenerPrefix.TrySplit(name, out string bare)) return BrokerConfigTable.Table.Find(bare) is not null;
        return name.StartsWith("config.providers.", StringComparison.Ordinal)
            || name.StartsWith("rlmm.config.", StringComparison.Ordinal)
            || name.StartsWith("rsm.config.", StringComparison.Ordinal);
    }

    /// <summary>Unknown names among those that are set, in order of name; <c>--strict</c> makes each an
    /// error.</summary>
    public static IReadOnlyList<UnknownProperty> FindUnknown(IEnumerable<string> names)
    {
        List<UnknownProperty> unknown = [];
        foreach (string name in names)
            if (!IsKnownBrokerProperty(name))
                unknown.Add(new UnknownProperty(name, Of(name, BrokerConfigTable.Table)));
        unknown.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return unknown;
    }

    /// <summary>Properties that are set, known, and without effect in this version, in order of name.</summary>
    public static IReadOnlyList<string> FindNotYetUsed(IEnumerable<string> names)
    {
        List<string> found = [];
        foreach (string name in names)
        {
            ListenerPrefix.TrySplit(name, out string bare);
            if (BrokerConfigTable.Table.Find(bare) is { Usage: Usage.NotYet }) found.Add(name);
        }
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    /// <summary>The name with the fewest changed characters; the first in order of names when several are as
    /// near.</summary>
    public static string Of(string name, ConfigTable table)
    {
        string best = "";
        int least = int.MaxValue;
        foreach (ConfigKey key in table.Keys)
        {
            int distance = Nearest.Distance(name, key.Name, least);
            if (distance >= least) continue;
            least = distance;
            best = key.Name;
        }
        return best;
    }
}
