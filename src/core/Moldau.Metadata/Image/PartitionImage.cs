using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Whether a leader that was elected uncleanly still has to bring the log into a consistent state
/// (KIP-704).</summary>
public enum LeaderRecoveryState : sbyte
{
    NoChange = -1,
    Recovered = 0,
    Recovering = 1,
}

/// <summary>Values of the field Leader that name no broker.</summary>
public static class LeaderConstants
{
    public const int NoLeader = -1;
    public const int NoChange = -2;
}

/// <summary>Reserved directory ids (KIP-858).</summary>
public static class DirectoryIds
{
    public static readonly Uuid Unassigned = Uuid.Zero;
    public static readonly Uuid Lost = new(0, 1);
    public static readonly Uuid Migrating = new(0, 2);
}

/// <summary>The state of one partition. Immutable; two are equal when all their values are.</summary>
public sealed class PartitionImage : IEquatable<PartitionImage>
{
    public required ImmutableArray<int> Replicas { get; init; }

    /// <summary>One per replica, in the same order.</summary>
    public required ImmutableArray<Uuid> Directories { get; init; }

    public required ImmutableArray<int> Isr { get; init; }

    public ImmutableArray<int> RemovingReplicas { get; init; } = [];

    public ImmutableArray<int> AddingReplicas { get; init; } = [];

    public required int Leader { get; init; }

    public LeaderRecoveryState LeaderRecoveryState { get; init; }

    public required int LeaderEpoch { get; init; }

    public required int PartitionEpoch { get; init; }

    /// <summary>Eligible leader replicas: out of the ISR, but known to have all committed records (KIP-966).</summary>
    public ImmutableArray<int> Elr { get; init; } = [];

    /// <summary>The last leader while the partition has none; Kafka keeps it in the field LastKnownElr.</summary>
    public ImmutableArray<int> LastKnownElr { get; init; } = [];

    public bool HasLeader => Leader != LeaderConstants.NoLeader;

    public int PreferredReplica => Replicas.Length == 0 ? LeaderConstants.NoLeader : Replicas[0];

    public bool HasPreferredLeader => Leader == PreferredReplica;

    public bool IsReassigning => !RemovingReplicas.IsEmpty || !AddingReplicas.IsEmpty;

    public Uuid DirectoryOf(int broker)
    {
        int index = Replicas.IndexOf(broker);
        return index < 0 ? DirectoryIds.Unassigned : Directories[index];
    }

    public static PartitionImage From(PartitionRecord record)
    {
        ImmutableArray<int> replicas = [.. record.Replicas];
        return new PartitionImage
        {
            Replicas = replicas,
            Directories = DirectoriesFor(record.Directories, replicas.Length),
            Isr = [.. record.Isr],
            RemovingReplicas = [.. record.RemovingReplicas],
            AddingReplicas = [.. record.AddingReplicas],
            Leader = record.Leader,
            LeaderRecoveryState = (LeaderRecoveryState)record.LeaderRecoveryState,
            LeaderEpoch = record.LeaderEpoch,
            PartitionEpoch = record.PartitionEpoch,
            Elr = [.. record.EligibleLeaderReplicas ?? []],
            LastKnownElr = [.. record.LastKnownElr ?? []],
        };
    }

    /// <summary>The state after a change. Each change raises the partition epoch; a named leader, even the same one,
    /// raises the leader epoch.</summary>
    public PartitionImage Merge(PartitionChangeRecord change)
    {
        ImmutableArray<int> replicas = change.Replicas is null ? Replicas : [.. change.Replicas];
        bool isLeaderNamed = change.Leader != LeaderConstants.NoChange;
        var recovery = (LeaderRecoveryState)change.LeaderRecoveryState;
        return new PartitionImage
        {
            Replicas = replicas,
            Directories = change.Directories is null && replicas.Length == Replicas.Length
                ? Directories
                : DirectoriesFor(change.Directories, replicas.Length),
            Isr = change.Isr is null ? Isr : [.. change.Isr],
            RemovingReplicas = change.RemovingReplicas is null ? RemovingReplicas : [.. change.RemovingReplicas],
            AddingReplicas = change.AddingReplicas is null ? AddingReplicas : [.. change.AddingReplicas],
            Leader = isLeaderNamed ? change.Leader : Leader,
            LeaderRecoveryState = recovery == LeaderRecoveryState.NoChange ? LeaderRecoveryState : recovery,
            LeaderEpoch = isLeaderNamed ? LeaderEpoch + 1 : LeaderEpoch,
            PartitionEpoch = PartitionEpoch + 1,
            Elr = change.EligibleLeaderReplicas is null ? Elr : [.. change.EligibleLeaderReplicas],
            LastKnownElr = change.LastKnownElr is null ? LastKnownElr : [.. change.LastKnownElr],
        };
    }

    /// <summary>The same partition without eligible leader replicas.</summary>
    public PartitionImage WithoutElr() => Elr.IsEmpty && LastKnownElr.IsEmpty
        ? this
        : new PartitionImage
        {
            Replicas = Replicas,
            Directories = Directories,
            Isr = Isr,
            RemovingReplicas = RemovingReplicas,
            AddingReplicas = AddingReplicas,
            Leader = Leader,
            LeaderRecoveryState = LeaderRecoveryState,
            LeaderEpoch = LeaderEpoch,
            PartitionEpoch = PartitionEpoch,
        };

    public MetadataRecord ToRecord(Uuid topicId, int partitionId, MetadataVersion version)
    {
        var record = new PartitionRecord
        {
            PartitionId = partitionId,
            TopicId = topicId,
            Replicas = [.. Replicas],
            Isr = [.. Isr],
            RemovingReplicas = [.. RemovingReplicas],
            AddingReplicas = [.. AddingReplicas],
            Leader = Leader,
            LeaderRecoveryState = (sbyte)LeaderRecoveryState,
            LeaderEpoch = LeaderEpoch,
            PartitionEpoch = PartitionEpoch,
        };
        if (version.IsDirectoryAssignmentSupported) record.Directories = [.. Directories];
        if (version.IsElrSupported)
        {
            // Kafka leaves empty lists out: most partitions never have any.
            if (!Elr.IsEmpty) record.EligibleLeaderReplicas = [.. Elr];
            if (!LastKnownElr.IsEmpty) record.LastKnownElr = [.. LastKnownElr];
        }

        return new MetadataRecord(record, version.PartitionRecordVersion);
    }

    public bool Equals(PartitionImage? other) => other is not null
        && Leader == other.Leader
        && LeaderRecoveryState == other.LeaderRecoveryState
        && LeaderEpoch == other.LeaderEpoch
        && PartitionEpoch == other.PartitionEpoch
        && Replicas.AsSpan().SequenceEqual(other.Replicas.AsSpan())
        && Directories.AsSpan().SequenceEqual(other.Directories.AsSpan())
        && Isr.AsSpan().SequenceEqual(other.Isr.AsSpan())
        && RemovingReplicas.AsSpan().SequenceEqual(other.RemovingReplicas.AsSpan())
        && AddingReplicas.AsSpan().SequenceEqual(other.AddingReplicas.AsSpan())
        && Elr.AsSpan().SequenceEqual(other.Elr.AsSpan())
        && LastKnownElr.AsSpan().SequenceEqual(other.LastKnownElr.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as PartitionImage);

    public override int GetHashCode() => (PartitionEpoch * 31) + LeaderEpoch;

    private static ImmutableArray<Uuid> DirectoriesFor(List<Uuid>? directories, int count)
    {
        if (directories is { Count: > 0 } && directories.Count == count) return [.. directories];
        var builder = ImmutableArray.CreateBuilder<Uuid>(count);
        for (int i = 0; i < count; i++) builder.Add(DirectoryIds.Migrating);
        return builder.MoveToImmutable();
    }
}
