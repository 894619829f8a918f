using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-metadata-quorum.sh</c></summary>
internal static class QuorumShim
{
    public static readonly Shim Shim = new("kafka-metadata-quorum", "bootstrap-server: bootstrap-controller: command-config: h help version", RunAsync)
    {
        HelpExitCode = ExitCodes.Ok,
        Actions = ["describe", "add-controller", "remove-controller"],
        ActionOptions = new Dictionary<string, string>
        {
            ["describe"] = "status replication human-readable",
            ["add-controller"] = "dry-run",
            ["remove-controller"] = "controller-id: controller-directory-id: dry-run",
        },
        Letters = new Dictionary<string, string> { ["i"] = "controller-id", ["d"] = "controller-directory-id", ["re"] = "replication", ["hr"] = "human-readable" },
        UsageStyle = UsageStyle.OptionsThenText,
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        context.RequireAddress();
        switch (arguments.Action)
        {
            case "describe":
                await DescribeAsync(context).ConfigureAwait(false);
                return ExitCodes.Ok;
            case "add-controller":
                await QuorumShimVoters.AddAsync(context).ConfigureAwait(false);
                return ExitCodes.Ok;
            case "remove-controller":
                await QuorumShimVoters.RemoveAsync(context).ConfigureAwait(false);
                return ExitCodes.Ok;
            default:
                throw new ShimUsageException("too few arguments");
        }
    }

    private static async Task DescribeAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        bool isHuman = arguments.Has("human-readable");
        bool isReplication = arguments.Has("replication");
        if (arguments.Has("status") && isReplication)
            throw new ShimFailedException("Only one of --status or --replication should be specified with describe sub-command");
        if (!arguments.Has("status") && !isReplication)
            throw new ShimFailedException("One of --status or --replication must be specified with describe sub-command");
        if (isHuman && !isReplication) throw new ShimFailedException("The option --human-readable is only supported along with --replication");
        // The file may be a node's, as for add-controller.
        if (arguments.Value("command-config") is { } file) context.AddProperties(QuorumShimVoters.Properties(file), isOfNode: true);
        await context.ConnectAsync("describeMetadataQuorum").ConfigureAwait(false);
        DescribeQuorumResponse answer = await context.Asking.AskAsync<DescribeQuorumRequest, DescribeQuorumResponse>(
            CallTarget.Any,
            _ => new DescribeQuorumRequest { Topics = [new() { TopicName = "__cluster_metadata", Partitions = [new() { PartitionIndex = 0 }] }] },
            context.Cancel).ConfigureAwait(false);
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code != ErrorCode.None) throw new MoldauException(ClientError.Of(code, answer.ErrorMessage, "the quorum was not described"));
        if (arguments.Has("status"))
        {
            Status(context, await context.ClusterIdAsync().ConfigureAwait(false), answer);
        }
        else
        {
            Replication(context, answer.Topics[0].Partitions[0], isHuman ? TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() : null);
        }
    }

    private static void Status(ShimContext context, string clusterId, DescribeQuorumResponse answer)
    {
        DescribeQuorumResponse.PartitionData quorum = answer.Topics[0].Partitions[0];
        DescribeQuorumResponse.ReplicaState? leader = quorum.CurrentVoters.FirstOrDefault(v => v.ReplicaId == quorum.LeaderId);
        var followers = quorum.CurrentVoters.Where(v => v.ReplicaId != quorum.LeaderId).ToArray();
        long lag = leader is null || followers.Length == 0 ? 0 : followers.Max(f => leader.LogEndOffset - f.LogEndOffset);
        long lagMs = leader is null || followers.Length == 0
            ? 0
            : followers.Max(f => f.LastCaughtUpTimestamp < 0 ? -1 : leader.LastCaughtUpTimestamp - f.LastCaughtUpTimestamp);
        context.Out.WriteLine($"ClusterId:              {clusterId}");
        context.Out.WriteLine($"LeaderId:               {quorum.LeaderId}");
        context.Out.WriteLine($"LeaderEpoch:            {quorum.LeaderEpoch}");
        context.Out.WriteLine($"HighWatermark:          {quorum.HighWatermark}");
        context.Out.WriteLine($"MaxFollowerLag:         {lag}");
        context.Out.WriteLine($"MaxFollowerLagTimeMs:   {lagMs}");
        context.Out.WriteLine($"CurrentVoters:          [{string.Join(", ", quorum.CurrentVoters.Select(v => Replica(v, answer)))}]");
        context.Out.WriteLine($"CurrentObservers:       [{string.Join(", ", quorum.Observers.Select(v => Replica(v, answer)))}]");
    }

    private static string Replica(DescribeQuorumResponse.ReplicaState replica, DescribeQuorumResponse answer)
    {
        string directory = replica.ReplicaDirectoryId.IsZero ? "null" : $"\"{replica.ReplicaDirectoryId}\"";
        DescribeQuorumResponse.Node? node = answer.Nodes.FirstOrDefault(n => n.NodeId == replica.ReplicaId);
        string endpoints = node is null ? "" : $", \"endpoints\": [{string.Join(", ", node.Listeners.Select(l => $"\"{l.Name}://{l.Host}:{l.Port}\""))}]";
        return $"{{\"id\": {replica.ReplicaId}, \"directoryId\": {directory}{endpoints}}}";
    }

    private static void Replication(ShimContext context, DescribeQuorumResponse.PartitionData quorum, long? nowMs)
    {
        long end = quorum.CurrentVoters.FirstOrDefault(v => v.ReplicaId == quorum.LeaderId)?.LogEndOffset ?? 0;
        List<string[]> rows = [["NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"]];
        foreach (DescribeQuorumResponse.ReplicaState voter in quorum.CurrentVoters.OrderBy(v => v.ReplicaId != quorum.LeaderId))
            rows.Add(Row(voter, end, nowMs, voter.ReplicaId == quorum.LeaderId ? "Leader" : "Follower"));
        foreach (DescribeQuorumResponse.ReplicaState observer in quorum.Observers) rows.Add(Row(observer, end, nowMs, "Observer"));
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Max(r => r[i].Length))];
        foreach (string[] row in rows) context.Out.WriteLine(string.Concat(row.Select((c, i) => c.PadRight(widths[i]) + "\t")));
    }

    private static string[] Row(DescribeQuorumResponse.ReplicaState replica, long end, long? nowMs, string status) =>
    [
        $"{replica.ReplicaId}", replica.ReplicaDirectoryId.ToString(), $"{replica.LogEndOffset}", $"{end - replica.LogEndOffset}",
        Time(replica.LastFetchTimestamp, nowMs), Time(replica.LastCaughtUpTimestamp, nowMs), status,
    ];

    /// <param name="timestampMs">-1 where it is not known.</param>
    /// <param name="nowMs">Where people read it: how long ago it is.</param>
    private static string Time(long timestampMs, long? nowMs) => nowMs is { } now && timestampMs >= 0 ? $"{now - timestampMs} ms ago" : $"{timestampMs}";
}
