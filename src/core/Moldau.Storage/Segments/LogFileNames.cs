using System.Globalization;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>Kafka's names of files and folders in a log directory.</summary>
public static class LogFileNames
{
    public const string Log = ".log";
    public const string OffsetIndex = ".index";
    public const string TimeIndex = ".timeindex";
    public const string TransactionIndex = ".txnindex";
    public const string ProducerSnapshot = ".snapshot";
    public const string Deleted = ".deleted";
    public const string Cleaned = ".cleaned";
    public const string Swap = ".swap";
    public const string Temporary = ".tmp";

    /// <summary>The file that the next segment will be. The ending makes Kafka remove what is left of it, as this does.</summary>
    public const string Standby = "next-segment" + Deleted;

    public const string LeaderEpochCheckpoint = "leader-epoch-checkpoint";
    public const string PartitionMetadata = "partition.metadata";
    public const string RecoveryPointCheckpoint = "recovery-point-offset-checkpoint";
    public const string LogStartOffsetCheckpoint = "log-start-offset-checkpoint";
    public const string ReplicationOffsetCheckpoint = "replication-offset-checkpoint";
    public const string CleanerOffsetCheckpoint = "cleaner-offset-checkpoint";
    public const string MetaProperties = "meta.properties";
    public const string CleanShutdown = ".kafka_cleanshutdown";
    public const string Lock = ".lock";

    public const string DeleteFolder = "-delete";
    public const string FutureFolder = "-future";
    public const string StrayFolder = "-stray";

    private const int OffsetDigits = 20;

    /// <summary>The suffixes of the files that belong to one segment, in the order in which they are removed: without
    /// its log a segment does not exist, and what is left of it is swept up at the next load.</summary>
    public static ReadOnlySpan<string> SegmentSuffixes => Suffixes;

    private static readonly string[] Suffixes = [Log, OffsetIndex, TimeIndex, TransactionIndex, ProducerSnapshot];

    public static string Of(long offset, string suffix) => offset.ToString("D20", CultureInfo.InvariantCulture) + suffix;

    public static string PathOf(string folder, long offset, string suffix) => Join(folder, Of(offset, suffix));

    public static string Join(string folder, string name) => folder + "/" + name;

    /// <summary>The folder above, without a trailing slash.</summary>
    public static string ParentOf(string path) => path[..Math.Max(1, path.LastIndexOf('/'))];

    /// <summary>Whether the name is an offset in twenty digits with exactly this suffix.</summary>
    public static bool TryParse(string name, string suffix, out long offset)
    {
        offset = 0;
        return name.Length == OffsetDigits + suffix.Length
            && name.EndsWith(suffix, StringComparison.Ordinal)
            && TryParseOffset(name, out offset);
    }

    /// <summary>The offset that a name begins with, whatever follows.</summary>
    public static bool TryParseOffset(string name, out long offset)
    {
        offset = 0;
        return name.Length >= OffsetDigits
            && long.TryParse(name.AsSpan(0, OffsetDigits), NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }

    /// <summary>The folder that a deleted partition is renamed to; Kafka cuts the topic so that the name fits 255 bytes.</summary>
    public static string DeleteFolderOf(TopicPartition partition, Uuid unique) =>
        Renamed(partition, unique, DeleteFolder);

    public static string StrayFolderOf(TopicPartition partition, Uuid unique) =>
        Renamed(partition, unique, StrayFolder);

    public static string FutureFolderOf(TopicPartition partition, Uuid unique) =>
        $"{partition}.{Hex(unique)}{FutureFolder}";

    private static string Renamed(TopicPartition partition, Uuid unique, string suffix)
    {
        string tail = $"-{partition.Partition}.{Hex(unique)}{suffix}";
        string topic = partition.Topic;
        int room = 255 - tail.Length;
        return (topic.Length > room ? topic[..room] : topic) + tail;
    }

    // Java's UUID text without dashes.
    private static string Hex(Uuid id) => $"{id.High:x16}{id.Low:x16}";
}

/// <summary>What a folder of a log directory holds, read from its name.</summary>
public enum PartitionFolderKind
{
    Current,
    Future,
    Deleted,
    Stray,
}

/// <summary>A partition's folder, found by name.</summary>
public readonly record struct PartitionFolder(string Name, TopicPartition Partition, PartitionFolderKind Kind)
{
    /// <summary>Reads <c>topic-partition</c> or <c>topic-partition.uniqueId-suffix</c>; false for anything else.</summary>
    public static bool TryParse(string name, out PartitionFolder folder)
    {
        folder = default;
        PartitionFolderKind kind = PartitionFolderKind.Current;
        string plain = name;
        if (TryStrip(ref plain, LogFileNames.DeleteFolder)) kind = PartitionFolderKind.Deleted;
        else if (TryStrip(ref plain, LogFileNames.FutureFolder)) kind = PartitionFolderKind.Future;
        else if (TryStrip(ref plain, LogFileNames.StrayFolder)) kind = PartitionFolderKind.Stray;

        int dash = plain.LastIndexOf('-');
        if (dash <= 0 || dash == plain.Length - 1) return false;
        if (!int.TryParse(plain.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int partition))
            return false;
        folder = new PartitionFolder(name, new TopicPartition(plain[..dash], partition), kind);
        return true;
    }

    // A renamed folder is topic-partition.id-suffix; a topic whose name merely ends in the suffix has no such id.
    private static bool TryStrip(ref string name, string suffix)
    {
        if (!name.EndsWith(suffix, StringComparison.Ordinal)) return false;
        int dot = name.LastIndexOf('.');
        if (dot <= 0 || name.IndexOf('-', dot) != name.Length - suffix.Length) return false;
        name = name[..dot];
        return true;
    }
}
