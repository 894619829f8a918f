using Moldau.Base;
using Moldau.Metadata;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Which log directory a replica's folder is in, and what the checkpoints say of it. A new replica goes where the
/// metadata says, else where the fewest are, as in Apache Kafka; one whose folder may be in a directory that is out of reach goes
/// nowhere (docs/design/log-directories.md). One per shard; the counts of other shards' replicas are those of the start.</summary>
internal sealed class ReplicaPlacement
{
    private readonly int _nodeId;
    private readonly IReadOnlyList<BootedDirectory> _directories;
    private readonly bool _isAnyBroken;

    // Where the start found folders that no replica of this shard has taken. Several of a name: where a directory fails, a topic
    // is deleted, and made again elsewhere, both are there when the directory is back.
    private readonly Dictionary<string, List<int>> _found = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Place> _byFolder = new(StringComparer.Ordinal);
    private readonly HashSet<string> _failed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _full = new(StringComparer.Ordinal);
    private readonly int[] _counts;

    public ReplicaPlacement(NodeOptions options)
    {
        _nodeId = options.NodeId;
        _directories = options.Directories;
        _isAnyBroken = options.BrokenDirectories.Count > 0;
        _counts = new int[_directories.Count];
        for (int i = 0; i < _directories.Count; i++)
        {
            _counts[i] = _directories[i].Folders.Count;
            foreach (string folder in _directories[i].Folders)
            {
                if (!_found.TryGetValue(folder, out List<int>? places)) _found.Add(folder, places = []);
                places.Add(i);
            }
        }
    }

    /// <summary>How the replica's log is to be opened; null where it may be out of reach.</summary>
    public LoadLogRequest? RequestFor(Partition partition, LogConfig config, long nowMs)
    {
        TopicPartition name = new(partition.Topic, partition.Index);
        bool isPlaced = _byFolder.TryGetValue(partition.Name, out Place place) && place.TopicId == partition.Id.TopicId;
        if (!isPlaced && !TryPlace(partition, out place)) return null;
        _byFolder[partition.Name] = place;
        BootedDirectory directory = _directories[place.Directory];
        return new LoadLogRequest
        {
            Partition = name,
            Folder = $"{directory.Path}/{partition.Name}",
            Config = config,
            TopicId = partition.Id.TopicId,
            MustExist = place.MustExist,
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

    /// <summary>Null: the replica has not been placed; its folder may be that of an older one that is leaving.</summary>
    public BootedDirectory? DirectoryOf(Partition partition) =>
        _byFolder.TryGetValue(partition.Name, out Place place) && place.TopicId == partition.Id.TopicId
            ? _directories[place.Directory]
            : null;

    /// <summary>The folder of a deleted replica, of this shard or another, may be made anew, anywhere.</summary>
    public void Forget(ReplicaFolder free)
    {
        // Whatever else the start found under the name belongs to no topic that is made from now on.
        bool wasFound = _found.Remove(free.Name, out List<int>? places);
        if (!_byFolder.TryGetValue(free.Name, out Place place))
        {
            if (wasFound) _counts[places![0]]--; // found
            return;
        }

        if (place.TopicId != free.TopicId) return;
        _byFolder.Remove(free.Name);
        _counts[place.Directory]--;
    }

    /// <summary>What was in the replica's place was another's: its own is in the next directory where the start found the
    /// name; where there is none it is new, and the checkpoints of the start say nothing of it.</summary>
    public void Renew(Partition partition)
    {
        Place place = _byFolder[partition.Name];
        if (TryNext(partition)) return;
        int home = HomeOf(partition);
        if (home >= 0 && home != place.Directory)
        {
            _counts[place.Directory]--;
            _counts[home]++;
            place = place with { Directory = home };
        }

        _byFolder[partition.Name] = place with { IsNew = true };
    }

    /// <summary>The replica is not where it was looked for: whether there is a further directory where the start found the
    /// name. Where there is none it is out of reach, and has no place.</summary>
    public bool TryNext(Partition partition)
    {
        Place place = _byFolder[partition.Name];
        while (_found.TryGetValue(partition.Name, out List<int>? others))
        {
            int next = others[0];
            others.RemoveAt(0);
            if (others.Count == 0) _found.Remove(partition.Name);
            if (IsFailed(next)) continue;
            _counts[place.Directory]--;
            _byFolder[partition.Name] = place with { Directory = next };
            return true;
        }

        if (place.MustExist) _byFolder.Remove(partition.Name);
        return false;
    }

    /// <summary>No new replica goes to this log directory any more.</summary>
    public void Fail(string directory) => _failed.Add(directory);

    /// <summary>Whether a log directory has failed since the start.</summary>
    public bool IsFailed(string directory) => _failed.Contains(directory);

    /// <summary>While its disk is full, a log directory gets new replicas only where no other can take them.</summary>
    public void Fill(string directory, bool isFull)
    {
        if (isFull) _full.Add(directory);
        else _full.Remove(directory);
    }

    private bool TryPlace(Partition partition, out Place place)
    {
        int home = HomeOf(partition);
        place = new Place(home, partition.Id.TopicId, IsNew: true, MustExist: MayBeOutOfReach(partition, home));
        // What the start found under the name of a later replica is another topic's.
        if (_found.Remove(partition.Name, out List<int>? places) && !partition.IsNewSinceStart)
        {
            int at = places.Contains(home) ? places.IndexOf(home) : places.FindIndex(p => !IsFailed(p));
            if (at < 0) return false; // it was there, and is out of reach now
            place = place with { Directory = places[at], IsNew = false };
            places.RemoveAt(at);
            if (places.Count > 0) _found.Add(partition.Name, places);
            return true;
        }

        if (place.MustExist) return false;
        if (home < 0) place = place with { Directory = Emptiest() };
        _counts[place.Directory]++;
        return true;
    }

    /// <summary>The directory that the metadata names, if it is online; −1 where it names none or another.</summary>
    private int HomeOf(Partition partition)
    {
        Uuid assigned = AssignedTo(partition);
        for (int i = 0; i < _directories.Count; i++)
            if (_directories[i].DirectoryId == assigned && !IsFailed(i)) return i;
        return -1;
    }

    /// <summary>Whether there may be a log of the replica where this process cannot see it. What the metadata names no directory
    /// for, and was there before the start, may be anywhere.</summary>
    private bool MayBeOutOfReach(Partition partition, int home)
    {
        if (home >= 0) return false;
        Uuid assigned = AssignedTo(partition);
        bool isUnknown = assigned == DirectoryIds.Unassigned || assigned == DirectoryIds.Migrating;
        return isUnknown ? _isAnyBroken && !partition.IsNewSinceStart : true;
    }

    private Uuid AssignedTo(Partition partition) => partition.State!.DirectoryOf(_nodeId); // set before it is opened

    private int Emptiest()
    {
        int best = -1;
        for (int i = 0; i < _counts.Length; i++)
            if (!IsFailed(i) && (best < 0 || Weight(i).CompareTo(Weight(best)) < 0)) best = i;
        return Math.Max(0, best); // without any the node is about to end
    }

    private bool IsFailed(int directory) => _failed.Contains(_directories[directory].Path);

    private (bool IsFull, int Count) Weight(int directory) => (_full.Contains(_directories[directory].Path), _counts[directory]);

    /// <summary>Where a replica's folder is, or is looked for.</summary>
    /// <param name="Directory">Place in the list of log directories.</param>
    /// <param name="TopicId">Whose it is.</param>
    /// <param name="IsNew">The start found no folder of the name there.</param>
    /// <param name="MustExist">It is not to be made.</param>
    /// <param name="RecoveryPoint">Null: what the checkpoint of the start says.</param>
    private readonly record struct Place(int Directory, Uuid TopicId, bool IsNew, bool MustExist, long? RecoveryPoint = null);
}
