using Moldau.Base;
using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Metadata.Tests;

/// <summary>A controller with a log that commits at once, and a clock that tests move.</summary>
internal sealed class TestController
{
    public const string ClusterId = "kVvUmlGHSTqOQ8iA7OTRkw";
    private long _nowMs = 1_000_000;

    public TestController(MetadataImage? image = null, bool commitsAtOnce = true,
        IReadOnlyList<MetadataRecord>? bootstrap = null)
    {
        CommitsAtOnce = commitsAtOnce;
        var options = new ControllerOptions
        {
            NodeId = 1,
            Schema = new TopicNamesOnlySchema(),
            BootstrapRecords = bootstrap
                ?? Bootstrap(MetadataVersion.Latest),
        };
        Controller = new QuorumController(options, ClusterId, new Prng(7));
        if (image is not null)
        {
            Assert.Null(Controller.LoadSnapshot(image.ToRecords(), image.Provenance));
            NextOffset = image.Provenance.Offset + 1;
        }

        Take(Controller.Activate(1, NextOffset, Now));
    }

    public QuorumController Controller { get; }

    public bool CommitsAtOnce { get; set; }

    public Instant Now => new(_nowMs * 1_000_000, _nowMs);

    public long NextOffset { get; private set; }

    public List<MetadataRecord> Log { get; } = [];

    public MetadataImage Image => Controller.Image;

    public static IReadOnlyList<MetadataRecord> Bootstrap(MetadataVersion version) =>
    [
        new(new FeatureLevelRecord { Name = MetadataVersion.FeatureName, FeatureLevel = version.Level }, 0),
        .. SupportedFeatures.DefaultsFor(version).Select(
            f => new MetadataRecord(new FeatureLevelRecord { Name = f.Name, FeatureLevel = f.Level }, 0)),
    ];

    public void Advance(long ms) => _nowMs += ms;

    public TResponse Ask<TResponse>(IMessage request, short version = 0)
        where TResponse : IResponse
    {
        ControllerOutcome? outcome = Controller.Handle(request, version, Now, NextOffset);
        Assert.NotNull(outcome);
        Take(outcome);
        return Assert.IsType<TResponse>(outcome.Response);
    }

    public void RunTimers()
    {
        while (Controller.Tick(Now, NextOffset) is { } outcome) Take(outcome);
    }

    public void Commit(long upTo) =>
        Assert.Null(Controller.Commit(new MetadataBatch(upTo, upTo, 1, 0, [])));

    /// <summary>Registers a broker with one directory and unfences it.</summary>
    public long AddBroker(int id, long previousEpoch = -1, string? rack = null, bool unfence = true)
    {
        var response = Ask<BrokerRegistrationResponse>(Registration(id, new Uuid(NextOffset + 1000, id), previousEpoch,
            rack), 4);
        Assert.Equal(0, response.ErrorCode);
        if (unfence) Heartbeat(id, response.BrokerEpoch);
        return response.BrokerEpoch;
    }

    public static BrokerRegistrationRequest Registration(int id, Uuid incarnation, long previousEpoch,
        string? rack = null)
    {
        var request = new BrokerRegistrationRequest
        {
            BrokerId = id,
            ClusterId = ClusterId,
            IncarnationId = incarnation,
            PreviousBrokerEpoch = previousEpoch,
            Rack = rack,
        };
        request.Listeners.Add(new BrokerRegistrationRequest.Listener
        {
            Name = "PLAINTEXT",
            Host = "localhost",
            Port = 9092
        });
        foreach (SupportedFeature f in SupportedFeatures.All)
        {
            request.Features.Add(new BrokerRegistrationRequest.Feature
            {
                Name = f.Name,
                MinSupportedVersion = f.Min,
                MaxSupportedVersion = f.Max,
            });
        }

        request.LogDirs = [new Uuid(500, id)];
        return request;
    }

    public BrokerHeartbeatResponse Heartbeat(int id, long epoch, bool wantFence = false, bool wantShutDown = false) =>
        Ask<BrokerHeartbeatResponse>(
            new BrokerHeartbeatRequest
            {
                BrokerId = id,
                BrokerEpoch = epoch,
                CurrentMetadataOffset = NextOffset - 1,
                WantFence = wantFence,
                WantShutDown = wantShutDown,
            },
            2);

    public CreateTopicsResponse.CreatableTopicResult CreateTopic(string name, int partitions = 1, short factor = 1)
    {
        var request = new CreateTopicsRequest();
        request.Topics.Add(new CreateTopicsRequest.CreatableTopic
        {
            Name = name,
            NumPartitions = partitions,
            ReplicationFactor = factor,
        });
        return Assert.Single(Ask<CreateTopicsResponse>(request, 7).Topics);
    }

    private void Take(ControllerOutcome outcome)
    {
        Assert.Equal(NextOffset + outcome.Records.Count - 1, outcome.WaitForOffset);
        // What is appended is what comes back from the log.
        foreach (MetadataRecord record in outcome.Records)
        {
            Assert.Equal(MetadataReadStatus.Ok,
                MetadataRecords.Read(MetadataRecords.Write(record), out MetadataRecord read));
            Log.Add(read);
        }

        NextOffset += outcome.Records.Count;
        if (CommitsAtOnce && outcome.Records.Count > 0) Commit(NextOffset - 1);
    }
}

/// <summary>A schema that knows two keys: enough to see that the controller asks.</summary>
internal sealed class TopicNamesOnlySchema : IConfigSchema
{
    public ControllerError Validate(
        ConfigResource resource, IReadOnlyDictionary<string, string> all, IReadOnlyDictionary<string, string> existing)
    {
        foreach (string name in all.Keys)
        {
            if (name
                is not ("retention.ms" or "cleanup.policy" or "min.insync.replicas" or "unclean.leader.election.enable"))
                return new ControllerError(ErrorCode.InvalidConfig, $"Unknown topic config name: {name}");
        }

        return ControllerError.None;
    }

    public bool IsList(ConfigResourceType type, string name) => name == "cleanup.policy";

    public string? Default(ConfigResourceType type, string name) => name == "cleanup.policy" ? "delete" : null;

    public IEnumerable<EffectiveConfig> EffectiveTopicConfigs(
        IReadOnlyDictionary<string, string> overrides, MetadataImage image, int nodeId) =>
        overrides.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => new EffectiveConfig(o.Key, o.Value, false, 1,
            false));
}
