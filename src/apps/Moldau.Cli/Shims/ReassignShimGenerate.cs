using System.Collections.Immutable;
using System.Globalization;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-reassign-partitions.sh --generate</c></summary>
internal static class ReassignShimGenerate
{
    public static async Task RunAsync(ShimContext context, string text)
    {
        IReadOnlyList<int> wanted = Brokers(context.Arguments.Require("broker-list"));
        IReadOnlyList<string> names = ReassignFile.ParseTopics(text);
        IReadOnlyList<string> twice = JavaOrder.Duplicates(names, JavaOrder.Of);
        if (twice.Count > 0) throw ReassignFailedException.Command($"List of topics to reassign contains duplicate entries: [{string.Join(", ", twice)}]");
        ReassignCluster cluster = await ReassignCluster.ConnectAsync(context, "describeTopics").ConfigureAwait(false);
        IReadOnlyList<TopicInfo> topics = await cluster.RequireTopicsAsync(names).ConfigureAwait(false);
        Dictionary<TopicPartition, IReadOnlyList<int>> current = topics
            .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.Partition), p.Replicas)))
            .ToDictionary(p => p.Key, p => (IReadOnlyList<int>)p.Replicas);
        IReadOnlyDictionary<TopicPartitionReplica, string> directories = await cluster.DirectoriesAsync(current).ConfigureAwait(false);
        BrokerInfo[] brokers = [.. (await cluster.NodesAsync().ConfigureAwait(false)).Where(b => wanted.Contains(b.Id))];
        bool isRackAware = !context.Arguments.Has("disable-rack-aware");
        if (isRackAware && brokers.Any(b => b.Rack is null) && brokers.Any(b => b.Rack is not null))
        {
            throw ReassignFailedException.Operation("Not all brokers have rack information. Add --disable-rack-aware in command line to make replica "
                + "assignment without rack information.");
        }

        Dictionary<TopicPartition, IReadOnlyList<int>> proposed = [];
        foreach (TopicInfo topic in topics)
        {
            IReadOnlyList<IReadOnlyList<int>> places =
                Place(brokers, isRackAware, topic.Partitions.Length, topic.Partitions[0].Replicas.Length);
            for (int p = 0; p < places.Count; p++) proposed[new TopicPartition(topic.Name, p)] = places[p];
        }

        context.Out.WriteLine($"Current partition replica assignment\n{ReassignFile.Text(current, directories)}\n");
        context.Out.WriteLine("Proposed partition reassignment configuration\n"
            + ReassignFile.Text(proposed, ImmutableDictionary<TopicPartitionReplica, string>.Empty));
    }

    private static IReadOnlyList<int> Brokers(string list)
    {
        List<int> brokers = [];
        string ended = list.TrimEnd(',');
        // Java leaves out what is empty at the end, unless all of it is.
        foreach (string text in ended.Length == 0 && list.Length > 0 ? [] : ended.Split(','))
        {
            brokers.Add(int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new ReassignFailedException("java.lang.NumberFormatException", $"For input string: \"{text}\""));
        }

        IReadOnlyList<int> twice = JavaOrder.Duplicates(brokers, JavaOrder.Of);
        return twice.Count == 0
            ? brokers
            : throw ReassignFailedException.Command($"Broker list contains duplicate entries: [{string.Join(", ", twice)}]");
    }

    /// <summary>Chooses brokers for the partitions of a topic: spread over racks and, within a rack, over brokers, in turns that begin at
    /// a random place.</summary>
    private static IReadOnlyList<IReadOnlyList<int>> Place(BrokerInfo[] brokers, bool isRackAware, int partitions, int replicas)
    {
        if (brokers.Length == 0) throw Impossible("All brokers are currently fenced, or have all their log directories cordoned.");
        if (replicas > brokers.Length)
        {
            throw Impossible($"The target replication factor of {replicas} cannot be reached because only {brokers.Length} broker(s) are registered "
                + "or some brokers have all their log directories cordoned.");
        }

        int[][] racks = [.. brokers.GroupBy(b => isRackAware ? b.Rack ?? "" : "").OrderBy(r => r.Key, StringComparer.Ordinal)
            .Select(r => r.Select(b => b.Id).Order().ToArray())];
        int[] starts = [.. racks.Select(r => Random.Shared.Next(r.Length))];
        int first = Random.Shared.Next(racks.Length);
        return [.. Enumerable.Range(0, partitions).Select(turn => Turn(racks, starts, first, turn, replicas))];
    }

    /// <summary>The replicas of one partition: one of each rack, then a second of each, and so on.</summary>
    private static IReadOnlyList<int> Turn(int[][] racks, int[] starts, int first, int turn, int replicas)
    {
        List<int> chosen = new(replicas);
        for (int round = 0; chosen.Count < replicas; round++)
        {
            for (int i = 0; i < racks.Length && chosen.Count < replicas; i++)
            {
                int rack = (first + turn + i) % racks.Length;
                if (round < racks[rack].Length) chosen.Add(racks[rack][(starts[rack] + turn + round) % racks[rack].Length]);
            }
        }

        return chosen;
    }

    private static ReassignFailedException Impossible(string why) => new(ShimErrors.ClassOf(ErrorCode.InvalidReplicationFactor), why);
}
