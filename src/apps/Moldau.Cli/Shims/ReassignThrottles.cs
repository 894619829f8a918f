using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary>The limits on what moves take, which <c>kafka-reassign-partitions.sh</c> sets when they begin and takes back when they have
/// ended.</summary>
internal static class ReassignThrottles
{
    private const string LeaderRate = "leader.replication.throttled.rate";
    private const string FollowerRate = "follower.replication.throttled.rate";
    private const string DirectoryRate = "replica.alter.log.dirs.io.max.bytes.per.second";
    private const string LeaderReplicas = "leader.replication.throttled.replicas";
    private const string FollowerReplicas = "follower.replication.throttled.replicas";

    private sealed record Move(TopicPartition Partition, IReadOnlyList<int> Sources, IReadOnlyList<int> Destinations);

    /// <summary>Limits moves between brokers: those that go on as well as the new ones.</summary>
    public static async Task SetAsync(
        ShimContext context, ReassignCluster cluster, IReadOnlyDictionary<TopicPartition, PartitionReassignment> moving,
        IReadOnlyDictionary<TopicPartition, List<int>> proposed,
        IReadOnlyDictionary<TopicPartition, IReadOnlyList<int>> current, long bytesPerSecond)
    {
        Dictionary<TopicPartition, Move> moves = moving.ToDictionary(
            m => m.Key, m => new Move(m.Key, [.. m.Value.Replicas.Except(m.Value.Adding)], [.. m.Value.Adding]));
        foreach ((TopicPartition partition, List<int> replicas) in proposed)
        {
            IReadOnlyList<int> sources = moves.TryGetValue(partition, out Move? old) ? old.Sources : current[partition];
            moves[partition] = new Move(partition, sources, [.. replicas.Except(sources)]);
        }

        foreach (IGrouping<string, Move> topic in moves.Values.GroupBy(m => m.Partition.Topic, StringComparer.Ordinal))
        {
            (string, string?)[] replicas =
                [(LeaderReplicas, List(topic, m => m.Sources)), (FollowerReplicas, List(topic, m => m.Destinations))];
            await cluster.ConfigureAsync(ConfigResourceKind.Topic, topic.Key, replicas).ConfigureAwait(false);
        }

        string rate = TransactionsShim.Text(bytesPerSecond);
        foreach (int broker in moves.Values.SelectMany(m => m.Sources.Concat(m.Destinations)).Distinct().Order())
        {
            (string, string?)[] rates = [(LeaderRate, rate), (FollowerRate, rate)];
            await cluster.ConfigureAsync(ConfigResourceKind.Broker, ReassignCluster.Name(broker), rates).ConfigureAwait(false);
        }

        context.Out.WriteLine($"The inter-broker throttle limit was set to {rate} B/s");
    }

    /// <summary>Limits moves between the directories of brokers.</summary>
    public static async Task SetOfDirectoriesAsync(
        ShimContext context, ReassignCluster cluster, IEnumerable<int> brokers, long bytesPerSecond)
    {
        string rate = TransactionsShim.Text(bytesPerSecond);
        foreach (int broker in brokers.Distinct().Order())
            await cluster.ConfigureAsync(ConfigResourceKind.Broker, ReassignCluster.Name(broker), [(DirectoryRate, rate)])
                .ConfigureAwait(false);
        context.Out.WriteLine($"The replica-alter-dir throttle limit was set to {rate} B/s");
    }

    /// <summary>Takes all limits back, of all brokers: nobody knows which ones a move has set.</summary>
    public static async Task ClearAsync(ShimContext context, ReassignCluster cluster, ReassignFile file)
    {
        IReadOnlyList<int> brokers = JavaOrder.Of(
            (await cluster.NodesAsync().ConfigureAwait(false)).Select(n => n.Id).Concat(file.Partitions.SelectMany(p => p.Value)));
        context.Out.WriteLine($"Clearing broker-level throttles on broker{(brokers.Count == 1 ? "" : "s")} {string.Join(',', brokers)}");
        foreach (int broker in brokers)
        {
            (string, string?)[] rates = [(LeaderRate, null), (FollowerRate, null), (DirectoryRate, null)];
            await cluster.ConfigureAsync(ConfigResourceKind.Broker, ReassignCluster.Name(broker), rates).ConfigureAwait(false);
        }

        IReadOnlyList<string> topics = JavaOrder.Of(file.Partitions.Select(p => p.Key.Topic));
        context.Out.WriteLine($"Clearing topic-level throttles on topic{(topics.Count == 1 ? "" : "s")} {string.Join(',', topics)}");
        foreach (string topic in topics)
            await cluster.ConfigureAsync(ConfigResourceKind.Topic, topic, [(LeaderReplicas, null), (FollowerReplicas, null)])
                .ConfigureAwait(false);
    }

    /// <summary>Partitions with brokers, as a topic's property wants them.</summary>
    private static string List(IEnumerable<Move> moves, Func<Move, IReadOnlyList<int>> brokers) => string.Join(
        ',', moves.SelectMany(m => brokers(m).Select(b => $"{m.Partition.Partition}:{b}")).Distinct().Order(StringComparer.Ordinal));
}
