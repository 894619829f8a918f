using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>How far an election may go.</summary>
public enum ElectionKind
{
    /// <summary>The first replica if it may lead; else as <see cref="Online"/>.</summary>
    Preferred,

    /// <summary>Keep the leader if it may lead, else the first that may.</summary>
    Online,

    /// <summary>As <see cref="Online"/>, and in the end any live replica, at the price of records.</summary>
    Unclean,
}

/// <summary>Works out the one record that takes a partition from its state to targets: who leads, who is in sync, who
/// stays eligible (KIP-966). The rules are Kafka's.</summary>
public sealed class PartitionChangeBuilder
{
    private readonly PartitionImage _old;
    private readonly TopicIdPartition _id;
    private readonly Func<int, bool> _mayLead;
    private readonly MetadataVersion _version;
    private readonly int _minIsr;
    private readonly bool _isElrEnabled;
    private readonly List<int> _lastKnownElr;
    private readonly PartitionChangeRecord _record;
    private List<int> _isr;
    private List<int> _replicas;
    private List<int> _removing;
    private List<int> _adding;
    private List<int> _elr;

    /// <param name="id">The partition.</param>
    /// <param name="old">Its state now.</param>
    /// <param name="features">What the cluster may write.</param>
    /// <param name="minIsr">The effective <c>min.insync.replicas</c> of the topic, at most its replicas.</param>
    /// <param name="mayLead">Whether a broker is alive and its replica's directory online.</param>
    public PartitionChangeBuilder(
        TopicIdPartition id, PartitionImage old, FeaturesImage features, int minIsr, Func<int, bool> mayLead)
    {
        _id = id;
        _old = old;
        _version = features.Version;
        _isElrEnabled = features.IsElrEnabled;
        _minIsr = minIsr;
        _mayLead = mayLead;
        _isr = [.. old.Isr];
        _replicas = [.. old.Replicas];
        _removing = [.. old.RemovingReplicas];
        _adding = [.. old.AddingReplicas];
        _elr = [.. old.Elr];
        _lastKnownElr = [.. old.LastKnownElr];
        RecoveryState = old.LeaderRecoveryState;
        _record = new PartitionChangeRecord { TopicId = id.TopicId, PartitionId = id.Partition };
    }

    public ElectionKind Election { get; init; } = ElectionKind.Online;

    public IReadOnlyList<int> Isr { init => _isr = [.. value]; }

    public IReadOnlyList<int> Replicas { init => _replicas = [.. value]; }

    public IReadOnlyList<int> Removing { init => _removing = [.. value]; }

    public IReadOnlyList<int> Adding { init => _adding = [.. value]; }

    public LeaderRecoveryState RecoveryState { get; init; }

    /// <summary>A broker that came back without having shut down cleanly: its log may lack what was
    /// committed.</summary>
    public int UncleanShutdownReplica { get; init; } = LeaderConstants.NoLeader;

    /// <summary>The directory of a replica that is new to the partition.</summary>
    public Func<int, Uuid> DefaultDirectory { get; init; } = static _ => DirectoryIds.Unassigned;

    /// <summary>The change, or null where there is none.</summary>
    public MetadataRecord? Build()
    {
        CompleteReassignment();
        TargetElr();
        Elect();
        if (_record.Leader == LeaderConstants.NoChange && _old.Replicas.Any(r => !_replicas.Contains(r)))
            _record.Leader = _old.Leader;
        RecordElr();
        if (_record.Isr is null && (_isr.Count > 0 || _isElrEnabled) && !_isr.SequenceEqual(_old.Isr))
            _record.Isr = _isr;
        if (_version.IsLeaderEpochBumpedOnIsrShrink && _record.Leader == LeaderConstants.NoChange
            && _record.Isr is { } isr && _old.Isr.Any(r => !isr.Contains(r)))
        {
            _record.Leader = _old.Leader;
        }

        RecordLastKnownLeader();
        RecordAssignment();
        if (RecoveryState != _old.LeaderRecoveryState) _record.LeaderRecoveryState = (sbyte)RecoveryState;
        return IsNoOp(_record) ? null : new MetadataRecord(_record, _version.PartitionChangeRecordVersion);
    }

    private static bool IsNoOp(PartitionChangeRecord r) =>
        r.Isr is null && r.EligibleLeaderReplicas is null && r.LastKnownElr is null && r.Replicas is null
        && r.RemovingReplicas is null && r.AddingReplicas is null && r.Directories is null
        && r.Leader == LeaderConstants.NoChange && r.LeaderRecoveryState == (sbyte)LeaderRecoveryState.NoChange;

    private void CompleteReassignment()
    {
        if (_adding.Count == 0 && _removing.Count == 0) return;
        if (_adding.Any(r => !_isr.Contains(r))) return;
        List<int> isr = [.. _isr.Where(r => !_removing.Contains(r))];
        List<int> replicas = [.. _replicas.Where(r => !_removing.Contains(r))];
        // Where removing would leave nobody in sync, the reassignment waits.
        if (isr.Count == 0 || replicas.Count == 0) return;
        _isr = isr;
        _replicas = replicas;
        _removing = [];
        _adding = [];
    }

    private void TargetElr()
    {
        if (!_isElrEnabled) return;
        if (_isr.Count >= _minIsr)
        {
            _elr = [];
            return;
        }

        _elr = [.. new SortedSet<int>(_elr.Concat(_old.Isr)).Where(r => !_isr.Contains(r)
            && r != UncleanShutdownReplica)];
    }

    private void Elect()
    {
        (int leader, bool isUnclean) = Election == ElectionKind.Preferred ? ElectPreferred() : ElectAny();
        if (leader == _old.Leader) return;
        if (_elr.Contains(leader))
        {
            _isr = [leader];
            _elr.Remove(leader);
        }

        _record.Leader = leader;
        if (!isUnclean) return;
        // Only the new leader's log counts now; the others follow it, whatever they have.
        _record.Isr = [leader];
        if (_old.LeaderRecoveryState != LeaderRecoveryState.Recovering)
            _record.LeaderRecoveryState = (sbyte)LeaderRecoveryState.Recovering;
    }

    private (int Leader, bool IsUnclean) ElectPreferred()
    {
        if (_replicas.Count > 0 && IsValid(_replicas[0])) return (_replicas[0], false);
        return ElectOnline();
    }

    private (int Leader, bool IsUnclean) ElectAny()
    {
        (int leader, bool isUnclean) = ElectOnline();
        if (leader != LeaderConstants.NoLeader || Election != ElectionKind.Unclean) return (leader, isUnclean);
        foreach (int replica in _replicas)
        {
            if (_mayLead(replica)) return (replica, true);
        }

        return (LeaderConstants.NoLeader, false);
    }

    private (int Leader, bool IsUnclean) ElectOnline()
    {
        if (IsValid(_old.Leader)) return (_old.Leader, false);
        foreach (int replica in _replicas)
        {
            if (IsValid(replica)) return (replica, false);
        }

        // The last leader may come back when nobody else is left (balanced recovery of KIP-966).
        bool isLastLeaderLeft = _isElrEnabled && _elr.Count == 0 && _isr.Count == 0 && _old.LastKnownElr.Length == 1
            && _mayLead(_old.LastKnownElr[0]);
        return isLastLeaderLeft ? (_old.LastKnownElr[0], true) : (LeaderConstants.NoLeader, false);
    }

    private bool IsValid(int replica) =>
        (_isr.Contains(replica) || (_isr.Count == 0 && _elr.Contains(replica))) && _mayLead(replica);

    private void RecordElr()
    {
        bool isClean = _record.Isr is null;
        if (!isClean || !_isElrEnabled) _elr = [];
        if (!_elr.SequenceEqual(_old.Elr)) _record.EligibleLeaderReplicas = _elr;
    }

    private void RecordLastKnownLeader()
    {
        if (!_isElrEnabled) return;
        bool isKnown = _old.LastKnownElr.Length == 1 && _old.LastKnownElr[0] == _old.Leader;
        if (_record.Isr is { Count: 0 } && !isKnown && _old.HasLeader)
        {
            _record.LastKnownElr = [_old.Leader];
        }
        else if ((_record.Leader >= 0 || (_old.HasLeader && _record.Leader != LeaderConstants.NoLeader))
            && _lastKnownElr.Count > 0)
        {
            _record.LastKnownElr = [];
        }
    }

    private void RecordAssignment()
    {
        if (_replicas.Count > 0)
        {
            if (_version.IsDirectoryAssignmentSupported)
            {
                List<Uuid> directories =
                    [.. _replicas.Select(r => _old.Replicas.Contains(r) ? _old.DirectoryOf(r) : DefaultDirectory(r))];
                if (!directories.SequenceEqual(_old.Directories)) _record.Directories = directories;
            }

            if (!_replicas.SequenceEqual(_old.Replicas)) _record.Replicas = _replicas;
        }

        if (!_removing.SequenceEqual(_old.RemovingReplicas)) _record.RemovingReplicas = _removing;
        if (!_adding.SequenceEqual(_old.AddingReplicas)) _record.AddingReplicas = _adding;
    }

    /// <summary>The partition that the builder is about.</summary>
    public TopicIdPartition Id => _id;
}
