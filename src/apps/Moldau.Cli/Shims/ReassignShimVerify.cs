using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-reassign-partitions.sh --verify</c></summary>
internal static class ReassignShimVerify
{
    public static async Task RunAsync(ShimContext context, string text)
    {
        ReassignFile file = ReassignFile.Parse(text);
        ReassignCluster cluster = await ReassignCluster.ConnectAsync(context, "listPartitionReassignments").ConfigureAwait(false);
        var moving = await cluster.MovingAsync(null).ConfigureAwait(false);
        List<string> lines = ["Status of partition reassignment:", .. await PartitionsAsync(cluster, file, moving).ConfigureAwait(false)];
        context.Out.WriteLine(string.Join('\n', lines));
        var directories = await cluster.DirectoriesAsync([.. file.Directories.Keys]).ConfigureAwait(false);
        context.Out.WriteLine(string.Join('\n', ReassignShimExecute.Sorted(file.Directories.Keys)
            .Select(r => Status(r, directories[r], file.Directories[r]))));
        bool isMoving = moving.Count > 0 || file.Directories.Any(d => !IsDone(directories[d.Key]));
        if (!isMoving && !context.Arguments.Has("preserve-throttles")) await ReassignThrottles.ClearAsync(context, cluster, file).ConfigureAwait(false);
    }

    private static async Task<IEnumerable<string>> PartitionsAsync(
        ReassignCluster cluster, ReassignFile file, IReadOnlyDictionary<TopicPartition, PartitionReassignment> moving)
    {
        var topics = await cluster
            .TopicsAsync(file.Partitions.Where(p => !moving.ContainsKey(p.Key)).Select(p => p.Key.Topic)).ConfigureAwait(false);
        Dictionary<TopicPartition, string> lines = [];
        foreach ((TopicPartition partition, List<int> target) in file.Partitions)
        {
            lines[partition] = moving.ContainsKey(partition)
                ? $"Reassignment of partition {partition} is still in progress."
                : Status(partition, target, Replicas(partition, topics[partition.Topic]));
        }

        return lines.OrderBy(l => l.Key).Select(l => l.Value);
    }

    private static string Status(TopicPartition partition, List<int> target, IReadOnlyList<int> current) => current.SequenceEqual(target)
        ? $"Reassignment of partition {partition} is completed."
        : $"There is no active reassignment of partition {partition}, but replica set is {string.Join(',', current)} rather than {string.Join(',', target)}.";

    /// <summary>None for a partition that does not exist; the original stumbles over the first one behind the last.</summary>
    private static IReadOnlyList<int> Replicas(TopicPartition partition, TopicInfo? topic)
    {
        int number = partition.Partition;
        if (topic is null || topic.Partitions.Length < number) return [];
        return number >= 0 && number < topic.Partitions.Length
            ? topic.Partitions[number].Replicas
            : throw new ReassignFailedException(
                "java.lang.IndexOutOfBoundsException", $"Index {number} out of bounds for length {topic.Partitions.Length}");
    }

    private static bool IsDone(ReplicaLogDir found) => found is { Path: not null, FuturePath: null };

    private static string Status(TopicPartitionReplica replica, ReplicaLogDir found, string target)
    {
        string name = $"Partition {replica.Partition}";
        if (found.Path is null)
            return $"{name} is not found in any live log dir on broker {replica.BrokerId}. There is likely an offline log directory on the broker.";
        if (found.FuturePath is { } future)
        {
            return future == target
                ? $"Reassignment of replica {ReassignShimExecute.Name(replica)} is still in progress."
                : $"{name} on broker {replica.BrokerId} is being moved to log dir {future} instead of {target}.";
        }

        return found.Path == target
            ? $"Reassignment of replica {ReassignShimExecute.Name(replica)} completed successfully."
            : $"{name} on broker {replica.BrokerId} is not being moved from log dir {found.Path} to {target}.";
    }
}
