using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Raft;
using Moldau.Records;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shell;

/// <summary>The folder of a metadata log with something of everything, made without a node.</summary>
internal sealed class MadeMetadata : IDisposable
{
    /// <summary>A value that nothing may print.</summary>
    public const string Secret = "hush-hush";

    public static readonly byte[] Salt = [.. Enumerable.Repeat((byte)0xa1, 16)];
    public static readonly byte[] StoredKey = [.. Enumerable.Repeat((byte)0xb2, 32)];
    public static readonly byte[] ServerKey = [.. Enumerable.Repeat((byte)0xc3, 32)];

    private static readonly Uuid _orders = new(0x1234, 0x5678);
    private static readonly Uuid _directory = new(0x77, 0x88);
    private static readonly OffsetAndEpoch _snapshotId = new(100, 3);

    private readonly ScratchFolder _scratch = new("metadata");

    /// <param name="hasMore">What Kafka's shell cannot show: a quota of the default user, levels of loggers, and
    /// properties of topics that it does not know.</param>
    /// <param name="log">What follows the snapshot; null: a change of a partition and a new topic.</param>
    public MadeMetadata(bool hasMore = false, IReadOnlyList<RaftBatch>? log = null)
    {
        Directory.CreateDirectory(Folder);
        VoterSet voters = StorageFormat.Standalone(new ReplicaKey(1, _directory), [new RaftEndpoint("CONTROLLER", "localhost", 9093)]);
        SnapshotContent content = new(1_700_000_000_500, 1, voters, [.. Records(hasMore).Select(Framed)]);
        File.WriteAllBytes(Snapshot, SnapshotFiles.Write(content, _snapshotId, 1_700_000_001_000));
        using FileStream segment = File.Create(Segment);
        foreach (RaftBatch batch in log ?? Log()) segment.Write(batch.Bytes.Span);
    }

    /// <summary>The log directory.</summary>
    public string Data => _scratch.FullPath;

    public string Folder => _scratch[StorageFormat.MetadataFolder];

    public string Snapshot => Path.Combine(Folder, SnapshotFiles.Name(_snapshotId));

    public string Segment => Path.Combine(Folder, "00000000000000000100.log");

    /// <summary>The batches behind the snapshot.</summary>
    public static List<RaftBatch> Log() =>
    [
        RaftBatch.OfControl([(ControlRecordType.LeaderChange, new LeaderChangeMessage { LeaderId = 1 })], 100, 4, 1_700_000_002_000),
        OfRecords(101, new PartitionChangeRecord { TopicId = _orders, PartitionId = 1, Leader = 2, Isr = [2] }),
        OfRecords(102, new TopicRecord { Name = "later", TopicId = new Uuid(0x9a, 0xbc) }),
    ];

    public static RaftBatch OfRecords(long offset, params ITypedRecord[] records) =>
        RaftBatch.OfValues([.. records.Select(r => Framed(new MetadataRecord(r, VersionOf(r))))], offset, 4, 1_700_000_003_250);

    public void Dispose() => _scratch.Dispose();

    private static byte[] Framed(MetadataRecord record) => MetadataRecords.Write(record);

    private static short VersionOf(ITypedRecord record) => record switch
    {
        PartitionRecord or PartitionChangeRecord => 2,
        RegisterBrokerRecord => 4,
        _ => 0,
    };

    private static IEnumerable<MetadataRecord> Records(bool hasMore)
    {
        List<ITypedRecord> records =
        [
            new FeatureLevelRecord { Name = "metadata.version", FeatureLevel = 33 },
            new FeatureLevelRecord { Name = "group.version", FeatureLevel = 1 },
            new ZkMigrationStateRecord { ZkMigrationState = 3 },
            Broker(),
            Controller(),
            new TopicRecord { Name = "orders", TopicId = _orders },
            Partition(0),
            Partition(1),
            Config(4, "", "log.retention.ms", "1000"),
            Config(4, "1", "ssl.keystore.password", Secret),
            Config(4, "1", "listener.name.external.ssl.key.password", Secret),
            Config(4, "1", "some.plugin.token", Secret),
            Config(2, "orders", "retention.ms", "5000"),
            Config(16, "m-1", "interval.ms", "60000"),
            Config(32, "billing", "consumer.session.timeout.ms", "50000"),
            Quota("producer_byte_rate", 10485760, ("user", "alice"), ("client-id", "a(b)")),
            Quota("request_percentage", 12.5, ("user", "bob/smith")),
            new ProducerIdsRecord { BrokerId = 1, BrokerEpoch = 7, NextProducerId = 2000 },
            new AccessControlEntryRecord
            {
                Id = new Uuid(0xac, 0x1),
                ResourceType = 6,
                ResourceName = "*",
                PatternType = 4,
                Principal = "User:alice",
                Host = "10.0.0.1",
                Operation = 12,
                PermissionType = 2,
            },
            Credential(1),
            Credential(2),
            new DelegationTokenRecord
            {
                Owner = "User:alice",
                Requester = "User:admin",
                Renewers = ["User:bob", "User:carol"],
                IssueTimestamp = 1_700_000_000_000,
                MaxTimestamp = 1_700_000_900_000,
                ExpirationTimestamp = 1_700_000_100_000,
                TokenId = "token-1",
            },
        ];
        if (hasMore)
        {
            records.AddRange(
                Quota("consumer_byte_rate", 1024, ("user", null)), Config(8, "1", "org.apache.kafka", "DEBUG"),
                Config(2, "orders", "some.plugin.token", Secret));
        }

        return records.Select(r => new MetadataRecord(r, VersionOf(r)));
    }

    private static RegisterBrokerRecord Broker()
    {
        RegisterBrokerRecord broker = new()
        {
            BrokerId = 1,
            BrokerEpoch = 7,
            IncarnationId = new Uuid(0xb, 0xc),
            Rack = "east",
            LogDirs = [new Uuid(0x99, 1), _directory],
            CordonedLogDirs = [_directory],
        };
        broker.EndPoints.Add(new RegisterBrokerRecord.BrokerEndpoint { Name = "PLAIN", Host = "localhost", Port = 9092, SecurityProtocol = 0 });
        broker.EndPoints.Add(new RegisterBrokerRecord.BrokerEndpoint { Name = "EXTERNAL", Host = "broker.example", Port = 9094, SecurityProtocol = 3 });
        broker.Features.Add(new RegisterBrokerRecord.BrokerFeature { Name = "metadata.version", MinSupportedVersion = 7, MaxSupportedVersion = 33 });
        broker.Features.Add(new RegisterBrokerRecord.BrokerFeature { Name = "group.version", MinSupportedVersion = 1, MaxSupportedVersion = 1 });
        return broker;
    }

    private static RegisterControllerRecord Controller()
    {
        RegisterControllerRecord controller = new() { ControllerId = 1, IncarnationId = new Uuid(0xd, 0xe) };
        controller.EndPoints.Add(new RegisterControllerRecord.ControllerEndpoint { Name = "CONTROLLER", Host = "localhost", Port = 9093 });
        controller.Features.Add(new RegisterControllerRecord.ControllerFeature { Name = "kraft.version", MaxSupportedVersion = short.MaxValue });
        return controller;
    }

    private static PartitionRecord Partition(int id) => new()
    {
        TopicId = _orders,
        PartitionId = id,
        Replicas = [1, 2],
        Isr = [1],
        Leader = id == 0 ? -1 : 1,
        LeaderRecoveryState = (sbyte)id,
        LeaderEpoch = 5,
        PartitionEpoch = 6,
        AddingReplicas = [2],
        Directories = [_directory, Uuid.Zero],
        EligibleLeaderReplicas = id == 0 ? [1] : null,
        LastKnownElr = id == 0 ? [2] : null,
    };

    private static ConfigRecord Config(sbyte type, string resource, string name, string value) =>
        new() { ResourceType = type, ResourceName = resource, Name = name, Value = value };

    private static UserScramCredentialRecord Credential(sbyte mechanism) => new()
    {
        Name = "alice",
        Mechanism = mechanism,
        Salt = Salt,
        StoredKey = StoredKey,
        ServerKey = ServerKey,
        Iterations = 4096 * mechanism,
    };

    private static ClientQuotaRecord Quota(string key, double value, params (string Type, string? Name)[] entity)
    {
        ClientQuotaRecord record = new() { Key = key, Value = value };
        foreach ((string type, string? name) in entity)
            record.Entity.Add(new ClientQuotaRecord.EntityData { EntityType = type, EntityName = name });
        return record;
    }
}
