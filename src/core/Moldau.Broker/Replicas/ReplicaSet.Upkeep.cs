using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

internal sealed partial class ReplicaSet
{
    private IReadOnlyList<DirectoryCheckpoint> _posted = [];

    /// <summary>Closes all logs; <paramref name="done"/> runs when the last one is.</summary>
    public void CloseAll(Action done)
    {
        _onClosed = done;
        foreach (Partition partition in _partitions.Values)
            partition.Log?.Close(_shard.Now, _shard.DiskOps);
        FinishClosing();
    }

    /// <summary>What the checkpoint files are to say of this shard's partitions.</summary>
    public IReadOnlyList<DirectoryCheckpoint> Checkpoints()
    {
        List<DirectoryCheckpoint> checkpoints = [];
        foreach (BootedDirectory directory in _shard.Options.Directories)
        {
            List<PartitionCheckpoint> partitions = [];
            foreach (Partition partition in _partitions.Values)
            {
                if (partition.Log is not { } log || log.LogDirectory != directory.Path) continue;
                TopicPartition name = new(partition.Topic, partition.Index);
                partitions.Add(new PartitionCheckpoint(name, log.RecoveryPoint, log.CheckpointedLogStart, log.HighWatermark));
            }

            foreach ((string path, PartitionCheckpoint cut) in _cut.Values)
                if (path == directory.Path) partitions.Add(cut);
            checkpoints.Add(new DirectoryCheckpoint(directory.Path, partitions));
        }

        return checkpoints;
    }

    private void StartUpkeep()
    {
        BrokerConfig config = _shard.Options.Config;
        Every(config.ReplicaHighWatermarkCheckpointIntervalMs, PostCheckpoints);
        _shard.After(Duration.FromMs(config.LogInitialTaskDelayMs), new TimedCall(_ => Retain()));
        Every(Math.Min(_shard.Options.LongestTick.Ms, Math.Max(config.LogFlushSchedulerIntervalMs, 1)), Tick);
    }

    private void PostCheckpoints()
    {
        IReadOnlyList<DirectoryCheckpoint> checkpoints = Checkpoints();
        bool isChanged = false;
        for (int i = 0; i < checkpoints.Count && !isChanged; i++)
            isChanged = _posted.Count == 0 || !checkpoints[i].Partitions.SequenceEqual(_posted[i].Partitions);
        if (!isChanged) return;
        _posted = checkpoints;
        _shard.Post(MachineId.Control, new CheckpointsChanged(_shard.Id, checkpoints));
    }

    private void Every(long intervalMs, Action action) =>
        _shard.After(Duration.FromMs(intervalMs), new TimedCall(_ =>
        {
            if (_onClosed is not null) return;
            action();
            Every(intervalMs, action);
        }));

    private void Retain()
    {
        if (_onClosed is not null) return;
        foreach (Partition partition in _partitions.Values)
        {
            if (!partition.IsOpen) continue;
            PartitionLog log = partition.Log!; // open
            Apply(partition, log, log.Sweep(_shard.Now, _shard.DiskOps));
        }

        _shard.After(Duration.FromMs(_shard.Dynamic.Current.LogRetentionCheckIntervalMs), new TimedCall(_ => Retain()));
    }

    /// <summary>Flushes by time, rolls by time, closes files that nobody uses, forgets old producers.</summary>
    private void Tick()
    {
        foreach (Partition partition in _partitions.Values)
            if (partition.IsOpen) partition.Log!.Tick(_shard.Now, _shard.DiskOps); // open
    }

    private void Closed(Partition partition, PartitionLog log)
    {
        _byLog.Remove(log);
        if (partition.IsDeleted) RemoveFolder(partition, log);
        FinishClosing();
    }

    /// <summary>A log leaves the table when its files are synced and closed; those of deleted topics are renamed then.</summary>
    private void FinishClosing()
    {
        if (_onClosed is null || _opening > 0 || _removing > 0 || _byLog.Count > 0) return;
        Action done = _onClosed;
        _onClosed = static () => { };
        done();
    }

    private void Reconfigure(MetadataDelta delta, MetadataImage image)
    {
        bool isBrokerChanged = false;
        HashSet<string> topics = new(StringComparer.Ordinal);
        foreach (ConfigResource resource in delta.ChangedConfigs)
        {
            isBrokerChanged |= resource.Type == ConfigResourceType.Broker;
            if (resource.Type == ConfigResourceType.Topic) topics.Add(resource.Name);
        }

        if (!isBrokerChanged && topics.Count == 0) return;
        foreach (Partition partition in _partitions.Values)
        {
            if (!isBrokerChanged && !topics.Contains(partition.Topic)) continue;
            partition.WhenOpen(() =>
            {
                if (partition.IsOpen) partition.Log!.Reconfigure(ConfigOf(partition, image)); // open
            });
        }
    }

    /// <summary>The effective configuration of a partition's log; also sets what the partition itself takes from it.</summary>
    private LogConfig ConfigOf(Partition partition, MetadataImage image)
    {
        TopicConfig topic = TopicConfigs.Of(partition.Topic, image, _shard.Dynamic.Current);
        partition.MinInSyncReplicas = topic.MinInsyncReplicas;
        partition.AcknowledgesSynced = topic.Acknowledge == AcknowledgeMode.Fsync;
        return TopicConfigs.ToLogConfig(topic, _shard.Dynamic.Current);
    }
}
