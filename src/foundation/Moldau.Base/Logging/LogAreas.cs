#pragma warning disable RS0030, MOL0001 // levels change while all threads log; nothing that decides depends on them
namespace Moldau.Base;

/// <summary>The named areas of a node and their levels, which follow the dots of the names as Kafka's loggers do:
/// an area without a level of its own has that of the nearest name above it, at last the root's.</summary>
public sealed class LogAreas(ILogSink sink, LogLevel rootLevel = LogLevel.Info)
{
    /// <summary>Kafka's name of the logger above all others.</summary>
    public const string RootName = "root";

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, LogArea> _areas = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, LogLevel> _levels = new(StringComparer.Ordinal);
    private LogLevel _rootLevel = rootLevel;

    /// <summary>The area, made if it is new.</summary>
    public LogArea Get(string name)
    {
        lock (_lock)
        {
            if (_areas.TryGetValue(name, out LogArea? area)) return area;
            area = new(name, sink, LevelOf(name));
            _areas.Add(name, area);
            return area;
        }
    }

    /// <summary>Sets the level of a name and of all below it that have none of their own; null takes it back.</summary>
    public void SetLevel(string name, LogLevel? level)
    {
        lock (_lock)
        {
            if (name == RootName) _rootLevel = level ?? LogLevel.Info;
            else if (level is { } given) _levels[name] = given;
            else _levels.Remove(name);
            foreach (LogArea area in _areas.Values) area.Level = LevelOf(area.Name);
        }
    }

    /// <summary>Names and levels in force, for DescribeConfigs of broker loggers.</summary>
    public IReadOnlyList<KeyValuePair<string, LogLevel>> Levels
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    KeyValuePair.Create(RootName, _rootLevel),
                    .. _areas.Values.Select(a => KeyValuePair.Create(a.Name, a.Level)),
                ];
            }
        }
    }

    private LogLevel LevelOf(string name)
    {
        for (string at = name; ;)
        {
            if (_levels.TryGetValue(at, out LogLevel level)) return level;
            int dot = at.LastIndexOf('.');
            if (dot < 0) return _rootLevel;
            at = at[..dot];
        }
    }
}
