using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Registration, heartbeats and fencing of brokers; registration of controllers.</summary>
internal sealed class ClusterControl(ControllerContext context, ReplicationControl replication, string clusterId)
{
    public ControllerResult<BrokerRegistrationResponse> Register(BrokerRegistrationRequest request, Instant now)
    {
        if (CheckRegistration(request, now) is { } error)
            return new(new BrokerRegistrationResponse { ErrorCode = (short)error }, []);
        var records = new List<MetadataRecord>();
        BrokerRegistration? existing = context.Image.Cluster.Broker(request.BrokerId);
        bool isAmended = existing is not null && existing.IncarnationId == request.IncarnationId;
        if (!isAmended)
        {
            bool wasClean = existing is null || request.PreviousBrokerEpoch == existing.Epoch;
            replication.HandleRestart(request.BrokerId, wasClean, records);
        }

        var registration = new BrokerRegistration
        {
            Id = request.BrokerId,
            Epoch = isAmended ? existing!.Epoch : context.NextOffset,
            IncarnationId = request.IncarnationId,
            Listeners = [.. request.Listeners.Select(
                static l => new ListenerEndpoint(l.Name, l.Host, l.Port, l.SecurityProtocol))],
            Features = [.. request.Features.Select(
                static f => new SupportedFeature(f.Name, f.MinSupportedVersion, f.MaxSupportedVersion))],
            Rack = request.Rack,
            IsFenced = !isAmended || existing!.IsFenced,
            IsInControlledShutdown = isAmended && existing!.IsInControlledShutdown,
            Directories = [.. request.LogDirs],
        };
        records.Add(registration.ToRecord(context.Version));
        if (!isAmended) context.Sessions.Remove(request.BrokerId);
        context.Sessions.Touch(request.BrokerId, registration.IsFenced, -1, now);
        return new(new BrokerRegistrationResponse { BrokerEpoch = registration.Epoch }, records);
    }

    public ControllerResult<BrokerHeartbeatResponse> Heartbeat(BrokerHeartbeatRequest request, Instant now)
    {
        ControllerError stale = context.CheckBrokerEpoch(request.BrokerId, request.BrokerEpoch);
        if (stale.IsFailure) return new(new BrokerHeartbeatResponse { ErrorCode = stale.CodeNumber }, []);
        BrokerRegistration broker = context.Image.Cluster.Broker(request.BrokerId)!; // its epoch was just checked
        var records = new List<MetadataRecord>();
        (bool isFenced, bool isShuttingDown, bool mayStop) = Next(broker, request, records);
        context.Sessions.Touch(broker.Id, isFenced, request.CurrentMetadataOffset, now);
        if (isShuttingDown && !broker.IsInControlledShutdown)
            context.Sessions.BeginShutdown(broker.Id, context.NextOffset + records.Count - 1);
        if (context.Version.IsDirectoryAssignmentSupported)
            replication.TakeDirectoriesOffline(broker, request.OfflineLogDirs, records);
        if (context.Version.AreCordonedLogDirsSupported) Cordon(broker, request.CordonedLogDirs, records);
        var response = new BrokerHeartbeatResponse
        {
            IsCaughtUp = request.CurrentMetadataOffset >= broker.Epoch,
            IsFenced = isFenced,
            ShouldShutDown = mayStop,
        };
        return new(response, records, IsAtomic: false);
    }

    public ControllerResult<UnregisterBrokerResponse> Unregister(UnregisterBrokerRequest request)
    {
        var response = new UnregisterBrokerResponse();
        var records = new List<MetadataRecord>();
        if (context.Image.Cluster.Broker(request.BrokerId) is { } broker)
        {
            replication.UnregisterBroker(broker, records);
            context.Sessions.Remove(broker.Id);
        }
        else
        {
            response.ErrorCode = (short)ErrorCode.BrokerIdNotRegistered;
            response.ErrorMessage = $"Broker ID {request.BrokerId} is not currently registered";
        }

        return new(response, records, IsAtomic: false);
    }

    public ControllerResult<ControllerRegistrationResponse> RegisterController(ControllerRegistrationRequest request)
    {
        if (!context.Version.IsControllerRegistrationSupported)
        {
            return new(
                new ControllerRegistrationResponse
                {
                    ErrorCode = (short)ErrorCode.UnsupportedVersion,
                    ErrorMessage = "The current MetadataVersion is too old to support controller registrations.",
                },
                []);
        }

        var registration = new ControllerRegistration(
            request.ControllerId,
            request.IncarnationId,
            IsZkMigrationReady: false,
            [.. request.Listeners.Select(static l => new ListenerEndpoint(l.Name, l.Host, l.Port, l.SecurityProtocol))],
            [.. request.Features.Select(static f => new SupportedFeature(f.Name, f.MinSupportedVersion,
                f.MaxSupportedVersion))]);
        return new(new ControllerRegistrationResponse(), [registration.ToRecord()]);
    }

    public ControllerResult<UnregisterControllerResponse> UnregisterController(UnregisterControllerRequest request)
    {
        if (request.ControllerId == context.Options.NodeId)
        {
            // Only the active controller decides, and only controllers that are gone are to be forgotten.
            return new(
                new UnregisterControllerResponse
                {
                    ErrorCode = (short)ErrorCode.InvalidRequest,
                    ErrorMessage = $"Controller {request.ControllerId} is the active controller",
                },
                []);
        }

        if (context.Image.Cluster.Controllers.ContainsKey(request.ControllerId))
        {
            var record = new UnregisterControllerRecord { ControllerId = request.ControllerId };
            return new(new UnregisterControllerResponse(), [new MetadataRecord(record, 0)]);
        }

        var response = new UnregisterControllerResponse
        {
            ErrorCode = (short)ErrorCode.ControllerIdNotRegistered,
            ErrorMessage = $"Controller ID {request.ControllerId} is not currently registered",
        };
        return new(response, []);
    }

    /// <summary>Fences the broker that has been silent for longest, if its session is over; one at a time, so that the
    /// next decision sees what this one did.</summary>
    public ControllerResult<bool> FenceOneStale(Instant now)
    {
        var records = new List<MetadataRecord>();
        if (context.Sessions.FindStale(now) is not { } stale) return new(false, records);
        context.Sessions.Fence(stale);
        if (context.Image.Cluster.Broker(stale) is { IsFenced: false } broker) replication.FenceBroker(broker, records);
        return new(true, records, IsAtomic: false);
    }

    private ErrorCode? CheckRegistration(BrokerRegistrationRequest request, Instant now)
    {
        if (request.ClusterId != clusterId) return ErrorCode.InconsistentClusterId;
        BrokerRegistration? existing = context.Image.Cluster.Broker(request.BrokerId);
        if (existing is not null && existing.IncarnationId != request.IncarnationId
            && context.Sessions.IsAlive(request.BrokerId, now))
        {
            return ErrorCode.DuplicateBrokerRegistration;
        }

        if (request.IsMigratingZkBroker) return ErrorCode.BrokerIdNotRegistered;
        if (context.Version.IsDirectoryAssignmentSupported && !AreDirectoriesValid(request))
            return ErrorCode.InvalidRegistration;
        if (!request.Features.Exists(static f => f.Name == MetadataVersion.FeatureName)) return ErrorCode.InvalidRegistration;
        foreach ((string name, short level) in context.Image.Features.Finalized)
        {
            // What no broker registers, such as kraft.version in older ones, is only asked for when it is on.
            BrokerRegistrationRequest.Feature? feature = request.Features.Find(f => f.Name == name);
            short min = feature?.MinSupportedVersion ?? 0;
            short max = feature?.MaxSupportedVersion ?? 0;
            if (level < min || level > max) return ErrorCode.UnsupportedVersion;
        }

        return null;
    }

    private bool AreDirectoriesValid(BrokerRegistrationRequest request)
    {
        if (request.LogDirs.Count == 0 || request.LogDirs.Any(static d => d.IsReserved)) return false;
        if (new HashSet<Uuid>(request.LogDirs).Count != request.LogDirs.Count) return false;
        return !context.Image.Cluster.Brokers.Values.Any(
            b => b.Id != request.BrokerId && request.LogDirs.Any(d => b.Directories.Contains(d)));
    }

    /// <summary>What the heartbeat changes: the broker's states are fenced, unfenced, in controlled shutdown, and
    /// "stop".</summary>
    private (bool IsFenced, bool IsShuttingDown, bool MayStop) Next(
        BrokerRegistration broker, BrokerHeartbeatRequest request, List<MetadataRecord> records)
    {
        if (broker.IsFenced)
        {
            if (request.WantShutDown) return (true, false, true);
            // It may serve once it has read its own registration.
            if (request.WantFence || request.CurrentMetadataOffset < broker.Epoch) return (true, false, false);
            replication.UnfenceBroker(broker, records);
            return (false, false, false);
        }

        if (broker.IsInControlledShutdown)
        {
            if (replication.LeadsAnything(broker.Id) || !context.Sessions.MayShutDown(broker.Id))
                return (false, true, false);
            replication.FenceBroker(broker, records);
            return (true, false, true);
        }

        bool leads = request.WantShutDown && replication.LeadsAnything(broker.Id);
        if (!request.WantFence && !request.WantShutDown) return (false, false, false);
        if (!request.WantFence && leads)
        {
            replication.BeginControlledShutdown(broker, records);
            return (false, true, false);
        }

        replication.FenceBroker(broker, records);
        return (true, false, request.WantShutDown);
    }

    private void Cordon(BrokerRegistration broker, List<Uuid>? cordoned, List<MetadataRecord> records)
    {
        if (cordoned is null) return;
        if (broker.CordonedDirectories is { } old && new HashSet<Uuid>(old).SetEquals(cordoned)) return;
        var record = new BrokerRegistrationChangeRecord
        {
            BrokerId = broker.Id,
            BrokerEpoch = broker.Epoch,
            CordonedLogDirs = [.. cordoned],
        };
        records.Add(new MetadataRecord(record, 3));
    }
}
