using Moldau.Base;
using Moldau.Metadata;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>A topic that is made again has the folders of the one before, which another shard may still be closing. Every
/// shard hears of every deletion; a new replica is opened when the owner of the old one has left its folder, and no checkpoint
/// file speaks of the old one any more.</summary>
internal sealed partial class ReplicaSet
{
    private readonly HashSet<ReplicaFolder> _leaving = [];
    private readonly HashSet<ReplicaFolder> _freeEarly = [];
    private readonly List<Partition> _waitingForFolder = [];
    private readonly Dictionary<TopicIdPartition, Partition> _waitingForCheckpoints = [];
    private readonly Dictionary<TopicIdPartition, (string Directory, PartitionCheckpoint Checkpoint)> _cut = [];
    private readonly List<TopicIdPartition> _unasked = [];
    private List<ReplicaFolder> _left = [];
    private bool _isLeftPosted;

    public void OnFoldersFree(FoldersFree free)
    {
        foreach (ReplicaFolder folder in free.Folders) Freed(folder);
        if (free.Shard != _shard.Id) return;
        _isLeftPosted = false;
        if (_left.Count > 0) PostLeft();
    }

    private void Freed(ReplicaFolder folder)
    {
        // Every shard knows the folders of the start, and the next replica may be any shard's.
        _placement.Forget(folder);
        if (!_leaving.Remove(folder))
        {
            // The owner is ahead of this shard, which has not heard of the deletion yet.
            _freeEarly.Add(folder);
            return;
        }

        for (int i = 0; i < _waitingForFolder.Count; i++)
        {
            Partition partition = _waitingForFolder[i];
            if (partition.Name != folder.Name || IsLeaving(partition.Name)) continue;
            _waitingForFolder.RemoveAt(i);
            Open(partition);
            return;
        }
    }

    /// <summary>What the checkpoint files said of the folder that was set aside is gone, durably: the log can be made.</summary>
    public void OnCheckpointsCleared(CheckpointsCleared cleared)
    {
        if (_onClosed is not null || !_waitingForCheckpoints.Remove(cleared.Partition, out Partition? partition)) return;
        _cut.Remove(cleared.Partition);
        Open(partition);
    }

    /// <summary>Before a record of the new log is acknowledged, no checkpoint file may name a log start or a recovery point for
    /// it that was the other topic's: a kill would make the next start believe it.</summary>
    private void OtherSetAside(Partition partition)
    {
        if (partition.IsDeleted)
        {
            LeaveUnopened(partition);
            return;
        }

        _placement.Renew(partition);
        _waitingForCheckpoints.Add(partition.Id, partition);
        _unasked.Add(partition.Id);
    }

    /// <summary>Damage, or a crash in the middle of a truncation, left less of the log than its recovery point says. Before a
    /// record is appended the checkpoint must say what is true: the next start would believe it once the log has grown to it.
    /// Then the log is opened again, which costs nothing any more.</summary>
    private void EndsBelowRecoveryPoint(Partition partition, PartitionLog log)
    {
        _placement.Recovered(partition, log.RecoveryPoint);
        TopicPartition name = new(partition.Topic, partition.Index);
        _cut.Add(partition.Id, (log.LogDirectory, new(name, log.RecoveryPoint, log.CheckpointedLogStart, log.HighWatermark)));
        _waitingForCheckpoints.Add(partition.Id, partition);
        _unasked.Add(partition.Id);
    }

    /// <summary>Not while logs are being opened: files that leave them out would take their log starts away.</summary>
    private void AskForCheckpoints()
    {
        if (_opening > 0) return;
        foreach (TopicIdPartition id in _unasked) _shard.Post(MachineId.Control, new FolderSetAside(_shard.Id, id, Checkpoints()));
        _unasked.Clear();
    }

    private bool IsWaiting(Partition partition) =>
        _waitingForFolder.Contains(partition) || _waitingForCheckpoints.ContainsKey(partition.Id);

    private void DeleteAll(TopicImage topic)
    {
        for (int i = 0; i < topic.Partitions.Length; i++)
        {
            if (!topic.Partitions[i].Replicas.Contains(_shard.Options.NodeId)) continue;
            TopicIdPartition id = new(topic.Id, i);
            ReplicaFolder leaving = new($"{topic.Name}-{i}", topic.Id);
            if (!_freeEarly.Remove(leaving)) _leaving.Add(leaving);
            if (_shard.Map.OwnerOf(id) == _shard.Id) Delete(id);
        }
    }

    private bool IsLeaving(string folder)
    {
        foreach (ReplicaFolder leaving in _leaving)
            if (leaving.Name == folder) return true;
        return false;
    }

    private void OpenWhenFree(Partition partition)
    {
        if (IsLeaving(partition.Name)) _waitingForFolder.Add(partition);
        else Open(partition);
    }

    /// <summary>The deleted replica's folder is renamed, was never made, or is out of reach.</summary>
    private void Left(Partition partition)
    {
        _waitingForFolder.Remove(partition);
        _waitingForCheckpoints.Remove(partition.Id);
        _cut.Remove(partition.Id);
        _left.Add(new(partition.Name, partition.Id.TopicId));
        if (!_isLeftPosted) PostLeft();
    }

    // One at a time, for all that have left meanwhile: each tells of every replica, and a topic may have thousands.
    private void PostLeft()
    {
        _isLeftPosted = true;
        _shard.Post(MachineId.Control, new FoldersLeft(_shard.Id, _left, Checkpoints()));
        _left = [];
    }
}
