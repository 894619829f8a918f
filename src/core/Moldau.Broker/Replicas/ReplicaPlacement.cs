using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Which log directory a replica's folder is in, and what the checkpoints say of it. A new replica goes where the
/// fewest are, as in Apache Kafka. One per shard; the counts of other shards' replicas are those of the start.</summary>
internal sealed class ReplicaPlacement
{
    private readonly IReadOnlyList<BootedDirectory> _directories;
    private readonly Dictionary<string, int> _byFolder = new(StringComparer.Ordinal);
    private readonly HashSet<string> _made = new(StringComparer.Ordinal);
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
        bool isNew = !_byFolder.TryGetValue(partition.Name, out int index);
        if (isNew)
        {
            // The checkpoints may know one of this name that is deleted.
            _made.Add(partition.Name);
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
            LogStartOffset = isNew ? 0 : directory.LogStartOffsets.GetValueOrDefault(name),
            RecoveryPoint = isNew ? 0 : directory.RecoveryPoints.GetValueOrDefault(name),
            NowMs = nowMs,
        };
    }

    public long HighWatermarkOf(Partition partition)
    {
        BootedDirectory directory = _directories[_byFolder[partition.Name]];
        TopicPartition name = new(partition.Topic, partition.Index);
        return _made.Contains(partition.Name) ? 0 : directory.HighWatermarks.GetValueOrDefault(name);
    }

    public string DirectoryOf(Partition partition) => _directories[_byFolder[partition.Name]].Path;

    /// <summary>The folder of a deleted replica, of this shard or another, may be made anew, anywhere.</summary>
    public void Forget(string folder)
    {
        if (_byFolder.Remove(folder, out int index)) _counts[index]--;
    }

    private int Emptiest()
    {
        int best = 0;
        for (int i = 1; i < _counts.Length; i++)
            if (_counts[i] < _counts[best]) best = i;
        return best;
    }
}
