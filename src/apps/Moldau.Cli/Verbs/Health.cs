using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Whether the cluster serves all that it has.</summary>
internal static class Health
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private static readonly Column[] Columns = [new("check"), new("status"), Column.Number("count"), new("detail")];

    public static readonly Command Command = new("health", "", "whether all partitions have leaders and all replicas", RunAsync)
    {
        MaxOperands = 0,
        Columns = Columns,
        Options =
        [
            Watching.Option,
            new("--exit-when-healthy", "-e", null, "wait until it is healthy, at most as long as --timeout says"),
        ],
        Details = "Exit code 7 where something is wrong, 5 where nobody answers.",
        Example = "moldau health --exit-when-healthy --timeout 2m",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        bool waits = context.Arguments.Has("--exit-when-healthy");
        bool watches = context.Arguments.Has("--watch");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        if (waits && !watches) limit.CancelAfter(context.Timeout);
        while (true)
        {
            CommandResult? result = null;
            Exception? unreachable = null;
            try
            {
                result = await LookAsync(context, limit.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (
                (waits || watches) && error is MoldauException or CommandException { ExitCode: ExitCodes.Unreachable })
            {
                unreachable = error;
            }

            bool isHealthy = result is not null && result.Rows.All(r => (string?)r[1] == "ok");
            if (watches || !waits || isHealthy) Show(context, result, unreachable);
            if (!waits && !watches) return isHealthy ? ExitCodes.Ok : ExitCodes.CheckFailed;
            if (waits && isHealthy) return ExitCodes.Ok;
            try
            {
                await Task.Delay(watches ? Pause : Pause / 4, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!context.Cancel.IsCancellationRequested)
            {
                Show(context, result, unreachable);
                return unreachable is null ? ExitCodes.CheckFailed : ExitCodes.Unreachable;
            }
        }
    }

    private static void Show(CommandContext context, CommandResult? result, Exception? unreachable)
    {
        if (result is not null) context.Show(result);
        else if (unreachable is not null) CommandLine.Complain(unreachable.Message);
    }

    private static async Task<CommandResult> LookAsync(CommandContext context, CancellationToken cancel)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ClusterDescription cluster = await admin.DescribeClusterAsync(cancel).ConfigureAwait(false);
        IReadOnlyList<TopicInfo> topics = await admin.ListTopicsAsync(cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        HashSet<int> alive = [.. cluster.Brokers.Select(b => b.Id)];
        var replicas = topics.SelectMany(t => t.Partitions).SelectMany(p => p.Replicas).Distinct();
        int[] missing = [.. replicas.Where(b => !alive.Contains(b)).Order()];
        result.Add("controller", cluster.ControllerId >= 0 ? "ok" : "fail", null, cluster.ControllerId >= 0 ? null : "no controller is known");
        result.Add("brokers", missing.Length == 0 ? "ok" : "fail", alive.Count, missing.Length == 0 ? null : $"missing: {string.Join(", ", missing)}");
        Row(result, "partitions without leader", topics, p => p.LeaderId < 0);
        Row(result, "partitions out of sync", topics, p => p.InSyncReplicas.Length < p.Replicas.Length);
        Row(result, "partitions with offline replicas", topics, p => p.OfflineReplicas.Length > 0);
        await MinIsrAsync(context, admin, topics, result, cancel).ConfigureAwait(false);
        return result;
    }

    private static void Row(CommandResult result, string check, IReadOnlyList<TopicInfo> topics, Func<PartitionInfo, bool> isBad)
    {
        TopicPartition[] bad = [.. topics.SelectMany(t => t.Partitions.Where(isBad).Select(p => new TopicPartition(t.Name, p.Partition)))];
        result.Add(check, bad.Length == 0 ? "ok" : "fail", bad.Length, Some(bad));
    }

    /// <summary>Only topics with replicas out of sync can be below their limit, so only those are asked for it.</summary>
    private static async Task MinIsrAsync(
        CommandContext context, AdminClient admin, IReadOnlyList<TopicInfo> topics, CommandResult result, CancellationToken cancel)
    {
        List<TopicPartition> below = [];
        foreach (TopicInfo topic in topics.Where(t => t.Partitions.Any(p => p.InSyncReplicas.Length < p.Replicas.Length)))
        {
            ConfigResource resource = new(ConfigResourceKind.Topic, topic.Name);
            var configs = await admin.DescribeConfigAsync(resource, cancel).ConfigureAwait(false);
            string? text = configs.FirstOrDefault(c => c.Name == "min.insync.replicas")?.Value;
            if (text is null || !Numbers.TryParse(text, out int least)) continue;
            var fewer = topic.Partitions.Where(p => p.InSyncReplicas.Length < least);
            below.AddRange(fewer.Select(p => new TopicPartition(topic.Name, p.Partition)));
        }

        result.Add("partitions below min.insync.replicas", below.Count == 0 ? "ok" : "fail", below.Count, Some(below));
    }

    private static string? Some(IReadOnlyCollection<TopicPartition> partitions)
    {
        const int Most = 5;
        if (partitions.Count == 0) return null;
        return string.Join(", ", partitions.Take(Most)) + (partitions.Count > Most ? $" and {partitions.Count - Most} more" : "");
    }
}
