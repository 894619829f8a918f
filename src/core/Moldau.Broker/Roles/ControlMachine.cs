using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>The part of a node that leads: the quorum's log, the controller, this broker's registration, and the order of
/// start and end. It has a thread and a disk lane of its own, so that data load never costs an election.</summary>
internal sealed class ControlMachine : Machine
{
    private readonly MetadataBoot _boot;
    private readonly ApiRouter<ControlMachine> _router;
    private readonly QuorumController _controller;
    private readonly MetadataLoader _loader = new();
    private readonly Queue<(long Offset, Action Done)> _waiting = new();
    private readonly List<(ApiKey Api, IMessage Request, short Version, Action<IMessage> Done)> _early = [];
    private readonly CheckpointWriter _checkpoints;
    private QuorumLog? _log;
    private bool _isLead;
    private TimedTask? _tick;
    private TimedTask? _quorumTick;

    public ControlMachine(NodeOptions options, MetadataBoot boot, BufferPool pool, Prng prng)
        : base(MachineId.Control, options, pool, prng)
    {
        _boot = boot;
        _router = ControllerListenerApis.Create(options.Config.UnstableApiVersionsEnable);
        Dynamic = new DynamicConfig(options.StaticProperties, options.Config);
        _controller = new QuorumController(ControllerOptionsOf(options, boot), options.ClusterId, prng.Fork());
        Broker = new BrokerLifecycle(this);
        _checkpoints = new CheckpointWriter(this);
        Assignments = new DirectoryAssignments(this);
    }

    public BrokerLifecycle Broker { get; }

    public DirectoryAssignments Assignments { get; }

    public ControlMetrics Metrics { get; } = new();

    public DynamicConfig Dynamic { get; }

    /// <summary>The newest committed metadata.</summary>
    public MetadataImage Image => _loader.Image;

    public QuorumController Controller => _controller;

    public QuorumLog Quorum => _log!; // made when the machine starts

    protected override ApiRouter Router => _router;

    /// <summary>Answers a request of a broker, a client of the controller listener, or of this broker itself.</summary>
    public void Serve(ApiKey api, IMessage request, short version, Action<IMessage> done)
    {
        if (!ControllerApis.Contains(api))
        {
            Verify.That(Quorum.TryServe(request, version, done));
            return;
        }

        if (!_controller.IsActive)
        {
            // Only while the node starts: its own election is under way.
            _early.Add((api, request, version, done));
            return;
        }

        ControllerOutcome? outcome = _controller.Handle(request, version, Now, Quorum.EndOffset);
        Verify.That(outcome is not null);
        Write(outcome, () =>
        {
            // Also where nothing changed: a key store that is set to what it was is to be read anew.
            if (api is ApiKey.AlterConfigs or ApiKey.IncrementalAlterConfigs) Emit(NodeEffect.Configured(Dynamic.Current));
            done(outcome.Response!); // a request always has one
        });
        ScheduleTick();
    }

    public void Halt(string reason) => Emit(NodeEffect.Halt(reason));

    /// <summary>A batch of the metadata log is committed.</summary>
    public void Committed(MetadataBatch batch)
    {
        if (_controller.IsActive) Metrics.Committed(batch, Image);
        MetadataUpdate? update = null;
        string? error = _controller.Commit(batch) ?? _loader.Load(batch, out update);
        if (error is not null)
        {
            Halt($"the metadata log cannot be applied: {error}");
            return;
        }

        if (update is not null && _controller.IsActive) Publish(update.Image, update.Delta);
    }

    /// <summary>Everything below the offset is committed.</summary>
    public void Advanced(long highWatermark)
    {
        Metrics.CommittedTo(highWatermark, Now);
        while (_waiting.TryPeek(out (long Offset, Action Done) next) && next.Offset < highWatermark)
        {
            _waiting.Dequeue();
            next.Done();
        }
    }

    /// <summary>This node leads the quorum, and all of earlier epochs is committed and applied.</summary>
    public void Lead() => _isLead = true;

    /// <summary>This node leads no longer.</summary>
    public void StepDown()
    {
        _isLead = false;
        _controller.Deactivate();
    }

    /// <summary>Raft has had its turn: its deadline may be another, and the leadership may have come.</summary>
    public void QuorumMoved()
    {
        // Closing the log of a node that is asked to stop may be what commits its election: too late to lead.
        if (_isLead && !_controller.IsActive && !Broker.IsStopping) Activate();
        if (_quorumTick is not null) _quorumTick.IsCancelled = true;
        if (Quorum.NextDeadline == Instant.Never) return;
        _quorumTick = new TimedCall(_ => Quorum.OnDeadline());
        Timers.Schedule(Quorum.NextDeadline, _quorumTick);
    }

    public void MetadataLogClosed() => Broker.MetadataLogClosed();

    public void WriteCheckpoints(Action done) => _checkpoints.WriteNow(done);

    /// <summary>Every shard has opened the logs that were there at the start.</summary>
    public void LogsAreOpen() => _checkpoints.LogsAreOpen();

    public void RememberCheckpoints(ShardStopped stopped) => _checkpoints.Remember(stopped.Shard, stopped.Checkpoints);

    protected override void Dispatch(RequestContext request)
    {
        Metrics.RequestBegun(request);
        _router.Handle(request, this);
    }

    protected override void OnStart()
    {
        After(Options.GaugeInterval, new TimedCall(_ => PublishGauges()));
        foreach (BrokenDirectory broken in Options.BrokenDirectories)
            Options.Log.Log.Error($"log directory {broken.Path} is offline: {broken.Reason}; the node starts with the others");
        _log = new QuorumLog(this, _boot);
        if (!_log.IsAlone)
        {
            Halt("the quorum has other voters than this node, which runs quorums of one voter only so far");
            return;
        }

        if (_boot.SnapshotOffset > 0)
        {
            MetadataProvenance provenance = new(
                _boot.SnapshotOffset - 1, _boot.State.Snapshot!.Value.Epoch, _boot.SnapshotTimestampMs); // it has an offset
            string? error = _controller.LoadSnapshot(_boot.Snapshot, provenance) ?? _loader.LoadSnapshot(_boot.Snapshot, provenance, out _);
            if (error is not null) Halt($"the metadata snapshot cannot be applied: {error}");
        }

        _log.Start();
    }

    protected override void OnStopRequested() => Broker.Stop();

    protected override void OnDiskDone(DiskOp op)
    {
        if (op.Owner is not PartitionLog) ((Action<DiskOp>)op.Owner!)(op); // every other operation carries its continuation
        else if (!Quorum.OnDiskDone(op)) Halt($"the metadata log failed: {Quorum.FailureText}");
    }

    protected override void OnNotice(object message)
    {
        switch (message)
        {
            case ReplicasReady ready:
                _checkpoints.Remember(ready.Shard, ready.Checkpoints);
                Broker.OnReplicasReady(ready);
                break;
            case ReplicasPlaced placed: Assignments.Add(placed); break;
            case CheckpointsChanged changed: _checkpoints.Remember(changed.Shard, changed.Checkpoints); _checkpoints.WriteSoon(); break;
            case FoldersLeft left:
                _checkpoints.Remember(left.Shard, left.Checkpoints);
                _checkpoints.WriteThen(() =>
                {
                    FoldersFree free = new(left.Shard, left.Folders);
                    for (int i = 0; i < Options.ShardCount; i++) Post(MachineId.Shard(i), free);
                });
                break;
            case FolderSetAside aside:
                _checkpoints.Remember(aside.Shard, aside.Checkpoints);
                _checkpoints.WriteThen(() => Post(aside.Shard, new CheckpointsCleared(aside.Partition)));
                break;
            case DirectoryFailed failed: Broker.OnDirectoryFailed(failed); break;
            case ShardStopped stopped: Broker.OnShardStopped(stopped); break;
            default: Verify.Fail($"{Id} does not know {message.GetType().Name}"); break;
        }
    }

    private void PublishGauges()
    {
        if (Broker.IsStopping) return;
        Metrics.Publish(this);
        After(Options.GaugeInterval, new TimedCall(_ => PublishGauges()));
    }

    private void Activate()
    {
        Metrics.Activations.Increment();
        Write(_controller.Activate(Quorum.Epoch, Quorum.EndOffset, Now), () => { });
        Options.Log.Controller.Write(LogLevel.Info, $"controller of epoch {Quorum.Epoch}, log end {Quorum.EndOffset}");
        PublishKRaftVersion();
        Publish(Image, null);
        Emit(NodeEffect.Configured(Dynamic.Current));
        foreach ((ApiKey api, IMessage request, short version, Action<IMessage> done) in _early) Serve(api, request, version, done);
        _early.Clear();
        Broker.Start();
        ScheduleTick();
    }

    private void Write(ControllerOutcome outcome, Action done)
    {
        Metrics.Operations.Increment();
        if (outcome.Records.Count > 0)
        {
            Metrics.Appended(outcome.Records.Count, Quorum.EndOffset + outcome.Records.Count, Now);
            Quorum.Append(outcome.Records);
        }

        long last = outcome.WaitForOffset;
        if (outcome.KRaftVersion is not null)
        {
            last = Quorum.UpgradeKRaftVersion();
            PublishKRaftVersion();
        }

        if (last < Quorum.HighWatermark) done();
        else _waiting.Enqueue((last, done));
    }

    private void PublishKRaftVersion()
    {
        KRaftVersion = _controller.KRaftVersion = Quorum.KRaftVersion;
        for (int i = 0; i < Options.ShardCount; i++) Post(MachineId.Shard(i), new KRaftVersionKnown(KRaftVersion));
    }

    private void Publish(MetadataImage image, MetadataDelta? delta)
    {
        if (delta is null || delta.ChangedConfigs.Any(r => r.Type == ConfigResourceType.Broker))
        {
            List<string> warnings = [];
            Dynamic.Apply(image.Configs.Of(ConfigResource.ClusterDefault), image.Configs.Of(Options.BrokerResource), warnings);
            foreach (string warning in warnings) Options.Log.Server.Warn(warning);
        }

        ImagePublished published = new(image, delta);
        for (int i = 0; i < Options.ShardCount; i++) Post(MachineId.Shard(i), published);
        Broker.OnImage(image);
    }

    private void ScheduleTick()
    {
        if (_tick is not null) _tick.IsCancelled = true;
        if (_controller.NextDeadline == Instant.Never) return;
        _tick = new TimedCall(_ =>
        {
            while (_controller.Tick(Now, Quorum.EndOffset) is { } outcome) Write(outcome, () => { });
            ScheduleTick();
        });
        Timers.Schedule(_controller.NextDeadline, _tick);
    }

    private static ControllerOptions ControllerOptionsOf(NodeOptions options, MetadataBoot boot)
    {
        BrokerConfig config = options.Config;
        return new ControllerOptions
        {
            NodeId = options.NodeId,
            DefaultPartitions = config.NumPartitions,
            DefaultReplicationFactor = (short)config.DefaultReplicationFactor,
            SessionTimeout = Duration.FromMs(config.BrokerSessionTimeoutMs),
            LeaderImbalanceCheckInterval = config.AutoLeaderRebalanceEnable
                ? Duration.FromSeconds(config.LeaderImbalanceCheckIntervalSeconds)
                : null,
            MinInSyncReplicas = config.MinInsyncReplicas,
            IsUncleanElectionEnabled = config.UncleanLeaderElectionEnable,
            Schema = new ConfigSchema(config, options.StaticProperties),
            BootstrapRecords = boot.Bootstrap,
        };
    }
}
