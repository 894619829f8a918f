using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Raft;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Raft over this node's log and files: does what <see cref="RaftNode"/> wants done, in its order, and tells it
/// what the disk has done. Owner: the control machine. What Raft persists (quorum-state, batches, snapshots) is persisted
/// here; disk effects behind a write of quorum-state wait for it.</summary>
internal sealed partial class QuorumLog
{
    private readonly ControlMachine _machine;
    private readonly MetadataBoot _boot;
    private readonly PartitionLog _log;
    private readonly RaftNode _node;
    private readonly EffectList<RaftEffect> _effects = new();
    private readonly Queue<RaftEffect> _behindState = new();
    private readonly Dictionary<long, Action<IMessage>> _requests = [];
    private long _nextToken;
    private int _persisting;
    private bool _isPerforming;
    private bool _isClosed;

    public QuorumLog(ControlMachine machine, MetadataBoot boot)
    {
        _machine = machine;
        _boot = boot;
        _log = boot.Job.Open(new LogServices(machine.Pool, new BatchValidator(), machine.Prng.Fork()), machine.Now);
        _node = new RaftNode(OptionsOf(machine.Options, boot), boot.State, machine.Prng.Fork());
    }

    public int Epoch => _node.Epoch;

    public long EndOffset => _node.LogEndOffset;

    public long HighWatermark => _node.HighWatermark;

    /// <summary>The level of the feature kraft.version, in what is appended.</summary>
    public short KRaftVersion => _node.KRaftVersion;

    public string StateName => _node.State.Name;

    public int VotedFor => _node.State.VotedFor?.Id ?? -1;

    public int VoterCount => _node.Voters.Nodes.Count;

    public string? FailureText => _log.FailureText;

    public Instant NextDeadline => _node.NextDeadline;

    /// <summary>This node is the only voter; a quorum of several needs connections that this node does not make yet.</summary>
    public bool IsAlone => _node.Voters.IsOnly(new ReplicaKey(_machine.Options.NodeId, _boot.DirectoryId));

    public void Start()
    {
        _node.Start(_machine.Now, _effects);
        Perform();
    }

    public void Stop()
    {
        _node.Stop(_machine.Now, _effects);
        Perform();
    }

    public void OnDeadline()
    {
        _node.OnDeadline(_machine.Now, _effects);
        Perform();
    }

    /// <summary>Appends records as one batch.</summary>
    public void Append(IReadOnlyList<MetadataRecord> records)
    {
        List<byte[]> values = new(records.Count);
        foreach (MetadataRecord record in records) values.Add(MetadataRecords.Write(record));
        Verify.That(_node.Append(values, _machine.Now, _effects) is not null);
        Perform();
    }

    /// <summary>Raises kraft.version to 1; the offset that must be committed for it.</summary>
    public long UpgradeKRaftVersion()
    {
        long? last = _node.UpgradeKRaftVersion(_machine.Now, _effects);
        Verify.That(last is not null); // the only voter leads; see IsAlone
        Perform();
        return last.Value;
    }

    /// <summary>A request for the quorum; false if it is none.</summary>
    public bool TryServe(IMessage request, short version, Action<IMessage> done)
    {
        long token = ++_nextToken;
        _requests.Add(token, done);
        bool isTaken = _node.OnRequest(token, request, version, _machine.Now, _effects);
        if (!isTaken) _requests.Remove(token);
        Perform();
        return isTaken;
    }

    /// <summary>Takes a completion of the log; false: the log has failed.</summary>
    public bool OnDiskDone(DiskOp op)
    {
        LogChanges changes = _log.OnCompleted(op, _machine.Now, _machine.DiskOps);
        if ((changes & LogChanges.Failed) != 0) return false;
        if ((changes & LogChanges.DurableEnd) != 0)
        {
            _node.OnLogSynced(_log.DurableEnd, _machine.Now, _effects);
            Perform();
        }

        if ((changes & LogChanges.Closed) != 0) _machine.MetadataLogClosed();
        if (_reads.Remove(op, out Action? read)) read();
        return true;
    }

    public void Close()
    {
        _isClosed = true;
        _log.Close(_machine.Now, _machine.DiskOps);
    }

    private static RaftOptions OptionsOf(NodeOptions options, MetadataBoot boot)
    {
        Config.BrokerConfig config = options.Config;
        return new RaftOptions
        {
            ClusterId = options.ClusterId,
            Self = new ReplicaKey(options.NodeId, boot.DirectoryId),
            Endpoints = NodeFormat.ControllerEndpoints(config),
            CanSend = false,
            ElectionTimeout = Duration.FromMs(config.ControllerQuorumElectionTimeoutMs),
            ElectionBackoffMax = Duration.FromMs(config.ControllerQuorumElectionBackoffMaxMs),
            FetchTimeout = Duration.FromMs(config.ControllerQuorumFetchTimeoutMs),
            RequestTimeout = Duration.FromMs(config.ControllerQuorumRequestTimeoutMs),
            RetryBackoff = Duration.FromMs(config.ControllerQuorumRetryBackoffMs),
            SnapshotBytes = config.MetadataLogMaxRecordBytesBetweenSnapshots,
            SnapshotInterval = config.MetadataLogMaxSnapshotIntervalMs > 0
                ? Duration.FromMs(config.MetadataLogMaxSnapshotIntervalMs)
                : null,
        };
    }

    /// <summary>Performs in the order given; what performing causes at once joins the end.</summary>
    private void Perform()
    {
        if (_isPerforming) return;
        _isPerforming = true;
        for (int i = 0; i < _effects.Count; i++)
        {
            RaftEffect effect = _effects[i];
            bool mustWait = _persisting > 0 && effect is AppendToLog or TruncateLog or StartLogAt;
            if (mustWait && _persisting > 0) _behindState.Enqueue(effect);
            else Perform(effect);
        }

        _effects.Clear();
        _isPerforming = false;
        _machine.QuorumMoved();
    }

    private void Perform(RaftEffect effect)
    {
        switch (effect)
        {
            case PersistQuorumState state: Persist(state); break;
            // A node that stops while it elects itself never begins that epoch.
            case AppendToLog append when !_isClosed: Append(append.Batch); break;
            case AppendToLog: break;
            case TruncateLog truncate:
                Verify.That(_log.TruncateTo(truncate.EndOffset, _machine.Now, _machine.DiskOps) != TruncateStatus.Failed);
                break;
            case StartLogAt start:
                Verify.That(_log.TruncateFullyAndStartAt(start.Snapshot.Offset, _machine.Now, _machine.DiskOps) != TruncateStatus.Failed);
                break;
            case DeleteLogBefore delete: DeleteBefore(delete.Offset); break;
            case ReadLog read: Read(read); break;
            case ReadSnapshot read: Read(read); break;
            case WriteSnapshotFile write: Write(write); break;
            case ReplyToRequest reply:
                if (_requests.Remove(reply.Token, out Action<IMessage>? done)) done(reply.Response);
                break;
            case CommitBatches commit: Commit(commit); break;
            case BecomeLeader: _machine.Lead(); break;
            case LoseLeadership: _machine.StepDown(); break;
            case SnapshotDue: TakeSnapshot(); break;
            case LeaderKnown: break;
            default:
                // Messages to other voters: see IsAlone, without which the node does not start.
                Verify.Fail($"no way to do {effect.GetType().Name} on a quorum of one");
                break;
        }
    }

    private void Persist(PersistQuorumState state)
    {
        _persisting++;
        WriteFileJob write = new()
        {
            LogDirectory = _log.LogDirectory,
            OrderKey = this,
            Path = $"{_boot.Folder}/{QuorumStateFile.FileName}",
            Contents = state.Content,
        };
        write.Owner = (Action<DiskOp>)(_ =>
        {
            if (write.Error != DiskError.None)
            {
                _machine.Halt($"quorum-state cannot be written: {write.ErrorText}");
                return;
            }

            _persisting--;
            while (_persisting == 0 && _behindState.TryDequeue(out RaftEffect? effect)) Perform(effect);
            _node.OnQuorumStatePersisted(state.Token, _machine.Now, _effects);
            Perform();
        });
        _machine.DiskOps.Add(write);
    }

    private void Append(RaftBatch batch)
    {
        // A node that is asked to stop during its election: the epoch's first record comes too late.
        if (_log.IsClosed) return;
        BufferLease lease = _machine.Pool.Rent(batch.Bytes.Length);
        batch.Bytes.Span.CopyTo(lease.Span);
        AppendOutcome outcome = _log.Append(
            new AppendRequest(lease, 0, lease.Length, LogAppendOrigin.RaftLeader, batch.Epoch), _machine.Now, _machine.DiskOps);
        lease.Release();
        if (!outcome.IsAccepted) _machine.Halt($"the metadata log refuses a batch: {outcome.Error} {outcome.Message}");
    }

    private void Commit(CommitBatches commit)
    {
        _log.SetHighWatermark(commit.HighWatermark);
        foreach (RaftBatch batch in commit.Batches)
        {
            string? error = null;
            MetadataBatch? decoded = RecordBatchView.TryRead(batch.Bytes.Span, out RecordBatchView view) == BatchReadStatus.Ok
                ? MetadataBatch.Read(view, out error)
                : null;
            if (decoded is not null) _machine.Committed(decoded);
            else _machine.Halt($"the metadata log cannot be applied: {error ?? "damaged batch"}");
        }

        _machine.Advanced(commit.HighWatermark);
    }
}
