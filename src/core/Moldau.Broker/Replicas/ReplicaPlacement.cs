using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Which log directory a replica's folder is in, and what the checkpoints say of it. A new replica goes where the
/// fewest are, as in Apache Kafka. One per shard; the counts of other shards' replicas are those of the start.</summary>
internal sealed class ReplicaPlacement
{
    private readonly IReadOnlyList<BootedDirectory> _directories;
    private readonly Dictionary<string, Place> _byFolder = new(StringComparer.Ordinal);

    // Directories in which the start found a folder of a name besides the one that is tried first: where a directory fails, a
    // topic is deleted, and made again elsewhere, both are there when the directory is back.
    private readonly Dictionary<string, Queue<int>> _alsoIn = new(StringComparer.Ordinal);
    private readonly HashSet<string> _failed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _full = new(StringComparer.Ordinal);
    private readonly int[] _counts;

    public ReplicaPlacement(IReadOnlyList<BootedDirectory> directories)
    {
        _directories = directories;
        _counts = new int[directories.Count];
        for (int i = 0; i < directories.Count; i++)
        {
            _counts[i] = directories[i].Folders.Count;
            foreach (string folder in directories[i].Folders) Found(folder, i);
        }
    }

    public LoadLogRequest RequestFor(Partition partition, LogConfig config, long nowMs)
    {
        TopicPartition name = new(partition.Topic, partition.Index);
        if (!_byFolder.TryGetValue(partition.Name, out Place place))
        {
            // The checkpoints may know one of this name that is deleted.
            place = new Place(Emptiest(), null, IsNew: true);
            _counts[place.Directory]++;
        }

        _byFolder[partition.Name] = place with { TopicId = partition.Id.TopicId };
        BootedDirectory directory = _directories[place.Directory];
        return new LoadLogRequest
        {
            Partition = name,
            Folder = $"{directory.Path}/{partition.Name}",
            Config = config,
            TopicId = partition.Id.TopicId,
            HadCleanShutdown = directory.IsClean,
            LogStartOffset = place.IsNew ? 0 : directory.LogStartOffsets.GetValueOrDefault(name),
            RecoveryPoint = place.IsNew ? 0 : place.RecoveryPoint ?? directory.RecoveryPoints.GetValueOrDefault(name),
            NowMs = nowMs,
        };
    }

    /// <summary>What the checkpoint says of a replica that has been placed.</summary>
    public long HighWatermarkOf(Partition partition)
    {
        Place place = _byFolder[partition.Name];
        TopicPartition name = new(partition.Topic, partition.Index);
        return place.IsNew ? 0 : _directories[place.Directory].HighWatermarks.GetValueOrDefault(name);
    }

    /// <summary>What the checkpoint of the start says of the replica's recovery point is no longer so.</summary>
    public void Recovered(Partition partition, long recoveryPoint) =>
        _byFolder[partition.Name] = _byFolder[partition.Name] with { RecoveryPoint = recoveryPoint };

    /// <summary>Null: the replica has not been placed yet; its folder may be that of an older one that is leaving.</summary>
    public string? DirectoryOf(Partition partition) =>
        _byFolder.TryGetValue(partition.Name, out Place place) && place.TopicId == partition.Id.TopicId
            ? _directories[place.Directory].Path
            : null;

    /// <summary>The folder of a deleted replica, of this shard or another, may be made anew, anywhere.</summary>
    public void Forget(ReplicaFolder free)
    {
        // Whatever else the start found under the name belongs to no topic that is made from now on.
        _alsoIn.Remove(free.Name);
        if (!_byFolder.TryGetValue(free.Name, out Place place)) return;
        if (place.TopicId is { } id && id != free.TopicId) return;
        _byFolder.Remove(free.Name);
        _counts[place.Directory]--;
    }

    /// <summary>What was in the replica's place was another's: its own is in the next directory where the start found the
    /// name; where there is none it is new, and the checkpoints of the start say nothing of it.</summary>
    public void Renew(Partition partition)
    {
        Place place = _byFolder[partition.Name];
        if (_alsoIn.TryGetValue(partition.Name, out Queue<int>? others) && others.TryDequeue(out int next))
        {
            _counts[place.Directory]--;
            _byFolder[partition.Name] = place with { Directory = next };
        }
        else
        {
            _byFolder[partition.Name] = place with { IsNew = true };
        }
    }

    /// <summary>No new replica goes to this log directory any more.</summary>
    public void Fail(string directory) => _failed.Add(directory);

    /// <summary>While its disk is full, a log directory gets new replicas only where no other can take them.</summary>
    public void Fill(string directory, bool isFull)
    {
        if (isFull) _full.Add(directory);
        else _full.Remove(directory);
    }

    private void Found(string folder, int directory)
    {
        if (_byFolder.TryAdd(folder, new Place(directory, null, IsNew: false))) return;
        if (!_alsoIn.TryGetValue(folder, out Queue<int>? others)) _alsoIn.Add(folder, others = []);
        others.Enqueue(directory);
    }

    private int Emptiest()
    {
        int best = -1;
        for (int i = 0; i < _counts.Length; i++)
            if (!_failed.Contains(_directories[i].Path) && (best < 0 || Weight(i).CompareTo(Weight(best)) < 0)) best = i;
        return Math.Max(0, best); // without any the node is about to end
    }

    private (bool IsFull, int Count) Weight(int directory) => (_full.Contains(_directories[directory].Path), _counts[directory]);

    /// <summary>Where a folder is.</summary>
    /// <param name="Directory">Place in the list of log directories.</param>
    /// <param name="TopicId">Whose it is; null: it was found at the start, and no replica of this shard has opened it.</param>
    /// <param name="IsNew">Made since the start.</param>
    /// <param name="RecoveryPoint">Null: what the checkpoint of the start says.</param>
    private readonly record struct Place(int Directory, Uuid? TopicId, bool IsNew, long? RecoveryPoint = null);
}
