using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Who leads and who is in sync: the changes that brokers coming, going and asking bring about.</summary>
internal sealed partial class ReplicationControl(ControllerContext context)
{
    /// <summary>A broker is gone or was told to be: nobody waits for it, and others lead.</summary>
    public void FenceBroker(BrokerRegistration broker, List<MetadataRecord> records)
    {
        Update(context.State.Index.WithIsrMember(broker.Id), records, remove: broker.Id);
        records.Add(Change(broker, r => r.Fenced = 1));
    }

    /// <summary>A broker is back: it may lead what nobody leads.</summary>
    public void UnfenceBroker(BrokerRegistration broker, List<MetadataRecord> records)
    {
        records.Add(Change(broker, r => r.Fenced = -1));
        Update(context.State.Index.Leaderless, records, add: broker.Id);
    }

    public void BeginControlledShutdown(BrokerRegistration broker, List<MetadataRecord> records)
    {
        if (!broker.IsInControlledShutdown) records.Add(Change(broker, r => r.InControlledShutdown = 1));
        Update(context.State.Index.WithIsrMember(broker.Id), records, remove: broker.Id);
    }

    public void UnregisterBroker(BrokerRegistration broker, List<MetadataRecord> records)
    {
        Update(context.State.Index.WithIsrMember(broker.Id), records, remove: broker.Id);
        Update(context.State.Index.WithElrMember(broker.Id), records, remove: broker.Id);
        records.Add(new MetadataRecord(
            new UnregisterBrokerRecord { BrokerId = broker.Id, BrokerEpoch = broker.Epoch }, 0));
    }

    /// <summary>A broker registers with a new incarnation. After an unclean end its log may lack what it had
    /// acknowledged, so it is no longer eligible; after a clean one it only leaves the ISR.</summary>
    public void HandleRestart(int broker, bool wasClean, List<MetadataRecord> records)
    {
        if (wasClean || !context.Version.IsElrSupported)
        {
            Update(context.State.Index.WithIsrMember(broker), records, remove: broker);
            return;
        }

        Update(context.State.Index.WithIsrMember(broker), records, unclean: broker);
        Update(context.State.Index.WithElrMember(broker), records, unclean: broker);
    }

    public void TakeDirectoriesOffline(BrokerRegistration broker, List<Uuid> offline, List<MetadataRecord> records)
    {
        List<Uuid> gone = [.. broker.Directories.Where(offline.Contains)];
        if (gone.Count == 0) return;
        List<TopicIdPartition> affected = [.. context.State.Index.WithIsrMember(broker.Id).Where(p =>
            context.Image.Topics.Partition(p) is { } partition && gone.Contains(partition.DirectoryOf(broker.Id)))];
        Update(affected, records, remove: broker.Id);
        var record = new BrokerRegistrationChangeRecord
        {
            BrokerId = broker.Id,
            BrokerEpoch = broker.Epoch,
            LogDirs = [.. broker.Directories.Where(d => !gone.Contains(d))],
        };
        records.Add(new MetadataRecord(record, 2));
    }

    public bool LeadsAnything(int broker) => context.State.Index.WithIsrMember(broker).Any(
        p => context.Image.Topics.Partition(p)?.Leader == broker);

    /// <summary>Elects the first replica where another leads and the first may.</summary>
    public void BalanceLeaders(int limit, List<MetadataRecord> records)
    {
        foreach (TopicIdPartition id in context.State.Index.Imbalanced)
        {
            if (records.Count >= limit) return;
            if (context.Image.Topics.Find(id.TopicId) is { } topic && topic.Partition(id.Partition) is { } partition)
                AddChange(Builder(topic, id, partition, ElectionKind.Preferred), records);
        }
    }

    /// <summary>Elects any live replica where nobody leads and the topic allows to lose records.</summary>
    public void ElectUnclean(int limit, List<MetadataRecord> records)
    {
        foreach (TopicIdPartition id in context.State.Index.Leaderless)
        {
            if (records.Count >= limit) return;
            if (context.Image.Topics.Find(id.TopicId) is { } topic && topic.Partition(id.Partition) is { } partition
                && context.IsUncleanElectionEnabled(topic.Name))
            {
                AddChange(Builder(topic, id, partition, ElectionKind.Unclean), records);
            }
        }
    }

    private static MetadataRecord Change(BrokerRegistration broker, Action<BrokerRegistrationChangeRecord> set)
    {
        var record = new BrokerRegistrationChangeRecord { BrokerId = broker.Id, BrokerEpoch = broker.Epoch };
        set(record);
        return new MetadataRecord(record, record.InControlledShutdown != 0 ? (short)1 : (short)0);
    }

    private static void AddChange(PartitionChangeBuilder builder, List<MetadataRecord> records)
    {
        if (builder.Build() is { } record) records.Add(record);
    }

    private PartitionChangeBuilder Builder(TopicImage topic, TopicIdPartition id, PartitionImage partition,
        ElectionKind election) =>
        new(id, partition, context.Image.Features, context.EffectiveMinIsr(topic), b => context.MayLead(partition, b))
        {
            Election = election,
            DefaultDirectory = context.DefaultDirectory,
        };

    private void Update(
        IEnumerable<TopicIdPartition> partitions,
        List<MetadataRecord> records,
        int remove = LeaderConstants.NoLeader,
        int add = LeaderConstants.NoLeader,
        int unclean = LeaderConstants.NoLeader)
    {
        foreach (TopicIdPartition id in partitions)
        {
            TopicImage? topic = context.Image.Topics.Find(id.TopicId);
            PartitionImage? partition = topic?.Partition(id.Partition);
            Verify.That(topic is not null && partition is not null);
            var builder = new PartitionChangeBuilder(
                id,
                partition,
                context.Image.Features,
                context.EffectiveMinIsr(topic),
                b => b != remove && b != unclean
                    && (b == add ? HasDirectory(partition, b) : context.MayLead(partition, b)))
            {
                Election = context.IsUncleanElectionEnabled(topic.Name) ? ElectionKind.Unclean : ElectionKind.Online,
                UncleanShutdownReplica = unclean,
                Isr = [.. partition.Isr.Where(r => r != remove && r != unclean)],
                DefaultDirectory = context.DefaultDirectory,
            };
            AddChange(builder, records);
        }
    }

    private bool HasDirectory(PartitionImage partition, int broker) =>
        context.Image.Cluster.Broker(broker) is { } registration
        && registration.HasOnlineDirectory(partition.DirectoryOf(broker));
}
