using Moldau.Base;
using Moldau.Metadata;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>The control machine to every shard: metadata has been committed.</summary>
/// <param name="Image">The whole of it.</param>
/// <param name="Delta">What changed since the image before; null: everything (the first one).</param>
internal sealed record ImagePublished(MetadataImage Image, MetadataDelta? Delta);

/// <summary>The control machine to every shard: the level of kraft.version, which ApiVersions shows.</summary>
internal sealed record KRaftVersionKnown(short Level);

/// <summary>A shard to the control machine: the replicas of this image are open (or have failed).</summary>
internal sealed record ReplicasReady(MachineId Shard, long ImageOffset, IReadOnlyList<DirectoryCheckpoint> Checkpoints);

/// <summary>The control machine to a shard: close the logs and end.</summary>
internal sealed record StopShard;

/// <summary>A shard to the control machine: folders of deleted replicas are renamed, or were never made. What the
/// checkpoint files say of them would be taken for the next topic of the name: they are free when those say nothing.</summary>
internal sealed record FoldersLeft(
    MachineId Shard, IReadOnlyList<ReplicaFolder> Folders, IReadOnlyList<DirectoryCheckpoint> Checkpoints);

/// <summary>The control machine to every shard: folders that this shard has left may be made anew.</summary>
internal sealed record FoldersFree(MachineId Shard, IReadOnlyList<ReplicaFolder> Folders);

/// <summary>The folder of a replica, and which topic's of the name it is.</summary>
internal readonly record struct ReplicaFolder(string Name, Uuid TopicId);

/// <summary>A shard to the control machine: in a replica's place was the folder of another topic, which an interrupted deletion
/// had left and which has another name now; or its log ends below the recovery point that the checkpoint file names.</summary>
internal sealed record FolderSetAside(MachineId Shard, TopicIdPartition Partition, IReadOnlyList<DirectoryCheckpoint> Checkpoints);

/// <summary>The control machine to that shard: the checkpoint files say nothing of a folder of this name any more, or what the
/// shard said with its question.</summary>
internal sealed record CheckpointsCleared(TopicIdPartition Partition);

/// <summary>A shard to the control machine: logs are open in directories that the metadata does not name for them.</summary>
internal sealed record ReplicasPlaced(IReadOnlyList<ReplicaPlaced> Replicas);

/// <summary>A replica, and the id of the log directory it is in.</summary>
internal readonly record struct ReplicaPlaced(TopicIdPartition Partition, Uuid Directory);

/// <summary>A shard's last word.</summary>
internal sealed record ShardStopped(MachineId Shard, IReadOnlyList<DirectoryCheckpoint> Checkpoints);

/// <summary>A shard to the control machine, which writes the checkpoint files of all shards.</summary>
internal sealed record CheckpointsChanged(MachineId Shard, IReadOnlyList<DirectoryCheckpoint> Checkpoints);

/// <summary>A shard to the control machine, and from there to every shard: a log directory failed.</summary>
internal sealed record DirectoryFailed(string Path, string Reason);

/// <summary>What one shard says of its partitions in one log directory.</summary>
internal sealed record DirectoryCheckpoint(string Path, IReadOnlyList<PartitionCheckpoint> Partitions);
