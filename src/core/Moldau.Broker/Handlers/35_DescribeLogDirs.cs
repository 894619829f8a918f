using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>DescribeLogDirs: every shard tells of its logs; the volumes are measured in a job.</summary>
internal sealed class DescribeLogDirsHandler : ApiHandler<ShardMachine, DescribeLogDirsRequest>
{
    protected override void Handle(DescribeLogDirsRequest body, RequestContext request, ShardMachine machine)
    {
        HashSet<TopicPartition>? wanted = Wanted(body, machine.Image);
        FanOut<int, List<LogSummary>> fan = new(
            (owner, _, done) => done(owner.Replicas.Summaries(wanted)),
            lists => VolumeJob.Run(machine, machine.Options.Directories, volumes =>
                request.Respond(Response(machine, lists, volumes))));
        for (int i = 0; i < machine.Options.ShardCount; i++) fan.Add(MachineId.Shard(i), i);
        fan.Start(machine);
    }

    private static HashSet<TopicPartition>? Wanted(DescribeLogDirsRequest body, MetadataImage image)
    {
        if (body.Topics is null) return null;
        HashSet<TopicPartition> wanted = [];
        foreach (DescribeLogDirsRequest.DescribableLogDirTopic topic in body.Topics)
            foreach (int p in topic.Partitions) wanted.Add(new TopicPartition(topic.Topic, p));
        return wanted;
    }

    private static DescribeLogDirsResponse Response(
        ShardMachine machine, List<LogSummary>[] lists, IReadOnlyList<VolumeJob.Volume> volumes)
    {
        DescribeLogDirsResponse response = new();
        foreach (VolumeJob.Volume volume in volumes)
        {
            DescribeLogDirsResponse.DescribeLogDirsResult result = new()
            {
                LogDir = volume.Path,
                TotalBytes = volume.TotalBytes,
                UsableBytes = volume.UsableBytes,
            };
            if (!volume.IsOnline || machine.Replicas.HasFailed(volume.Path))
            {
                response.Results.Add(Offline(volume.Path));
                continue;
            }

            SortedDictionary<string, DescribeLogDirsResponse.DescribeLogDirsTopic> topics = new(StringComparer.Ordinal);
            foreach (List<LogSummary> list in lists)
                foreach (LogSummary log in list)
                {
                    if (log.Directory != volume.Path) continue;
                    if (!topics.TryGetValue(log.Partition.Topic, out DescribeLogDirsResponse.DescribeLogDirsTopic? topic))
                        topics.Add(log.Partition.Topic, topic = new() { Name = log.Partition.Topic });
                    topic.Partitions.Add(new() { PartitionIndex = log.Partition.Partition, PartitionSize = log.SizeInBytes });
                }

            foreach (DescribeLogDirsResponse.DescribeLogDirsTopic topic in topics.Values)
                topic.Partitions.Sort((a, b) => a.PartitionIndex.CompareTo(b.PartitionIndex));
            result.Topics.AddRange(topics.Values);
            response.Results.Add(result);
        }

        foreach (BrokenDirectory broken in machine.Options.BrokenDirectories) response.Results.Add(Offline(broken.Path));
        return response;
    }

    private static DescribeLogDirsResponse.DescribeLogDirsResult Offline(string path) =>
        new() { LogDir = path, ErrorCode = (short)ErrorCode.KafkaStorageError, TotalBytes = -1, UsableBytes = -1 };
}

/// <summary>One log as DescribeLogDirs has it.</summary>
internal readonly record struct LogSummary(string Directory, TopicPartition Partition, long SizeInBytes);
