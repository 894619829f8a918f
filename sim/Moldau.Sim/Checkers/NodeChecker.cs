using Moldau.Base;
using Moldau.Broker;
using Moldau.Metadata;
using Moldau.Raft;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Runs the checkers of one node after every event. What costs more than a few comparisons is done only where the
/// event changed something; whole files are read when a log is loaded and at the end.</summary>
/// <param name="world">Where failures go.</param>
/// <param name="node">Whose events these are.</param>
/// <param name="due">Partitions that groups of their topics have to share out.</param>
/// <param name="isDurable">Whether acknowledgements for a topic promise that a loss of power takes nothing.</param>
internal sealed class NodeChecker(SimWorld world, SimNode node, Func<string, bool> isDurable, IReadOnlyCollection<TopicPartition> due)
    : INodeObserver
{
    private readonly SortedDictionary<TopicIdPartition, LogOracle> _oracles = [];
    private readonly Dictionary<TopicIdPartition, PartitionChecker> _partitions = [];
    private readonly GroupChecker _groups = new(world, new OwnershipChecker(world, due));
    private readonly QuorumChecker _quorum = new(world);
    private readonly HashSet<TopicIdPartition> _lostPower = [];
    private readonly HashSet<TopicIdPartition> _offline = [];
    private readonly HashSet<TopicIdPartition> _outOfReach = [];
    private readonly HashSet<PartitionLog> _damaged = [];
    private AppendOp? _append;

    /// <summary>Steps that were looked at.</summary>
    public long Steps { get; private set; }

    /// <summary>How often what was not synced may have gone.</summary>
    public int PowerLosses { get; private set; }

    public LogOracle OracleOf(TopicIdPartition id, string name)
    {
        if (!_oracles.TryGetValue(id, out LogOracle? oracle)) _oracles.Add(id, oracle = new LogOracle(name, world.Fail, world.Coverage));
        return oracle;
    }

    public void BeforeStep(SimMachine machine, in NodeEvent e)
    {
        _append = null;
        if (e is { Kind: NodeEventKind.DiskDone, Payload: SyncOp { Owner: PartitionLog damaged } sync } && sync.Error != DiskError.None)
            _damaged.Add(damaged);
        // Read back from the file, not from the buffer: a buffer that was lent twice shows here.
        if (machine.Id == MachineId.Control || e.Kind != NodeEventKind.DiskDone) return;
        if (e.Payload is not AppendOp { Error: DiskError.None, Owner: PartitionLog } append) return;
        _append = append;
        PartitionLog log = (PartitionLog)append.Owner!; // the pattern above
        SimFile file = SimFile.Of(append.File);
        byte[] bytes = new byte[append.Length];
        if (file.Data.Read(append.Position, bytes) < bytes.Length) world.Fail($"[D1] {log.Partition}: a written batch is not in the file");
        // Every partition of a shard has been opened for a topic id.
        TopicIdPartition id = new(log.TopicId!.Value, log.Partition.Partition);
        OracleOf(id, log.Partition.ToString()).Written(bytes, file.Data, file.Path, append.Position, log.IsFailed);
        _groups.Written(log, bytes);
    }

    public void AfterStep(SimMachine machine, in NodeEvent e)
    {
        Steps++;
        if (machine.Core is ControlMachine control)
        {
            _quorum.Look(control);
            return;
        }

        if (machine.Core is not ShardMachine shard) return;
        foreach (Partition partition in shard.Replicas.All)
        {
            if (partition.IsOffline) LookOffline(partition);
            if (partition.Log is { } log) Look(shard, partition, log);
        }

        if (e.Kind is NodeEventKind.DiskDone or NodeEventKind.Message) _groups.Look(shard);
        if (_append?.Owner is PartitionLog written) _groups.Compare(shard, written);
    }

    public void Died(bool lostPower)
    {
        _partitions.Clear();
        _offline.Clear();
        _groups.Died();
        _quorum.Died();
        _damaged.Clear();
        // The one at offset 0 is what the folder is formatted with.
        bool hasSnapshot = node.Disk.Find($"{node.LogDirectories[0]}/__cluster_metadata-0") is SimFolder metadata
            && metadata.Names.Keys.Any(n => SnapshotFiles.TryParseName(n, out OffsetAndEpoch id) && id.Offset > 0);
        if (hasSnapshot) world.Coverage.Hit(SimMark.MetadataSnapshot);
        if (!lostPower) return;
        PowerLosses++;
        _lostPower.UnionWith(_oracles.Keys);
    }

    /// <summary>The full sweep, of a node that runs and is at rest.</summary>
    public void Sweep()
    {
        foreach (PartitionChecker partition in _partitions.Values.OrderBy(p => p.Name, StringComparer.Ordinal))
            if (partition.Sweep() is { } wrong) world.Fail(wrong);
    }

    /// <summary>Some batches that are in files, for the plan to damage: whose, and where.</summary>
    public IEnumerable<(TopicPartition Partition, BatchNote Batch)> Some(int count, Prng prng)
    {
        List<PartitionChecker> open = [.. _partitions.Values.OrderBy(p => p.Name, StringComparer.Ordinal)];
        for (int i = 0; i < count && open.Count > 0; i++)
            if (open[prng.Next(open.Count)].Some(prng) is { } found) yield return found;
    }

    /// <summary>The open partitions, in an order of their own.</summary>
    public List<PartitionChecker> Open => [.. _partitions.Values.Where(p => p.IsOpen).OrderBy(p => p.Name, StringComparer.Ordinal)];

    private void Look(ShardMachine shard, Partition partition, PartitionLog log)
    {
        if (!_partitions.TryGetValue(partition.Id, out PartitionChecker? checker))
        {
            LogOracle oracle = OracleOf(partition.Id, partition.Name);
            checker = new PartitionChecker(world, node, partition, oracle, isDurable(partition.Topic), () => _offline.Count > 0);
            _partitions.Add(partition.Id, checker);
            checker.Loaded(log, _lostPower.Remove(partition.Id));
            if (_outOfReach.Remove(partition.Id)) world.Coverage.Hit(SimMark.BackInReach);
            if (partition.Topic == InternalTopics.ConsumerOffsets) _groups.Loaded(log, shard.GroupOptions, oracle);
        }

        checker.Look(log, _damaged.Contains(log));
    }

    /// <summary>D3: a replica is taken offline because its own log directory failed, or could not be used at the start, and for no
    /// other reason.</summary>
    private void LookOffline(Partition partition)
    {
        if (partition.IsDeleted || !_offline.Add(partition.Id)) return;
        world.Coverage.Hit(SimMark.ReplicaOffline);
        if (partition.Log is null) LookOutOfReach(partition);
        else if (!node.Disk.HasFailed(partition.Log.LogDirectory))
        {
            world.Fail($"[D3] {partition.Name} is offline, and no call on {partition.Log.LogDirectory} has failed: "
                + partition.Log.FailureText);
        }
    }

    private void LookOutOfReach(Partition partition)
    {
        if (_outOfReach.Add(partition.Id)) world.Coverage.Hit(SimMark.ReplicaOutOfReach);
        Uuid assigned = partition.State!.DirectoryOf(node.Number + 1); // it was to be opened
        // Where the metadata names none it may be in any.
        IEnumerable<string> suspects = node.LogDirectories.Where(d => assigned == DirectoryIds.Unassigned || IdentityOf(d) == assigned);
        if (!suspects.Any(node.Disk.HasFailed))
            world.Fail($"[D3] {partition.Name} is out of reach, and no call on the directory {assigned} has failed");
    }

    private Uuid? IdentityOf(string directory) =>
        node.Disk.Find($"{directory}/{LogFileNames.MetaProperties}") is SimFileData file
            ? MetaProperties.TryDecode(file.Bytes(), out _)?.DirectoryId
            : null;
}
