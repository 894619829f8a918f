using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-metadata-quorum.sh describe</c></summary>
internal static class QuorumShim
{
    public static readonly Shim Shim = new(
        "kafka-metadata-quorum", "bootstrap-server: bootstrap-controller: command-config: status replication re human-readable hr help version", RunAsync)
    {
        Actions = ["describe", "add-controller", "remove-controller"],
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        string bootstrap = arguments.Value("bootstrap-server") ?? throw new ShimUsageException("one of the arguments --bootstrap-server --bootstrap-controller is required");
        if (arguments.Action is "add-controller" or "remove-controller") throw new ShimUsageException($"{arguments.Action} is not supported by this script yet");
        if (arguments.Action is null) throw new ShimUsageException("too few arguments");
        if (arguments.Has("status") == arguments.Has("replication"))
        {
            context.Error.WriteLine("One of --status or --replication must be specified with describe sub-command");
            return ExitCodes.Failed;
        }

        context.AddPropertiesFile(arguments.Value("command-config"));
        context.Connect(bootstrap, "describeMetadataQuorum");
        DescribeQuorumResponse answer = await context.Asking.AskAsync<DescribeQuorumRequest, DescribeQuorumResponse>(
            CallTarget.Any,
            _ => new DescribeQuorumRequest { Topics = [new() { TopicName = "__cluster_metadata", Partitions = [new() { PartitionIndex = 0 }] }] },
            context.Cancel).ConfigureAwait(false);
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code != ErrorCode.None) throw new MoldauException(ClientError.Of(code, answer.ErrorMessage, "the quorum was not described"));
        if (arguments.Has("status"))
        {
            ClusterDescription cluster = await context.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
            Status(context, cluster.ClusterId, answer);
        }
        else
        {
            Replication(context, answer.Topics[0].Partitions[0]);
        }

        return ExitCodes.Ok;
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

    private static void Replication(ShimContext context, DescribeQuorumResponse.PartitionData quorum)
    {
        long end = quorum.CurrentVoters.FirstOrDefault(v => v.ReplicaId == quorum.LeaderId)?.LogEndOffset ?? 0;
        List<string[]> rows = [["NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"]];
        foreach (DescribeQuorumResponse.ReplicaState voter in quorum.CurrentVoters.OrderBy(v => v.ReplicaId != quorum.LeaderId))
            rows.Add(Row(voter, end, voter.ReplicaId == quorum.LeaderId ? "Leader" : "Follower"));
        foreach (DescribeQuorumResponse.ReplicaState observer in quorum.Observers) rows.Add(Row(observer, end, "Observer"));
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Max(r => r[i].Length))];
        foreach (string[] row in rows) context.Out.WriteLine(string.Concat(row.Select((c, i) => c.PadRight(widths[i]) + "\t")));
    }

    private static string[] Row(DescribeQuorumResponse.ReplicaState replica, long end, string status) =>
    [
        $"{replica.ReplicaId}", replica.ReplicaDirectoryId.ToString(), $"{replica.LogEndOffset}", $"{end - replica.LogEndOffset}",
        $"{replica.LastFetchTimestamp}", $"{replica.LastCaughtUpTimestamp}", status,
    ];
}
