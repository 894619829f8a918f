using System.Collections.Frozen;
using System.Text;

namespace Moldau.Config;

/// <summary>Turns environment variables into properties: <c>KAFKA_LOG_DIRS</c> is log.dirs, two underscores are one,
/// three are a hyphen. <c>MOLDAU_</c> does the same for the properties below <c>moldau.</c>.</summary>
public static class EnvironmentSource
{
    /// <summary>Variables of Kafka's start scripts and image that are no properties.</summary>
    private static readonly FrozenSet<string> Exempt = new[]
    {
        "KAFKA_VERSION", "KAFKA_HEAP_OPTS", "KAFKA_LOG4J_OPTS", "KAFKA_OPTS", "KAFKA_JMX_OPTS",
        "KAFKA_JVM_PERFORMANCE_OPTS", "KAFKA_GC_LOG_OPTS", "KAFKA_LOG4J_ROOT_LOGLEVEL", "KAFKA_LOG4J_LOGGERS",
        "KAFKA_TOOLS_LOG4J_LOGLEVEL", "KAFKA_HOME", "KAFKA_JMX_PORT", "KAFKA_JMX_HOSTNAME", "KAFKA_DEBUG",
        "KAFKA_LOG4J_CMD_OPTS", "KAFKA_CLUSTER_ID", "KAFKA_CLASSPATH", "KAFKA_MODE",
    }.ToFrozenSet(StringComparer.Ordinal);

    private const string KafkaPrefix = "KAFKA_";
    private const string MoldauPrefix = "MOLDAU_";

    /// <summary>Tells the command line's verbs which cluster is meant; whoever has it set may start a node too.</summary>
    private const string Bootstrap = "MOLDAU_BOOTSTRAP";

    /// <summary>Properties that the environment sets, in the order of their names, and a warning for each variable that
    /// looks like a property and is none.</summary>
    public static Dictionary<string, string> Read(
        IReadOnlyDictionary<string, string> environment, ICollection<string> warnings)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        List<string> names = [.. environment.Keys];
        names.Sort(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (!TryMap(name, out string property)) continue;
            if (!NearestName.IsKnownBrokerProperty(property))
            {
                string nearest = NearestName.Of(property, BrokerConfigTable.Table);
                warnings.Add($"{name} sets the unknown property {property}; the nearest name is {nearest}.");
            }
            properties[property] = environment[name];
        }
        return properties;
    }

    /// <summary>JVM settings that are present and have no meaning here; worth one line in the log.</summary>
    public static IReadOnlyList<string> IgnoredVariables(IReadOnlyDictionary<string, string> environment)
    {
        List<string> found = [.. environment.Keys.Where(static name => Exempt.Contains(name) && name != "KAFKA_HOME")];
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    /// <summary>The cluster id that Kafka's image takes from the environment, or null.</summary>
    public static string? ClusterId(IReadOnlyDictionary<string, string> environment) =>
        environment.GetValueOrDefault("CLUSTER_ID") is { Length: > 0 } id ? id : null;

    /// <summary>The property that a variable names; false for variables that name none.</summary>
    public static bool TryMap(string variable, out string property)
    {
        property = "";
        if (variable == Bootstrap || Exempt.Contains(variable)) return false;
        if (variable.StartsWith(KafkaPrefix, StringComparison.Ordinal) && variable.Length > KafkaPrefix.Length)
            property = Decode(variable.AsSpan(KafkaPrefix.Length));
        else if (variable.StartsWith(MoldauPrefix, StringComparison.Ordinal) && variable.Length > MoldauPrefix.Length)
            property = MoldauRows.Prefix + Decode(variable.AsSpan(MoldauPrefix.Length));
        return property.Length > 0;
    }

    private static string Decode(ReadOnlySpan<char> name)
    {
        StringBuilder decoded = new(name.Length);
        for (int i = 0; i < name.Length;)
        {
            int run = 0;
            while (run < 3 && i + run < name.Length && name[i + run] == '_') run++;
            decoded.Append(run switch { 0 => char.ToLowerInvariant(name[i]), 1 => '.', 2 => '_', _ => '-' });
            i += Math.Max(run, 1);
        }
        return decoded.ToString();
    }
}
