using System.Diagnostics;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-reassign-partitions.sh --execute</c></summary>
internal static class ReassignShimExecute
{
    private const long DefaultTimeoutMs = 10000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(ShimContext context, string text)
    {
        ShimArguments arguments = context.Arguments;
        long rate = ReassignShim.Number(arguments, "throttle", -1);
        long directoryRate = ReassignShim.Number(arguments, "replica-alter-log-dirs-throttle", -1);
        long timeoutMs = TimeoutMs(arguments);
        ReassignFile file = ReassignFile.Parse(text);
        Dictionary<TopicPartition, List<int>> proposed = Proposed(file);
        ReassignCluster cluster = await ReassignCluster.ConnectAsync(context, "listPartitionReassignments").ConfigureAwait(false);
        var moving = await cluster.MovingAsync(null).ConfigureAwait(false);
        if (!arguments.Has("additional") && moving.Count > 0)
        {
            throw new ShimFailedException(
                "Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition "
                + "assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the "
                + "current reassignment.");
        }

        HashSet<int> known = [.. (await cluster.NodesAsync().ConfigureAwait(false)).Select(n => n.Id)];
        foreach (int broker in JavaOrder.Of(proposed.Values.SelectMany(r => r)))
            if (!known.Contains(broker)) throw ReassignFailedException.Command($"Unknown broker id {broker}");
        var current = await CurrentAsync(cluster, proposed.Keys).ConfigureAwait(false);
        context.Out.WriteLine("Current partition replica assignment\n");
        context.Out.WriteLine(ReassignFile.Text(current, await cluster.DirectoriesAsync(current).ConfigureAwait(false)));
        context.Out.WriteLine("\nSave this to use as the --reassignment-json-file option during rollback");
        if (rate >= 0 || directoryRate >= 0)
            context.Out.WriteLine("Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.");
        if (rate >= 0) await ReassignThrottles.SetAsync(context, cluster, moving, proposed, current, rate).ConfigureAwait(false);
        if (directoryRate >= 0)
        {
            await ReassignThrottles
                .SetOfDirectoriesAsync(context, cluster, file.Directories.Keys.Select(r => r.BrokerId), directoryRate)
                .ConfigureAwait(false);
        }

        await MoveAsync(context, cluster, proposed).ConfigureAwait(false);
        if (file.Directories.Count > 0) await MoveDirectoriesAsync(context, cluster, file.Directories, timeoutMs).ConfigureAwait(false);
    }

    /// <summary>How long a replica may take to come to be on the broker in whose directory it is to be.</summary>
    public static long TimeoutMs(ShimArguments arguments) => ReassignShim.Number(arguments, "timeout", DefaultTimeoutMs);

    /// <summary>Begins to move replicas to directories, and asks again for those that their broker does not have yet.</summary>
    public static async Task MoveDirectoriesAsync(
        ShimContext context, ReassignCluster cluster, IReadOnlyDictionary<TopicPartitionReplica, string> targets, long timeoutMs)
    {
        Dictionary<TopicPartitionReplica, string> left = new(targets);
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            var begun = await cluster.MoveDirectoriesAsync(left).ConfigureAwait(false);
            foreach ((TopicPartitionReplica replica, ClientError? error) in begun)
                if (error is not null && error.Code != ErrorCode.ReplicaNotAvailable)
                    throw ReassignFailedException.Command($"Failed to alter dir for {Name(replica)}{Why(error)}");
            foreach (TopicPartitionReplica replica in Sorted(begun.Where(b => b.Value is null).Select(b => b.Key)))
            {
                context.Out.WriteLine($"Successfully started moving log directory to {left[replica]} for replica {replica.Partition} with broker {replica.BrokerId} ");
                left.Remove(replica);
            }

            if (left.Count == 0) return;
            if (Stopwatch.GetElapsedTime(began).TotalMilliseconds >= timeoutMs)
            {
                throw new ShimFailedException($"Timed out before log directory move{(left.Count == 1 ? "" : "s")} could be started for: "
                    + string.Join(',', Sorted(left.Keys).Select(Name)));
            }

            await Task.Delay(Pause, context.Cancel).ConfigureAwait(false);
        }
    }

    /// <summary>A replica as the original writes it.</summary>
    public static string Name(TopicPartitionReplica replica) => $"{replica.Partition}-{replica.BrokerId}";

    /// <summary>By broker, then by partition.</summary>
    public static IEnumerable<TopicPartitionReplica> Sorted(IEnumerable<TopicPartitionReplica> replicas) =>
        replicas.OrderBy(r => r.BrokerId).ThenBy(r => r.Partition);

    /// <summary>The original leaves the reason to the exception beneath; one that no broker gave would be lost with it.</summary>
    private static string Why(ClientError error) => error.Code == ErrorCode.UnsupportedVersion ? $": {error.Text}" : "";

    private static Dictionary<TopicPartition, List<int>> Proposed(ReassignFile file)
    {
        if (file.Partitions.Count == 0) throw ReassignFailedException.Command("Partition reassignment list cannot be empty");
        if (file.Partitions.Any(p => p.Value.Count == 0)) throw ReassignFailedException.Command("Partition replica list cannot be empty");
        IReadOnlyList<TopicPartition> twice = JavaOrder.Duplicates([.. file.Partitions.Select(p => p.Key)], JavaOrder.Of);
        if (twice.Count > 0) throw ReassignFailedException.Command($"Partition reassignment contains duplicate topic partitions: {string.Join(',', twice)}");
        string[] wrong =
        [
            .. file.Partitions.Select(p => (p.Key, Twice: JavaOrder.Duplicates(p.Value, JavaOrder.Of))).Where(p => p.Twice.Count > 0)
                .Select(p => $"{p.Key} contains multiple entries for {string.Join(',', p.Twice)}"),
        ];
        return wrong.Length == 0
            ? file.Partitions.ToDictionary()
            : throw ReassignFailedException.Command($"Partition replica lists may not contain duplicate entries: {string.Join(". ", wrong)}");
    }

    private static async Task<Dictionary<TopicPartition, IReadOnlyList<int>>> CurrentAsync(
        ReassignCluster cluster, IReadOnlyCollection<TopicPartition> partitions)
    {
        IReadOnlyList<TopicInfo> topics = await cluster.RequireTopicsAsync(partitions.Select(p => p.Topic)).ConfigureAwait(false);
        Dictionary<TopicPartition, IReadOnlyList<int>> current = topics
            .SelectMany(t => t.Partitions.Select(p => (Partition: new TopicPartition(t.Name, p.Partition), p.Replicas)))
            .Where(p => partitions.Contains(p.Partition)).ToDictionary(p => p.Partition, p => (IReadOnlyList<int>)p.Replicas);
        IReadOnlyList<TopicPartition> missing = JavaOrder.Of(partitions.Except(current.Keys));
        return missing.Count == 0 ? current : throw ReassignFailedException.Refused(
            $"{ShimErrors.ClassOf(ErrorCode.UnknownTopicOrPartition)}: Unable to find partition: {string.Join(", ", missing)}");
    }

    private static async Task MoveAsync(ShimContext context, ReassignCluster cluster, Dictionary<TopicPartition, List<int>> proposed)
    {
        var errors = await cluster.MoveAsync(
            proposed.ToDictionary(p => p.Key, p => (List<int>?)p.Value), !context.Arguments.Has("disallow-replication-factor-change")).ConfigureAwait(false);
        if (errors.Count > 0)
        {
            throw new ShimFailedException("Error reassigning partition(s):\n"
                + string.Join('\n', errors.OrderBy(e => e.Key).Select(e => $"{e.Key}: {ShimErrors.TextOf(e.Value)}")));
        }

        context.Out.WriteLine($"Successfully started partition reassignment{(proposed.Count == 1 ? "" : "s")} for {string.Join(',', proposed.Keys.Order())}");
    }
}
