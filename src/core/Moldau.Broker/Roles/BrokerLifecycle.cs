using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>This broker towards the controller: registration, heartbeats, unfencing, controlled shutdown. It speaks to the
/// controller in requests, whether that is in the same process or not.</summary>
internal sealed class BrokerLifecycle(ControlMachine machine)
{
    private static readonly Duration ShutdownPatience = Duration.FromSeconds(5);

    private readonly Uuid _controllerIncarnation = machine.Prng.NextUuid();
    private readonly SortedSet<int> _ready = [];
    private readonly SortedSet<int> _stopped = [];
    private readonly SortedSet<Uuid> _offline = [];
    private Uuid _incarnation = machine.Prng.NextUuid();
    private long _epoch = -1;
    private long _epochBefore = -1;
    private bool _isReplicasReady;
    private bool _isUnfenced;
    private bool _isShutDownByOther;
    private bool _isStopping;
    private bool _areShardsStopping;
    private TimedTask? _heartbeat;

    /// <summary>The epoch the controller gave this incarnation; −1 before it has registered.</summary>
    public long Epoch => _epoch;

    public bool IsUnfenced => _isUnfenced;

    public bool IsStopping => _isStopping;

    public int OfflineDirectories => _offline.Count + machine.Options.BrokenDirectories.Count;

    public bool IsOffline(BootedDirectory directory) => _offline.Contains(directory.DirectoryId);

    public void Start()
    {
        ControllerRegistrationRequest controller = new()
        {
            ControllerId = machine.Options.NodeId,
            IncarnationId = _controllerIncarnation,
        };
        foreach (Config.Endpoint endpoint in machine.Options.Config.AdvertisedControllerListeners)
        {
            controller.Listeners.Add(new()
            {
                Name = endpoint.ListenerName,
                Host = HostOf(endpoint),
                Port = (ushort)endpoint.Port,
                SecurityProtocol = (short)endpoint.Protocol,
            });
        }

        foreach (SupportedFeature feature in SupportedFeatures.All)
            controller.Features.Add(new() { Name = feature.Name, MinSupportedVersion = feature.Min, MaxSupportedVersion = feature.Max });
        machine.Serve(ApiKey.ControllerRegistration, controller, 0, _ => { });
        Register();
    }

    public void OnImage(MetadataImage image)
    {
        if (_epoch < 0 || image.Cluster.Broker(machine.Options.NodeId) is not { } self || self.Epoch != _epoch) return;
        _isShutDownByOther = self.IsInControlledShutdown && !_isStopping;
        if (_isShutDownByOther) Heartbeat();
        if (_isUnfenced || self.IsFenced) return;
        _isUnfenced = true;
        machine.Options.Log.Server.Write(LogLevel.Info, $"broker {self.Id} is registered in epoch {_epoch} and unfenced");
        if (_epochBefore < 0) machine.Emit(NodeEffect.Ready);
    }

    public void OnReplicasReady(ReplicasReady ready)
    {
        if (_epoch < 0 || ready.ImageOffset < _epoch) return;
        _ready.Add(ready.Shard.Number);
        if (_isReplicasReady || _ready.Count < machine.Options.ShardCount) return;
        _isReplicasReady = true;
        machine.LogsAreOpen();
        Heartbeat();
    }

    public void OnDirectoryFailed(DirectoryFailed failed)
    {
        bool isNew = false;
        foreach (BootedDirectory directory in machine.Options.Directories)
            isNew |= directory.Path == failed.Path && _offline.Add(directory.DirectoryId);
        if (!isNew) return;
        machine.Options.Log.Log.Error($"log directory {failed.Path} is offline: {failed.Reason}");
        for (int i = 0; i < machine.Options.ShardCount; i++) machine.Post(MachineId.Shard(i), failed);
        if (_offline.Count == machine.Options.Directories.Count) machine.Halt($"all log directories have failed; last {failed.Path}: {failed.Reason}");
        else Heartbeat();
    }

    /// <summary>A clean end: leaders move away, logs close, checkpoints are written, then the mark of a clean end.</summary>
    public void Stop()
    {
        if (_isStopping) return;
        _isStopping = true;
        machine.Options.Log.Server.Write(LogLevel.Info, "stopping");
        if (_epoch < 0)
        {
            StopShards();
            return;
        }

        machine.After(ShutdownPatience, new TimedCall(_ => StopShards()));
        Heartbeat();
    }

    public void OnShardStopped(ShardStopped stopped)
    {
        machine.RememberCheckpoints(stopped);
        _stopped.Add(stopped.Shard.Number);
        if (_stopped.Count < machine.Options.ShardCount) return;
        // Logs that were not opened were not recovered either: their end is no cleaner than it was (KAFKA-13773).
        if (_isReplicasReady) machine.WriteCheckpoints(MarkClean);
        else machine.Quorum.Close();
    }

    public void MetadataLogClosed()
    {
        machine.Options.Log.Server.Write(LogLevel.Info, "stopped cleanly");
        machine.Emit(NodeEffect.Stopped);
    }

    private void Register()
    {
        if (_areShardsStopping) return;
        BrokerRegistrationRequest request = new()
        {
            BrokerId = machine.Options.NodeId,
            ClusterId = machine.Options.ClusterId,
            IncarnationId = _incarnation,
            Rack = machine.Options.Config.BrokerRack,
            PreviousBrokerEpoch = _epochBefore >= 0 ? _epochBefore : PreviousEpoch(),
        };
        // Those that are online: what the controller is not told of leads nothing.
        foreach (BootedDirectory directory in machine.Options.Directories)
            if (!IsOffline(directory)) request.LogDirs.Add(directory.DirectoryId);
        request.LogDirs.Sort();
        foreach (Config.Endpoint endpoint in machine.Options.Config.AdvertisedListeners)
        {
            request.Listeners.Add(new()
            {
                Name = endpoint.ListenerName,
                Host = HostOf(endpoint),
                Port = (ushort)endpoint.Port,
                SecurityProtocol = (short)endpoint.Protocol,
            });
        }

        foreach (SupportedFeature feature in SupportedFeatures.All)
            request.Features.Add(new() { Name = feature.Name, MinSupportedVersion = feature.Min, MaxSupportedVersion = feature.Max });
        machine.Serve(ApiKey.BrokerRegistration, request, 4, answer => OnRegistered((BrokerRegistrationResponse)answer));
    }

    private void OnRegistered(BrokerRegistrationResponse response)
    {
        string error = ((ErrorCode)response.ErrorCode).KafkaName();
        if (response.ErrorCode != 0 && _epochBefore < 0)
        {
            machine.Halt($"the controller refuses this broker: {error}");
            return;
        }

        if (response.ErrorCode != 0)
        {
            // Another broker has taken the id in the meantime; when it is silent for a session, this one is back.
            machine.Options.Log.Server.Warn($"the controller refuses this broker: {error}");
            machine.After(Duration.FromMs(machine.Options.Config.BrokerHeartbeatIntervalMs), new TimedCall(_ => Register()));
            return;
        }

        _epoch = response.BrokerEpoch;
        machine.Assignments.Registered();
        Heartbeat();
    }

    private void Heartbeat()
    {
        if (_epoch < 0 || _areShardsStopping) return;
        if (_heartbeat is not null) _heartbeat.IsCancelled = true;
        BrokerHeartbeatRequest request = new()
        {
            BrokerId = machine.Options.NodeId,
            BrokerEpoch = _epoch,
            CurrentMetadataOffset = machine.Image.Provenance.Offset,
            WantFence = !_isReplicasReady,
            WantShutDown = _isStopping,
            OfflineLogDirs = [.. _offline],
            CordonedLogDirs = [],
        };
        machine.Serve(ApiKey.BrokerHeartbeat, request, 2, answer => OnHeartbeat((BrokerHeartbeatResponse)answer, request.BrokerEpoch));
        if (_epoch < 0 || _areShardsStopping) return;
        // While something is awaited the next one follows soon.
        bool isWaiting = _isStopping || _isShutDownByOther || (_isReplicasReady && !_isUnfenced);
        _heartbeat = new TimedCall(_ => Heartbeat());
        machine.After(isWaiting ? Duration.FromMs(10) : Duration.FromMs(machine.Options.Config.BrokerHeartbeatIntervalMs), _heartbeat);
    }

    private void OnHeartbeat(BrokerHeartbeatResponse response, long epoch)
    {
        if (epoch != _epoch) return;
        bool isGone = response.ErrorCode == (short)ErrorCode.StaleBrokerEpoch;
        if (_isStopping && (isGone || response.ShouldShutDown)) StopShards();
        else if (isGone || _isShutDownByOther && response.ShouldShutDown) RegisterAgain();
    }

    /// <summary>Someone else has unregistered this broker, or asked for its shutdown. It runs and its logs are whole, so
    /// it comes back as a new incarnation; Apache Kafka's comes back when it is started again.</summary>
    private void RegisterAgain()
    {
        machine.Options.Log.Server.Warn($"the registration of this broker in epoch {_epoch} was ended by another; registering again");
        if (_heartbeat is not null) _heartbeat.IsCancelled = true;
        _epochBefore = _epoch;
        _epoch = -1;
        _isShutDownByOther = false;
        _isUnfenced = false;
        _incarnation = machine.Prng.NextUuid();
        Register();
    }

    private void StopShards()
    {
        if (_areShardsStopping) return;
        _areShardsStopping = true;
        if (_heartbeat is not null) _heartbeat.IsCancelled = true;
        for (int i = 0; i < machine.Options.ShardCount; i++) machine.Post(MachineId.Shard(i), new StopShard());
    }

    private void MarkClean()
    {
        // A directory that failed is looked through at the next start.
        List<BootedDirectory> clean = [.. machine.Options.Directories.Where(d => !IsOffline(d))];
        int left = clean.Count;
        foreach (BootedDirectory directory in clean)
        {
            WriteFileJob mark = new()
            {
                LogDirectory = directory.Path,
                Path = $"{directory.Path}/{LogFileNames.CleanShutdown}",
                Contents = CleanShutdownFile.Encode(_epoch),
            };
            mark.Owner = (Action<DiskOp>)(_ =>
            {
                if (--left == 0) machine.Quorum.Close();
            });
            machine.DiskOps.Add(mark);
        }
    }

    /// <summary>Vouches for a clean end only if every log directory says the same (KIP-966).</summary>
    private long PreviousEpoch()
    {
        if (machine.Options.BrokenDirectories.Count > 0) return -1;
        long epoch = machine.Options.Directories[0].PreviousBrokerEpoch;
        foreach (BootedDirectory directory in machine.Options.Directories)
            if (directory.PreviousBrokerEpoch != epoch) return -1;
        return epoch;
    }

    private static string HostOf(Config.Endpoint endpoint) => endpoint.Host is { Length: > 0 } host ? host : "localhost";
}
