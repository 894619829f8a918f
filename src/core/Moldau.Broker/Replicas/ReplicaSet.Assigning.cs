using Moldau.Base;
using Moldau.Metadata;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Which log directory a replica is in stands in the metadata (KIP-858), so that a start without that directory does not
/// take the replica for a new one. Where a node has several, a log is used when that is committed: a record is never acknowledged
/// of which a later start might not know where it is.</summary>
internal sealed partial class ReplicaSet
{
    /// <summary>Told to the control machine at once when so many logs are placed while others are still being opened.</summary>
    private const int MostPlacedInOne = 500;

    private readonly HashSet<Partition> _unassigned = [];
    private List<ReplicaPlaced> _placed = [];

    /// <summary>The log is open: it may be used, or waits for the metadata to say where it is.</summary>
    private void Assign(Partition partition)
    {
        bool isKnown = IsAssignmentKnown(partition);
        bool isEnding = partition.IsDeleted || _onClosed is not null;
        if (!isKnown && !isEnding && _shard.Image.Features.Version.IsDirectoryAssignmentSupported)
        {
            _placed.Add(new ReplicaPlaced(partition.Id, _placement.DirectoryOf(partition)!.DirectoryId)); // open
            if (MustBeKnown(partition))
            {
                _unassigned.Add(partition);
                return;
            }
        }

        partition.Assigned();
    }

    /// <summary>Where there is one directory, nobody has to be told which it is; but what the metadata has in another one has no
    /// leader before that is corrected.</summary>
    private bool MustBeKnown(Partition partition) =>
        _shard.Options.Directories.Count + _shard.Options.BrokenDirectories.Count > 1 || !IsUnknown(AssignedTo(partition));

    private void PostPlaced()
    {
        if (_placed.Count == 0 || (_opening > 0 && _placed.Count < MostPlacedInOne)) return;
        _shard.Post(MachineId.Control, new ReplicasPlaced(_placed));
        _placed = [];
    }

    private void FinishAssignment(Partition partition)
    {
        if (!_unassigned.Contains(partition) || !IsAssignmentKnown(partition)) return;
        _unassigned.Remove(partition);
        partition.Assigned();
    }

    private bool IsAssignmentKnown(Partition partition) =>
        AssignedTo(partition) == _placement.DirectoryOf(partition)?.DirectoryId;

    private Uuid AssignedTo(Partition partition) => partition.State!.DirectoryOf(_shard.Options.NodeId); // set before it is opened

    private static bool IsUnknown(Uuid directory) => directory == DirectoryIds.Unassigned || directory == DirectoryIds.Migrating;

    /// <summary>A folder that was to be the replica's is not: it is looked for in the next directory, and made in none.</summary>
    private void NotThere(Partition partition)
    {
        if (partition.IsDeleted) LeaveUnopened(partition);
        else if (_placement.TryNext(partition)) Open(partition);
        else TakeOffline(partition, OutOfReach(partition));
    }

    private string OutOfReach(Partition partition) => IsUnknown(AssignedTo(partition))
        ? "its log may be in a log directory that is offline"
        : $"its log is in the log directory with the id {AssignedTo(partition)}, which is offline or not in log.dirs";
}
