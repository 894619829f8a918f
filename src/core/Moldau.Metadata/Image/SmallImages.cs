using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Finalized feature levels; a level of 0 is not kept.</summary>
public sealed record FeaturesImage(ImmutableSortedDictionary<string, short> Finalized, MetadataVersion Version,
    sbyte ZkMigrationState)
{
    public static readonly FeaturesImage Empty =
        new(ImmutableSortedDictionary.Create<string, short>(StringComparer.Ordinal), MetadataVersion.Minimum, 0);

    /// <summary>Whether the log has said what its metadata version is.</summary>
    public bool HasVersion => Finalized.ContainsKey(MetadataVersion.FeatureName);

    public short Level(string name) => Finalized.GetValueOrDefault(name);

    public bool IsElrEnabled => Version.IsElrSupported && Level(FeatureNames.EligibleLeaderReplicas) >= 1;

    public FeaturesImage With(string name, short level)
    {
        var finalized = level == 0 ? Finalized.Remove(name) : Finalized.SetItem(name, level);
        return new FeaturesImage(finalized, name == MetadataVersion.FeatureName ? new MetadataVersion(level) : Version,
            ZkMigrationState);
    }

    /// <summary>The metadata version goes first, because it decides how what follows is read.</summary>
    public void WriteTo(List<MetadataRecord> records)
    {
        if (HasVersion) records.Add(Record(MetadataVersion.FeatureName, Version.Level));
        foreach ((string name, short level) in Finalized)
        {
            if (name != MetadataVersion.FeatureName) records.Add(Record(name, level));
        }

        if (HasVersion && Version.IsMigrationSupported)
            records.Add(new MetadataRecord(new ZkMigrationStateRecord { ZkMigrationState = ZkMigrationState }, 0));
    }

    public bool Equals(FeaturesImage? other) => other is not null && Version == other.Version
        && ZkMigrationState == other.ZkMigrationState && Finalized.SequenceEqual(other.Finalized);

    public override int GetHashCode() => Version.Level;

    private static MetadataRecord Record(string name, short level) =>
        new(new FeatureLevelRecord { Name = name, FeatureLevel = level }, 0);
}

/// <summary>What a configuration belongs to. A broker with an empty name: the default of all brokers.</summary>
public readonly record struct ConfigResource(ConfigResourceType Type, string Name) : IComparable<ConfigResource>
{
    public static readonly ConfigResource ClusterDefault = new(ConfigResourceType.Broker, "");

    public static ConfigResource Topic(string name) => new(ConfigResourceType.Topic, name);

    public int CompareTo(ConfigResource other)
    {
        int type = Type.CompareTo(other.Type);
        return type != 0 ? type : string.CompareOrdinal(Name, other.Name);
    }
}

/// <summary>Dynamic configurations by resource and name. A resource without any is not there.</summary>
public sealed record ConfigurationsImage(
    ImmutableSortedDictionary<ConfigResource, ImmutableSortedDictionary<string, string>> ByResource)
{
    public static readonly ImmutableSortedDictionary<string, string> None =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public static readonly ConfigurationsImage Empty =
        new(ImmutableSortedDictionary<ConfigResource, ImmutableSortedDictionary<string, string>>.Empty);

    public ImmutableSortedDictionary<string, string> Of(ConfigResource resource) =>
        ByResource.GetValueOrDefault(resource, None);

    public string? Value(ConfigResource resource, string name) => Of(resource).GetValueOrDefault(name);

    public ConfigurationsImage With(ConfigResource resource, string name, string? value)
    {
        ImmutableSortedDictionary<string, string> configs = Of(resource);
        configs = value is null ? configs.Remove(name) : configs.SetItem(name, value);
        return new(configs.IsEmpty ? ByResource.Remove(resource) : ByResource.SetItem(resource, configs));
    }

    public ConfigurationsImage Without(ConfigResource resource) => new(ByResource.Remove(resource));

    public void WriteTo(List<MetadataRecord> records)
    {
        foreach ((ConfigResource resource, ImmutableSortedDictionary<string, string> configs) in ByResource)
        {
            foreach ((string name, string value) in configs) records.Add(Record(resource, name, value));
        }
    }

    public static MetadataRecord Record(ConfigResource resource, string name, string? value) => new(
        new ConfigRecord
        {
            ResourceType = (sbyte)resource.Type,
            ResourceName = resource.Name,
            Name = name,
            Value = value,
        },
        0);

    public bool Equals(ConfigurationsImage? other) =>
        other is not null && Sequences.Same(ByResource, other.ByResource, static (a, b) => a.SequenceEqual(b));

    public override int GetHashCode() => ByResource.Count;
}

/// <summary>Whom a quota is for: parts (type and name; null name: default), in the order of their types.</summary>
public sealed class ClientQuotaEntity : IComparable<ClientQuotaEntity>, IEquatable<ClientQuotaEntity>
{
    public ClientQuotaEntity(IEnumerable<(string Type, string? Name)> parts) =>
        Parts = [.. parts.OrderBy(static p => p.Type, StringComparer.Ordinal)];

    public ImmutableArray<(string Type, string? Name)> Parts { get; }

    public int CompareTo(ClientQuotaEntity? other)
    {
        if (other is null) return 1;
        for (int i = 0; i < Math.Min(Parts.Length, other.Parts.Length); i++)
        {
            int type = string.CompareOrdinal(Parts[i].Type, other.Parts[i].Type);
            if (type != 0) return type;
            int name = string.CompareOrdinal(Parts[i].Name, other.Parts[i].Name);
            if (name != 0) return name;
        }

        return Parts.Length.CompareTo(other.Parts.Length);
    }

    public bool Equals(ClientQuotaEntity? other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => Equals(obj as ClientQuotaEntity);

    public override int GetHashCode() => Parts.Length;
}

/// <summary>Quotas by entity and key.</summary>
public sealed record ClientQuotasImage(
    ImmutableSortedDictionary<ClientQuotaEntity, ImmutableSortedDictionary<string, double>> ByEntity)
{
    public static readonly ClientQuotasImage Empty =
        new(ImmutableSortedDictionary<ClientQuotaEntity, ImmutableSortedDictionary<string, double>>.Empty);

    public ClientQuotasImage With(ClientQuotaRecord record)
    {
        var entity = new ClientQuotaEntity(record.Entity.Select(static e => (e.EntityType, e.EntityName)));
        ImmutableSortedDictionary<string, double> quotas =
            ByEntity.GetValueOrDefault(entity, ImmutableSortedDictionary.Create<string,
                double>(StringComparer.Ordinal));
        quotas = record.Remove ? quotas.Remove(record.Key) : quotas.SetItem(record.Key, record.Value);
        return new(quotas.IsEmpty ? ByEntity.Remove(entity) : ByEntity.SetItem(entity, quotas));
    }

    public void WriteTo(List<MetadataRecord> records)
    {
        foreach ((ClientQuotaEntity entity, ImmutableSortedDictionary<string, double> quotas) in ByEntity)
        {
            foreach ((string key, double value) in quotas)
            {
                var record = new ClientQuotaRecord { Key = key, Value = value };
                foreach ((string type, string? name) in entity.Parts)
                    record.Entity.Add(new ClientQuotaRecord.EntityData { EntityType = type, EntityName = name });
                records.Add(new MetadataRecord(record, 0));
            }
        }
    }

    public bool Equals(ClientQuotasImage? other) =>
        other is not null && Sequences.Same(ByEntity, other.ByEntity, static (a, b) => a.SequenceEqual(b));

    public override int GetHashCode() => ByEntity.Count;
}

/// <summary>The mechanisms of SCRAM, as the records number them.</summary>
public readonly record struct ScramKey(string User, sbyte Mechanism) : IComparable<ScramKey>
{
    public int CompareTo(ScramKey other)
    {
        int mechanism = Mechanism.CompareTo(other.Mechanism);
        return mechanism != 0 ? mechanism : string.CompareOrdinal(User, other.User);
    }
}

/// <summary>Access rules, SCRAM credentials and delegation tokens: kept as the records that made them.</summary>
public sealed record SecurityImage(
    ImmutableSortedDictionary<Uuid, AccessControlEntryRecord> Acls,
    ImmutableSortedDictionary<ScramKey, UserScramCredentialRecord> Scram,
    ImmutableSortedDictionary<string, DelegationTokenRecord> Tokens)
{
    public static readonly SecurityImage Empty = new(
        ImmutableSortedDictionary<Uuid, AccessControlEntryRecord>.Empty,
        ImmutableSortedDictionary<ScramKey, UserScramCredentialRecord>.Empty,
        ImmutableSortedDictionary.Create<string, DelegationTokenRecord>(StringComparer.Ordinal));

    public void WriteTo(List<MetadataRecord> records)
    {
        foreach ((_, AccessControlEntryRecord acl) in Acls) records.Add(new MetadataRecord(acl, 0));
        foreach ((_, UserScramCredentialRecord credential) in Scram) records.Add(new MetadataRecord(credential, 0));
        foreach ((_, DelegationTokenRecord token) in Tokens) records.Add(new MetadataRecord(token, 0));
    }

    public bool Equals(SecurityImage? other)
    {
        if (other is null) return false;
        if (ReferenceEquals(this, other)) return true;
        List<MetadataRecord> left = [];
        List<MetadataRecord> right = [];
        WriteTo(left);
        other.WriteTo(right);
        return left.Count == right.Count && left.Zip(right).All(static pair =>
            MetadataRecords.Write(pair.First).AsSpan().SequenceEqual(MetadataRecords.Write(pair.Second)));
    }

    public override int GetHashCode() => Acls.Count;
}

internal static class Sequences
{
    public static bool Same<TKey, TValue>(
        ImmutableSortedDictionary<TKey, TValue> left, ImmutableSortedDictionary<TKey, TValue> right, Func<TValue,
            TValue, bool> same)
        where TKey : notnull
    {
        if (ReferenceEquals(left, right)) return true;
        if (left.Count != right.Count) return false;
        foreach ((KeyValuePair<TKey, TValue> a, KeyValuePair<TKey, TValue> b) in left.Zip(right))
        {
            if (left.KeyComparer.Compare(a.Key, b.Key) != 0 || !same(a.Value, b.Value)) return false;
        }

        return true;
    }
}
