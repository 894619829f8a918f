using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Logs;

/// <summary>Checks a log directory's checkpoints against the logs' ends.</summary>
internal static class CheckpointVerifier
{
    private static readonly string[] Files =
        [LogFileNames.RecoveryPointCheckpoint, LogFileNames.LogStartOffsetCheckpoint, LogFileNames.ReplicationOffsetCheckpoint];

    /// <param name="folder">The log directory.</param>
    /// <param name="ends">The offset behind the last record, by the name of the partition's folder.</param>
    /// <param name="findings">Takes what is wrong.</param>
    public static void Run(string folder, Dictionary<string, long> ends, LogFindings findings)
    {
        foreach (string name in Files)
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path)) continue;
            if (OffsetCheckpoint.TryDecode(File.ReadAllBytes(path)) is not { } offsets)
            {
                findings.Add(path, null, null, "is damaged");
                continue;
            }

            foreach ((TopicPartition partition, long offset) in offsets)
                if (ends.TryGetValue(partition.ToString(), out long end) && offset > end)
                    findings.Add(path, null, offset, $"{partition} is said to reach {offset}; its log ends at {end}");
        }

        string meta = Path.Combine(folder, LogFileNames.MetaProperties);
        if (File.Exists(meta) && MetaProperties.TryDecode(File.ReadAllBytes(meta), out string? problem) is null)
            findings.Add(meta, null, null, problem ?? "is damaged");
    }
}
