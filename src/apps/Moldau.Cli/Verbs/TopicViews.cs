using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>What else <c>topic describe</c> shows: a row for each topic, each replica or each group.</summary>
internal static class TopicViews
{
    /// <summary>A row for each topic.</summary>
    public static CommandResult Summary(
        IEnumerable<TopicInfo> topics, Dictionary<TopicPartition, long> starts, Dictionary<TopicPartition, long> ends)
    {
        CommandResult result = new(
            new("topic"), Column.Number("partitions"), Column.Number("replicas"), Column.Number("offsets"), Column.Number("leaderless"),
            Column.Number("outOfSync"));
        foreach (TopicInfo topic in topics)
        {
            List<TopicPartition> partitions = Topics.Partitions([topic]);
            result.Add(
                topic.Name, topic.Partitions.Length, topic.Partitions.Length == 0 ? 0 : topic.Partitions.Max(p => p.Replicas.Length),
                partitions.Sum(p => ends.GetValueOrDefault(p) - starts.GetValueOrDefault(p)), topic.Partitions.Count(p => p.LeaderId < 0),
                topic.Partitions.Count(p => p.InSyncReplicas.Length < p.Replicas.Length));
        }

        return result;
    }

    /// <summary>A row for each replica: where it is and how large.</summary>
    public static async Task<CommandResult> StorageAsync(
        CommandContext context, AdminClient admin, IEnumerable<TopicInfo> topics, Tally tally)
    {
        CommandResult result = new(
            new("topic"), Column.Number("partition"), Column.Number("broker"), Column.Number("size"), Column.Number("lag"), Column.Fact("future"),
            new("path"));
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        int[] brokers = [.. cluster.Brokers.Select(b => b.Id).Order()];
        var described = await admin.LogDirs.DescribeAsync(brokers, context.Cancel).ConfigureAwait(false);
        HashSet<string> names = [.. topics.Select(t => t.Name)];
        List<(TopicPartition Partition, int Broker, LogDirReplica Replica, string Path)> found = [];
        foreach (int broker in brokers)
        {
            if (!tally.Take(described[broker].Error)) continue;
            foreach (LogDirDescription dir in described[broker].Value!)
                foreach ((TopicPartition partition, LogDirReplica replica) in dir.Replicas)
                    if (names.Contains(partition.Topic)) found.Add((partition, broker, replica, dir.Path));
        }

        foreach (var (partition, broker, replica, path) in found.OrderBy(f => f.Partition).ThenBy(f => f.Broker))
            result.Add(partition.Topic, partition.Partition, broker, replica.SizeBytes, replica.OffsetLag, replica.IsFuture, path);
        return result;
    }

    /// <summary>A row for each group that reads a topic or has read it.</summary>
    public static async Task<CommandResult> ConsumersAsync(
        CommandContext context, AdminClient admin, IEnumerable<TopicInfo> topics, Dictionary<TopicPartition, long> ends, Tally tally)
    {
        CommandResult result = new(
            new("topic"), new("group"), new("state"), Column.Number("members"), Column.Number("partitions"), Column.Number("lag"));
        string[] names = await Groups.ConsumersAsync(context, admin).ConfigureAwait(false);
        List<GroupState> groups = await Groups.FindAsync(context, admin, names, tally).ConfigureAwait(false);
        foreach (TopicInfo topic in topics)
        {
            foreach (GroupState group in groups)
            {
                TopicPartition[] read = [.. group.Partitions.Where(p => p.Topic == topic.Name)];
                if (read.Length == 0) continue;
                long[] lags = [.. read.Select(p => group.Lag(p, ends)).Where(l => l is not null).Select(l => l!.Value)];
                int members = group.Description.Members.Count(m => m.Assignment.Any(p => p.Topic == topic.Name));
                result.Add(topic.Name, group.GroupId, group.Description.State, members, read.Length, lags.Length > 0 ? lags.Sum() : null);
            }
        }

        return result;
    }
}
