using Moldau.Base;

namespace Moldau.Broker;

/// <summary>The loggers of a node under Kafka's names, and their levels as DescribeConfigs and IncrementalAlterConfigs of
/// a broker logger show and set them.</summary>
public static class NodeLoggers
{
    private static readonly string[] Names =
    [
        "kafka.controller", "kafka.coordinator.group", "kafka.log", "kafka.network", "kafka.request", "kafka.server",
        "org.apache.kafka.raft",
    ];

    extension(LogAreas areas)
    {
        public LogArea Server => areas.Get("kafka.server");

        public LogArea Log => areas.Get("kafka.log");

        public LogArea Network => areas.Get("kafka.network");

        public LogArea Groups => areas.Get("kafka.coordinator.group");

        public LogArea Controller => areas.Get("kafka.controller");

        public LogArea Raft => areas.Get("org.apache.kafka.raft");

        /// <summary>Makes all areas of a node, so that they can be listed and set from the start.</summary>
        public void MakeAll()
        {
            foreach (string name in Names) areas.Get(name);
        }

        /// <summary>Names and levels in force, as text.</summary>
        public IReadOnlyDictionary<string, string> LevelNames()
        {
            SortedDictionary<string, string> levels = new(StringComparer.Ordinal);
            foreach ((string name, LogLevel level) in areas.Levels) levels.Add(name, level.ToString().ToUpperInvariant());
            return levels;
        }

        /// <summary>Applies the operations that were accepted: a deleted level is inherited again.</summary>
        public void Alter(IReadOnlyList<Config.ConfigOp> ops)
        {
            foreach (Config.ConfigOp op in ops)
            {
                if (op.Op == Config.AlterOp.Delete) areas.SetLevel(op.Name, null);
                else if (Enum.TryParse(op.Value, ignoreCase: true, out LogLevel level)) areas.SetLevel(op.Name, level);
            }
        }
    }
}
