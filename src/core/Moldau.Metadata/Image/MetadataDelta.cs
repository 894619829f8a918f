using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Records applied to an image, which does not change: <see cref="Apply"/> gives the next one, which shares
/// all
/// that is the same. Also says what changed, so that a reader need not compare images. A record that does not fit (an
/// unknown topic, a wrong broker epoch) means a damaged log: <see cref="Replay"/> says so and changes
/// nothing.</summary>
public sealed partial class MetadataDelta(MetadataImage image)
{
    private readonly Dictionary<Uuid, TopicBuilder> _topics = [];
    private readonly SortedSet<ConfigResource> _changedConfigs = [];
    private readonly SortedSet<int> _changedBrokers = [];
    private TopicsImage _topicsBase = image.Topics;
    private FeaturesImage _features = image.Features;
    private ClusterImage _cluster = image.Cluster;
    private ConfigurationsImage _configs = image.Configs;
    private ClientQuotasImage _quotas = image.ClientQuotas;
    private SecurityImage _security = image.Security;
    private long _nextProducerId = image.NextProducerId;
    private int _transactionRecords;

    /// <summary>What the delta began with.</summary>
    public MetadataImage Image { get; } = image;

    /// <summary>Resources whose configuration changed, topics that were deleted included.</summary>
    public IReadOnlyCollection<ConfigResource> ChangedConfigs => _changedConfigs;

    public IReadOnlyCollection<int> ChangedBrokers => _changedBrokers;

    public bool AreFeaturesChanged => !ReferenceEquals(_features, Image.Features);

    public bool AreQuotasChanged => !ReferenceEquals(_quotas, Image.ClientQuotas);

    public bool IsSecurityChanged => !ReferenceEquals(_security, Image.Security);

    /// <summary>Topics with new or changed partitions, in the order in which they were first touched.</summary>
    public IEnumerable<Uuid> ChangedTopics => _topics.Where(static t => !t.Value.IsDeleted).Select(static t => t.Key);

    /// <summary>Topics of the old image that are gone.</summary>
    public IEnumerable<TopicImage> DeletedTopics =>
        _topics.Where(static t => t.Value is { IsDeleted: true, Old: not null }).Select(static t => t.Value.Old!);

    /// <summary>Whether a metadata transaction (KIP-868) is open: the image must not be published.</summary>
    public bool IsInTransaction { get; private set; }

    /// <summary>Applies one record; null, or why it cannot be applied.</summary>
    public string? Replay(in MetadataRecord record)
    {
        if (IsInTransaction) _transactionRecords++;
        switch (record.Message)
        {
            case TopicRecord r: return ReplayTopic(r);
            case PartitionRecord r: return ReplayPartition(r);
            case PartitionChangeRecord r: return ReplayPartitionChange(r);
            case RemoveTopicRecord r: return ReplayRemoveTopic(r);
            case ClearElrRecord r: return ReplayClearElr(r);
            case RegisterBrokerRecord or UnregisterBrokerRecord or FenceBrokerRecord or UnfenceBrokerRecord
                or BrokerRegistrationChangeRecord or RegisterControllerRecord or UnregisterControllerRecord:
                return ReplayCluster(record.Message);
            case ConfigRecord r:
                var resource = new ConfigResource((ConfigResourceType)r.ResourceType, r.ResourceName);
                _changedConfigs.Add(resource);
                _configs = _configs.With(resource, r.Name, r.Value);
                return null;
            case FeatureLevelRecord r:
                _features = _features.With(r.Name, r.FeatureLevel);
                return null;
            case ZkMigrationStateRecord r:
                _features = _features with { ZkMigrationState = r.ZkMigrationState };
                return null;
            case ClientQuotaRecord r:
                _quotas = _quotas.With(r);
                return null;
            case ProducerIdsRecord r:
                _nextProducerId = r.NextProducerId;
                return null;
            case NoOpRecord:
                return null;
            case BeginTransactionRecord or EndTransactionRecord or AbortTransactionRecord:
                return ReplayTransaction(record.Message);
            default:
                return ReplaySecurity(record.Message);
        }
    }

    /// <summary>The image after all records so far.</summary>
    public MetadataImage Apply(MetadataProvenance provenance) => Image with
    {
        Provenance = provenance,
        Features = _features,
        Cluster = _cluster,
        Topics = ApplyTopics(),
        Configs = _configs,
        ClientQuotas = _quotas,
        NextProducerId = _nextProducerId,
        Security = _security,
    };

    private string? ReplayTransaction(ITypedRecord record)
    {
        switch (record)
        {
            case BeginTransactionRecord when IsInTransaction:
                return "a metadata transaction begins within another";
            case BeginTransactionRecord:
                IsInTransaction = true;
                _transactionRecords = 0;
                return null;
            case EndTransactionRecord or AbortTransactionRecord when !IsInTransaction:
                return "a metadata transaction ends that did not begin";
            case EndTransactionRecord:
                IsInTransaction = false;
                return null;
            default:
                // The loader gives each transaction a delta of its own, so an abort drops all that the delta holds.
                IsInTransaction = false;
                Reset();
                return null;
        }
    }

    private void Reset()
    {
        _topics.Clear();
        _changedConfigs.Clear();
        _changedBrokers.Clear();
        _topicsBase = Image.Topics;
        _features = Image.Features;
        _cluster = Image.Cluster;
        _configs = Image.Configs;
        _quotas = Image.ClientQuotas;
        _security = Image.Security;
        _nextProducerId = Image.NextProducerId;
    }

    private string? ReplaySecurity(ITypedRecord record)
    {
        switch (record)
        {
            case AccessControlEntryRecord r:
                _security = _security with { Acls = _security.Acls.SetItem(r.Id, r) };
                return null;
            case RemoveAccessControlEntryRecord r:
                if (!_security.Acls.ContainsKey(r.Id)) return $"no access rule {r.Id} to remove";
                _security = _security with { Acls = _security.Acls.Remove(r.Id) };
                return null;
            case UserScramCredentialRecord r:
                _security = _security with { Scram = _security.Scram.SetItem(new ScramKey(r.Name, r.Mechanism), r) };
                return null;
            case RemoveUserScramCredentialRecord r:
                var key = new ScramKey(r.Name, r.Mechanism);
                if (!_security.Scram.ContainsKey(key)) return $"no credential of {r.Name} to remove";
                _security = _security with { Scram = _security.Scram.Remove(key) };
                return null;
            case DelegationTokenRecord r:
                _security = _security with { Tokens = _security.Tokens.SetItem(r.TokenId, r) };
                return null;
            case RemoveDelegationTokenRecord r:
                _security = _security with { Tokens = _security.Tokens.Remove(r.TokenId) };
                return null;
            default:
                return $"record type {record.TypeId} is not known";
        }
    }
}
