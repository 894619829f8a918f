using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Which log directory a replica's folder is in, and what the checkpoints say of it. A new replica goes where the
/// fewest are, as in Apache Kafka. One per shard; the counts of other shards' replicas are those of the start.</summary>
internal sealed class ReplicaPlacement
{
    private readonly IReadOnlyList<BootedDirectory> _directories;
    private readonly Dictionary<string, int> _byFolder = new(StringComparer.Ordinal);
    private readonly HashSet<TopicPartition> _forgotten = [];
    private readonly int[] _counts;

    public ReplicaPlacement(IReadOnlyList<BootedDirectory> directories)
    {
        _directories = directories;
        _counts = new int[directories.Count];
        for (int i = 0; i < directories.Count; i++)
        {
            _counts[i] = directories[i].Folders.Count;
            foreach (string folder in directories[i].Folders) _byFolder.TryAdd(folder, i);
        }
    }

    public LoadLogRequest RequestFor(Partition partition, LogConfig config, long nowMs)
    {
        TopicPartition name = new(partition.Topic, partition.Index);
        if (!_byFolder.TryGetValue(partition.Name, out int index))
        {
            index = Emptiest();
            _byFolder.Add(partition.Name, index);
            _counts[index]++;
        }

        BootedDirectory directory = _directories[index];
        return new LoadLogRequest
        {
            Partition = name,
            Folder = $"{directory.Path}/{partition.Name}",
            Config = config,
            TopicId = partition.Id.TopicId,
            HadCleanShutdown = directory.IsClean,
            LogStartOffset = Checkpoint(directory.LogStartOffsets, name),
            RecoveryPoint = Checkpoint(directory.RecoveryPoints, name),
            NowMs = nowMs,
        };
    }

    public long HighWatermarkOf(Partition partition)
    {
        BootedDirectory directory = _directories[_byFolder[partition.Name]];
        return Checkpoint(directory.HighWatermarks, new TopicPartition(partition.Topic, partition.Index));
    }

    public string DirectoryOf(Partition partition) => _directories[_byFolder[partition.Name]].Path;

    /// <summary>The folder of a deleted replica may be made anew, anywhere.</summary>
    public void Forget(Partition partition)
    {
        if (_byFolder.Remove(partition.Name, out int index)) _counts[index]--;
        _forgotten.Add(new TopicPartition(partition.Topic, partition.Index));
    }

    /// <summary>What the start found in a checkpoint is of a replica that was there then, not of a later one.</summary>
    private long Checkpoint(IReadOnlyDictionary<TopicPartition, long> checkpoint, TopicPartition name) =>
        _forgotten.Contains(name) ? 0 : checkpoint.GetValueOrDefault(name);

    private int Emptiest()
    {
        int best = 0;
        for (int i = 1; i < _counts.Length; i++)
            if (_counts[i] < _counts[best]) best = i;
        return best;
    }
}
