using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Where a node listens under one listener name.</summary>
public sealed record ListenerEndpoint(string Name, string Host, ushort Port, short SecurityProtocol);

/// <summary>The levels of a feature that a node supports.</summary>
public sealed record SupportedFeature(string Name, short Min, short Max);

/// <summary>A broker as it registered, with what has changed since.</summary>
public sealed record BrokerRegistration
{
    public required int Id { get; init; }

    public required long Epoch { get; init; }

    public required Uuid IncarnationId { get; init; }

    /// <summary>In the order of the record.</summary>
    public ImmutableArray<ListenerEndpoint> Listeners { get; init; } = [];

    /// <summary>In the order of the record.</summary>
    public ImmutableArray<SupportedFeature> Features { get; init; } = [];

    public string? Rack { get; init; }

    public bool IsFenced { get; init; }

    public bool IsInControlledShutdown { get; init; }

    public bool IsMigratingZkBroker { get; init; }

    /// <summary>Log directories that are online.</summary>
    public ImmutableArray<Uuid> Directories { get; init; } = [];

    /// <summary>Directories that take no new partitions (KIP-1066); default where the broker never said.</summary>
    public ImmutableArray<Uuid>? CordonedDirectories { get; init; }

    public bool IsActive => !IsFenced && !IsInControlledShutdown;

    public ListenerEndpoint? Listener(string name)
    {
        foreach (ListenerEndpoint endpoint in Listeners)
        {
            if (endpoint.Name == name) return endpoint;
        }

        return null;
    }

    public SupportedFeature? Feature(string name)
    {
        foreach (SupportedFeature feature in Features)
        {
            if (feature.Name == name) return feature;
        }

        return null;
    }

    public bool HasOnlineDirectory(Uuid directory) =>
        directory == DirectoryIds.Unassigned || directory == DirectoryIds.Migrating || Directories.Contains(directory);

    public static BrokerRegistration From(RegisterBrokerRecord record) => new()
    {
        Id = record.BrokerId,
        Epoch = record.BrokerEpoch,
        IncarnationId = record.IncarnationId,
        Listeners = [.. record.EndPoints.Select(e => new ListenerEndpoint(e.Name, e.Host, e.Port, e.SecurityProtocol))],
        Features = [.. record.Features.Select(f => new SupportedFeature(f.Name, f.MinSupportedVersion,
            f.MaxSupportedVersion))],
        Rack = record.Rack,
        IsFenced = record.Fenced,
        IsInControlledShutdown = record.InControlledShutdown,
        IsMigratingZkBroker = record.IsMigratingZkBroker,
        Directories = [.. record.LogDirs],
        CordonedDirectories = record.CordonedLogDirs is null ? null : [.. record.CordonedLogDirs],
    };

    public MetadataRecord ToRecord(MetadataVersion version)
    {
        var record = new RegisterBrokerRecord
        {
            BrokerId = Id,
            BrokerEpoch = Epoch,
            IncarnationId = IncarnationId,
            Rack = Rack,
            Fenced = IsFenced,
            InControlledShutdown = IsInControlledShutdown,
        };
        if (version.IsMigrationSupported) record.IsMigratingZkBroker = IsMigratingZkBroker;
        foreach (ListenerEndpoint e in Listeners)
        {
            record.EndPoints.Add(new RegisterBrokerRecord.BrokerEndpoint
            {
                Name = e.Name,
                Host = e.Host,
                Port = e.Port,
                SecurityProtocol = e.SecurityProtocol,
            });
        }

        foreach (SupportedFeature f in Features)
        {
            record.Features.Add(new RegisterBrokerRecord.BrokerFeature
            {
                Name = f.Name,
                MinSupportedVersion = f.Min,
                MaxSupportedVersion = f.Max,
            });
        }

        if (version.IsDirectoryAssignmentSupported) record.LogDirs = [.. Directories];
        if (version.AreCordonedLogDirsSupported && CordonedDirectories is { } cordoned)
            record.CordonedLogDirs = [.. cordoned];
        return new MetadataRecord(record, version.RegisterBrokerRecordVersion);
    }

    public bool Equals(BrokerRegistration? other) => other is not null
        && Id == other.Id && Epoch == other.Epoch && IncarnationId == other.IncarnationId && Rack == other.Rack
        && IsFenced == other.IsFenced && IsInControlledShutdown == other.IsInControlledShutdown
        && IsMigratingZkBroker == other.IsMigratingZkBroker
        && Listeners.AsSpan().SequenceEqual(other.Listeners.AsSpan())
        && Features.AsSpan().SequenceEqual(other.Features.AsSpan())
        && Directories.AsSpan().SequenceEqual(other.Directories.AsSpan())
        && CordonedDirectories.HasValue == other.CordonedDirectories.HasValue
        && (CordonedDirectories ?? []).AsSpan().SequenceEqual((other.CordonedDirectories ?? []).AsSpan());

    public override int GetHashCode() => Id;
}

/// <summary>A controller as it registered (KIP-919).</summary>
public sealed record ControllerRegistration(
    int Id,
    Uuid IncarnationId,
    bool IsZkMigrationReady,
    ImmutableArray<ListenerEndpoint> Listeners,
    ImmutableArray<SupportedFeature> Features)
{
    public static ControllerRegistration From(RegisterControllerRecord record) => new(
        record.ControllerId,
        record.IncarnationId,
        record.ZkMigrationReady,
        [.. record.EndPoints.Select(e => new ListenerEndpoint(e.Name, e.Host, e.Port, e.SecurityProtocol))],
        [.. record.Features.Select(f => new SupportedFeature(f.Name, f.MinSupportedVersion, f.MaxSupportedVersion))]);

    public MetadataRecord ToRecord()
    {
        var record = new RegisterControllerRecord
        {
            ControllerId = Id,
            IncarnationId = IncarnationId,
            ZkMigrationReady = IsZkMigrationReady,
        };
        foreach (ListenerEndpoint e in Listeners)
        {
            record.EndPoints.Add(new RegisterControllerRecord.ControllerEndpoint
            {
                Name = e.Name,
                Host = e.Host,
                Port = e.Port,
                SecurityProtocol = e.SecurityProtocol,
            });
        }

        foreach (SupportedFeature f in Features)
        {
            record.Features.Add(new RegisterControllerRecord.ControllerFeature
            {
                Name = f.Name,
                MinSupportedVersion = f.Min,
                MaxSupportedVersion = f.Max,
            });
        }

        return new MetadataRecord(record, 0);
    }

    public bool Equals(ControllerRegistration? other) => other is not null
        && Id == other.Id && IncarnationId == other.IncarnationId && IsZkMigrationReady == other.IsZkMigrationReady
        && Listeners.AsSpan().SequenceEqual(other.Listeners.AsSpan())
        && Features.AsSpan().SequenceEqual(other.Features.AsSpan());

    public override int GetHashCode() => Id;
}

/// <summary>Registered brokers and controllers, in the order of their ids.</summary>
public sealed record ClusterImage(
    ImmutableSortedDictionary<int, BrokerRegistration> Brokers,
    ImmutableSortedDictionary<int, ControllerRegistration> Controllers)
{
    public static readonly ClusterImage Empty = new(
        ImmutableSortedDictionary<int, BrokerRegistration>.Empty,
        ImmutableSortedDictionary<int, ControllerRegistration>.Empty);

    public BrokerRegistration? Broker(int id) => Brokers.GetValueOrDefault(id);

    public void WriteTo(List<MetadataRecord> records, MetadataVersion version)
    {
        foreach ((_, BrokerRegistration broker) in Brokers) records.Add(broker.ToRecord(version));
        if (!version.IsControllerRegistrationSupported) return;
        foreach ((_, ControllerRegistration controller) in Controllers) records.Add(controller.ToRecord());
    }

    public bool Equals(ClusterImage? other) =>
        other is not null && Brokers.SequenceEqual(other.Brokers) && Controllers.SequenceEqual(other.Controllers);

    public override int GetHashCode() => Brokers.Count;
}
