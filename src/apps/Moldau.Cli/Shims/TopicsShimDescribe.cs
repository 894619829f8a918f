using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-topics.sh --describe</c></summary>
internal static class TopicsShimDescribe
{
    private static readonly string[] Filters =
        ["under-replicated-partitions", "unavailable-partitions", "under-min-isr-partitions", "at-min-isr-partitions"];

    public static async Task RunAsync(ShimContext context, IReadOnlyList<TopicInfo> topics)
    {
        bool isFiltered = Filters.Any(context.Arguments.Has);
        bool onlyOverrides = context.Arguments.Has("topics-with-overrides");
        foreach (TopicInfo topic in topics)
        {
            ConfigResource resource = new(ConfigResourceKind.Topic, topic.Name);
            var configs = await context.Admin.DescribeConfigAsync(resource, context.Cancel).ConfigureAwait(false);
            string[] set = [.. configs.Where(c => c.Source != ConfigSource.DefaultConfig).Select(c => $"{c.Name}={c.Value}")];
            if (onlyOverrides && set.Length == 0) continue;
            if (!isFiltered)
                context.Out.WriteLine(
                    $"Topic: {topic.Name}\tTopicId: {topic.Id}\tPartitionCount: {topic.Partitions.Length}\t"
                    + $"ReplicationFactor: {(topic.Partitions.Length == 0 ? 0 : topic.Partitions[0].Replicas.Length)}\tConfigs: {string.Join(',', set)}");
            if (onlyOverrides) continue;
            string? least = configs.FirstOrDefault(c => c.Name == "min.insync.replicas")?.Value;
            int min = int.TryParse(least, out int number) ? number : 1;
            foreach (PartitionInfo partition in topic.Partitions)
            {
                if (!isFiltered || IsWanted(context, partition, min)) Write(context, topic, partition);
            }
        }
    }

    private static bool IsWanted(ShimContext context, PartitionInfo partition, int min) =>
        (context.Arguments.Has("under-replicated-partitions") && partition.InSyncReplicas.Length < partition.Replicas.Length)
        || (context.Arguments.Has("unavailable-partitions") && partition.LeaderId < 0)
        || (context.Arguments.Has("under-min-isr-partitions") && partition.InSyncReplicas.Length < min)
        || (context.Arguments.Has("at-min-isr-partitions") && partition.InSyncReplicas.Length == min);

    private static void Write(ShimContext context, TopicInfo topic, PartitionInfo partition)
    {
        // Eligible leaders are only kept while replicas are missing; what a broker tells of them then is not asked for.
        string eligible = partition.InSyncReplicas.Length == partition.Replicas.Length ? "" : "N/A";
        context.Out.WriteLine(
            $"\tTopic: {topic.Name}\tPartition: {partition.Partition}\tLeader: {(partition.LeaderId < 0 ? "none" : partition.LeaderId)}\t"
            + $"Replicas: {string.Join(',', partition.Replicas)}\tIsr: {string.Join(',', partition.InSyncReplicas)}\tElr: {eligible}\tLastKnownElr: {eligible}");
    }
}
