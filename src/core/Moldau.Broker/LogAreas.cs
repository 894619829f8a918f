using Moldau.Base;

namespace Moldau.Broker;

/// <summary>The loggers of a node, by name. The set is fixed when the node is made; levels change at run time.</summary>
public sealed class LogAreas
{
    /// <summary>The logger that stands for all that set no level of their own.</summary>
    public const string Root = "root";

    private readonly SortedDictionary<string, LogArea> _areas = new(StringComparer.Ordinal);

    public LogAreas(ILogSink sink)
    {
        foreach (string name in (string[])[Root, "kafka.controller", "kafka.coordinator.group", "kafka.log", "kafka.network", "kafka.request", "kafka.server", "org.apache.kafka.raft"])
            _areas.Add(name, new LogArea(name, sink));
    }

    public LogArea Server => _areas["kafka.server"];

    public LogArea Log => _areas["kafka.log"];

    public LogArea Network => _areas["kafka.network"];

    public LogArea Groups => _areas["kafka.coordinator.group"];

    public LogArea Controller => _areas["kafka.controller"];

    public LogArea Raft => _areas["org.apache.kafka.raft"];

    public LogArea Request => _areas["kafka.request"];

    /// <summary>Levels under Kafka's names, as DescribeConfigs of a broker logger shows them.</summary>
    public IReadOnlyDictionary<string, string> Levels()
    {
        SortedDictionary<string, string> levels = new(StringComparer.Ordinal);
        foreach ((string name, LogArea area) in _areas) levels.Add(name, NameOf(area.Level));
        return levels;
    }

    public void SetLevels(IReadOnlyDictionary<string, string> levels)
    {
        foreach ((string name, string level) in levels)
            if (_areas.TryGetValue(name, out LogArea? area)) area.Level = Parse(level);
    }

    private static string NameOf(LogLevel level) => level.ToString().ToUpperInvariant();

    private static LogLevel Parse(string level) => Enum.TryParse(level, ignoreCase: true, out LogLevel parsed) ? parsed : LogLevel.Info;
}
