using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>The controller: decides what is written to the metadata log. It reads its latest state (appended, perhaps
/// not
/// committed), applies what it decides at once, and takes it back when it loses the leadership before the commit.
/// Owner: the control machine's thread. It persists nothing itself; its truth is the log.</summary>
public sealed class QuorumController
{
    /// <summary>Elections that one turn of the timers makes at most, as in Kafka.</summary>
    private const int MaxElectionsPerTurn = 1_000;

    private readonly ControllerContext _context;
    private readonly ReplicationControl _replication;
    private readonly ConfigControl _configs;
    private readonly TopicControl _topics;
    private readonly ClusterControl _cluster;
    private readonly FeatureControl _features;
    private readonly ProducerIdControl _producerIds;
    private readonly ReassignmentControl _reassignments;
    private readonly Queue<(long Offset, ControllerState State)> _uncommitted = [];
    private readonly MetadataLoader _standby = new();
    private ControllerState _committed = ControllerState.Empty;
    private Instant _nextBalance = Instant.Never;
    private Instant _nextUncleanElection = Instant.Never;

    /// <param name="options">The node's configuration.</param>
    /// <param name="clusterId">Brokers of other clusters may not register.</param>
    /// <param name="random">For topic ids and the placement of replicas.</param>
    public QuorumController(ControllerOptions options, string clusterId, Prng random)
    {
        _context = new ControllerContext(options, random);
        _replication = new ReplicationControl(_context);
        _configs = new ConfigControl(_context);
        _topics = new TopicControl(_context, _configs);
        _cluster = new ClusterControl(_context, _replication, clusterId);
        _features = new FeatureControl(_context);
        _producerIds = new ProducerIdControl(_context);
        _reassignments = new ReassignmentControl(_context, _topics);
    }

    /// <summary>Whether this node leads the quorum and may decide.</summary>
    public bool IsActive { get; private set; }

    /// <summary>The epoch of the leadership; of the last one while standing by.</summary>
    public int Epoch { get; private set; } = -1;

    /// <summary>The level of kraft.version as the quorum's log has it; its owner keeps it up to date.</summary>
    public short KRaftVersion
    {
        get => _context.KRaftVersion;
        set => _context.KRaftVersion = value;
    }

    /// <summary>The latest state: what has been decided, committed or not.</summary>
    public MetadataImage Image => _context.Image;

    public MetadataImage CommittedImage => _committed.Image;

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public Instant NextDeadline => IsActive
        ? Instant.Min(_context.Sessions.NextDeadline, Instant.Min(_nextBalance, _nextUncleanElection))
        : Instant.Never;

    /// <summary>Takes over a snapshot while standing by. Null, or what is wrong with it.</summary>
    public string? LoadSnapshot(IEnumerable<MetadataRecord> records, MetadataProvenance provenance)
    {
        Verify.That(!IsActive);
        string? error = _standby.LoadSnapshot(records, provenance, out _);
        if (error is null) Replace();
        return error;
    }

    /// <summary>A batch of the log is committed: on the active controller its own, else one to apply.</summary>
    public string? Commit(MetadataBatch batch)
    {
        if (IsActive)
        {
            while (_uncommitted.TryPeek(out (long Offset, ControllerState State) next)
                && next.Offset <= batch.LastOffset)
            {
                _committed = next.State;
                _uncommitted.Dequeue();
            }

            return null;
        }

        string? error = _standby.Load(batch, out MetadataUpdate? update);
        if (error is not null || update?.Delta is null) return error;
        var state = new ControllerState(update.Image, _committed.Index.After(update.Delta, update.Image));
        _committed = state;
        _context.State = state;
        return null;
    }

    /// <summary>This node leads now, and the log up to <paramref name="nextOffset"/> has been committed and applied.
    /// The
    /// outcome holds the records that the log needs first: on an empty log those of the bootstrap snapshot.</summary>
    public ControllerOutcome Activate(int epoch, long nextOffset, Instant now)
    {
        Verify.That(!IsActive);
        IsActive = true;
        Epoch = epoch;
        _context.Sessions.Clear();
        foreach ((int id, BrokerRegistration broker) in Image.Cluster.Brokers)
            _context.Sessions.Touch(id, broker.IsFenced, -1, now);
        _nextBalance = _context.Options.LeaderImbalanceCheckInterval is { } interval ? now + interval : Instant.Never;
        _nextUncleanElection = now + _context.Options.UncleanElectionInterval;
        List<MetadataRecord> records = ActivationRecords.For(Image, _standby.IsInTransaction, _context.Options);
        return Outcome(null, records, isAtomic: true, nextOffset, isActivation: true);
    }

    /// <summary>This node leads no longer: what was not committed never happened, as far as it knows. Committed batches
    /// that others wrote come through <see cref="Commit"/>.</summary>
    public void Deactivate()
    {
        if (!IsActive) return;
        IsActive = false;
        _uncommitted.Clear();
        _context.Sessions.Clear();
        _context.State = _committed;
        _standby.LoadSnapshot(_committed.Image.ToRecords(), _committed.Image.Provenance, out _);
        Replace();
    }

    /// <summary>Decides a request; null where it is none for the controller. Only on the active controller.</summary>
    /// <param name="request">Any request that <see cref="ControllerApis"/> lists.</param>
    /// <param name="version">The version it came in.</param>
    /// <param name="now">The time of the turn.</param>
    /// <param name="nextOffset">Where the records will be appended: the end of the log.</param>
    public ControllerOutcome? Handle(IMessage request, short version, Instant now, long nextOffset)
    {
        Verify.That(IsActive);
        _context.NextOffset = nextOffset;
        return request switch
        {
            CreateTopicsRequest r => Outcome(_topics.Create(r), nextOffset),
            DeleteTopicsRequest r => Outcome(_topics.Delete(r), nextOffset),
            CreatePartitionsRequest r => Outcome(_topics.CreatePartitions(r), nextOffset),
            BrokerRegistrationRequest r => Outcome(_cluster.Register(r, now), nextOffset),
            BrokerHeartbeatRequest r => Outcome(_cluster.Heartbeat(r, now), nextOffset),
            UnregisterBrokerRequest r => Outcome(_cluster.Unregister(r), nextOffset),
            ControllerRegistrationRequest r => Outcome(_cluster.RegisterController(r), nextOffset),
            UnregisterControllerRequest r => Outcome(_cluster.UnregisterController(r), nextOffset),
            AlterPartitionRequest r => Outcome(_replication.AlterPartition(r, version), nextOffset),
            AssignReplicasToDirsRequest r => Outcome(_replication.AssignToDirectories(r), nextOffset),
            ElectLeadersRequest r => Outcome(_replication.ElectLeaders(r, version), nextOffset),
            IncrementalAlterConfigsRequest r => Outcome(_configs.AlterIncrementally(r), nextOffset),
            AlterConfigsRequest r => Outcome(_configs.Replace(r), nextOffset),
            UpdateFeaturesRequest r => Outcome(_features.Update(r, version), nextOffset),
            AllocateProducerIdsRequest r => Outcome(_producerIds.Allocate(r), nextOffset),
            AlterPartitionReassignmentsRequest r => Outcome(_reassignments.Alter(r), nextOffset),
            ListPartitionReassignmentsRequest r => Outcome(_reassignments.List(r), nextOffset),
            _ => null,
        };
    }

    /// <summary>What time alone brings about; null where there is nothing to do. Call again until it is null.</summary>
    public ControllerOutcome? Tick(Instant now, long nextOffset)
    {
        if (!IsActive) return null;
        _context.NextOffset = nextOffset;
        ControllerResult<bool> fenced = _cluster.FenceOneStale(now);
        if (fenced.Response) return Outcome(null, fenced.Records, isAtomic: false, nextOffset);
        var records = new List<MetadataRecord>();
        if (now >= _nextBalance && _context.Options.LeaderImbalanceCheckInterval is { } interval)
        {
            _nextBalance = now + interval;
            _replication.BalanceLeaders(MaxElectionsPerTurn, records);
        }
        else if (now >= _nextUncleanElection)
        {
            _nextUncleanElection = now + _context.Options.UncleanElectionInterval;
            _replication.ElectUnclean(MaxElectionsPerTurn, records);
        }

        return records.Count == 0 ? null : Outcome(null, records, isAtomic: false, nextOffset);
    }

    private ControllerOutcome Outcome<T>(ControllerResult<T> result, long nextOffset)
        where T : IResponse =>
        Outcome(result.Response, result.Records, result.IsAtomic, nextOffset) with { KRaftVersion = result.KRaftVersion };

    private ControllerOutcome Outcome(
        IResponse? response, IReadOnlyList<MetadataRecord> records, bool isAtomic, long nextOffset,
            bool isActivation = false)
    {
        long last = nextOffset + records.Count - 1;
        if (records.Count > 0)
        {
            // An activation may abort a transaction that is in no state of ours; it leaves the image as it is.
            var delta = new MetadataDelta(Image);
            foreach (MetadataRecord record in records)
            {
                if (isActivation && record.Message is AbortTransactionRecord) continue;
                string? error = delta.Replay(record);
                if (error is not null) Verify.Fail($"the controller's own record does not apply: {error}");
            }

            MetadataImage image = delta.Apply(new MetadataProvenance(last, Epoch, Image.Provenance.TimestampMs));
            _context.State = new ControllerState(image, _context.State.Index.After(delta, image));
            _uncommitted.Enqueue((last, _context.State));
        }

        return new ControllerOutcome(response, records, isAtomic, last);
    }

    private void Replace()
    {
        var delta = new MetadataDelta(MetadataImage.Empty);
        foreach (MetadataRecord record in _standby.Image.ToRecords()) Verify.That(delta.Replay(record) is null);
        _committed = new ControllerState(_standby.Image, PartitionIndex.Empty.After(delta, _standby.Image));
        _context.State = _committed;
    }
}
