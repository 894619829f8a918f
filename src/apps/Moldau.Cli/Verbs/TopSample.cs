using System.Diagnostics;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Where a cluster was at one moment: two of them give rates.</summary>
/// <param name="TakenAt">Of the clock that does not jump, in its ticks.</param>
/// <param name="Topics">All topics and their partitions.</param>
/// <param name="Ends">The ends of the partitions whose leaders answered.</param>
/// <param name="Dirs">The log directories of the brokers that answered, by their id.</param>
internal sealed record TopSample(
    long TakenAt,
    IReadOnlyList<TopicInfo> Topics,
    Dictionary<TopicPartition, long> Ends,
    Dictionary<int, IReadOnlyList<LogDirDescription>> Dirs)
{
    public static async Task<TopSample> TakeAsync(CommandContext context, AdminClient admin)
    {
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        IReadOnlyList<TopicInfo> topics = await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        var dirs = await admin.LogDirs.DescribeAsync([.. cluster.Brokers.Select(b => b.Id)], context.Cancel).ConfigureAwait(false);
        Dictionary<TopicPartition, long> ends =
            await Verbs.Topics.OffsetsAsync(context, admin, Verbs.Topics.Partitions(topics), OffsetSpec.Latest).ConfigureAwait(false);
        return new TopSample(
            Stopwatch.GetTimestamp(), topics, ends,
            dirs.Where(d => d.Value.IsSuccess).ToDictionary(d => d.Key, d => (IReadOnlyList<LogDirDescription>)[.. d.Value.Value!]));
    }

    public double SecondsSince(TopSample earlier) => Stopwatch.GetElapsedTime(earlier.TakenAt, TakenAt).TotalSeconds;

    /// <summary>Records a second that these partitions got since then; null where no end is known at both times.</summary>
    public double? RecordsPerSecond(TopSample earlier, IEnumerable<TopicPartition> partitions)
    {
        long? records = null;
        foreach (TopicPartition partition in partitions)
        {
            if (!Ends.TryGetValue(partition, out long now) || !earlier.Ends.TryGetValue(partition, out long then)) continue;
            // A topic that was made anew begins again at 0.
            records = (records ?? 0) + Math.Max(0, now - then);
        }

        return records / SecondsSince(earlier);
    }

    /// <summary>Bytes a second by which the leaders' logs grew since then; what retention or compaction takes away meanwhile
    /// is not told apart, so a log that shrank counts as unknown. Null where nothing is known.</summary>
    public double? BytesPerSecond(TopSample earlier, IEnumerable<(TopicPartition Partition, int Leader)> partitions)
    {
        long? bytes = null;
        foreach ((TopicPartition partition, int leader) in partitions)
        {
            if (SizeOf(partition, leader) is { } now && earlier.SizeOf(partition, leader) is { } then && now >= then)
                bytes = (bytes ?? 0) + now - then;
        }

        return bytes / SecondsSince(earlier);
    }

    private long? SizeOf(TopicPartition partition, int broker)
    {
        foreach (LogDirDescription dir in Dirs.GetValueOrDefault(broker, []))
            if (dir.Replicas.TryGetValue(partition, out LogDirReplica? replica) && !replica.IsFuture) return replica.SizeBytes;
        return null;
    }
}
