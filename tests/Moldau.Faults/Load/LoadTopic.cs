namespace Moldau.Faults;

/// <summary>A topic that is written to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Partitions">How many partitions.</param>
/// <param name="IsSynced">Acknowledges after a sync of the disk.</param>
/// <param name="Shrinks">Retention and DeleteRecords cut it.</param>
internal sealed record LoadTopic(string Name, int Partitions, bool IsSynced = false, bool Shrinks = false)
{
    /// <summary>One of each kind.</summary>
    public static IReadOnlyList<LoadTopic> All { get; } =
        [new("cached", 3), new("synced", 3, IsSynced: true), new("shrinking", 2, Shrinks: true)];

    public IReadOnlyDictionary<string, string> Configs
    {
        get
        {
            // The smallest segments that there are, so that files are rolled within seconds.
            Dictionary<string, string> configs = new() { ["segment.bytes"] = "1048576", ["file.delete.delay.ms"] = "500" };
            if (IsSynced) configs["moldau.acknowledge"] = "fsync";
            if (Shrinks) configs["retention.bytes"] = "1048576";
            return configs;
        }
    }
}
