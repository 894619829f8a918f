using System.Text.Json.Nodes;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

/// <summary>Registration, heartbeats and features, as a broker or an administrator that nobody knows sends them.</summary>
internal static class LifecycleScenarios
{
    private const string Features = """
        [{"Name":"metadata.version","MinSupportedVersion":7,"MaxSupportedVersion":33},
         {"Name":"kraft.version","MinSupportedVersion":0,"MaxSupportedVersion":1},
         {"Name":"group.version","MinSupportedVersion":0,"MaxSupportedVersion":1},
         {"Name":"transaction.version","MinSupportedVersion":0,"MaxSupportedVersion":2},
         {"Name":"eligible.leader.replicas.version","MinSupportedVersion":0,"MaxSupportedVersion":1},
         {"Name":"share.version","MinSupportedVersion":0,"MaxSupportedVersion":2},
         {"Name":"streams.version","MinSupportedVersion":0,"MaxSupportedVersion":1}]
        """;

    public static IEnumerable<Scenario> All() =>
    [
        new("broker-registration", "BrokerRegistration", (2, 4), run =>
        {
            var cluster = ClusterOf(run);
            run.Ask(Register(7, "other", 1, 1));
            run.Ask(Register(7, cluster, 1, 1, isZk: true));
            run.Ask(Register(7, cluster, 1, 0));
            run.Ask(Register(7, cluster, 1, 1, features: "[]"));
            run.Ask(Register(7, cluster, 1, 1, features: Features.Replace("\"MaxSupportedVersion\":33", "\"MaxSupportedVersion\":32")));
            // The broker of this node is alive.
            run.Ask(Register(1, cluster, 1, 1));
            run.Ask(Register(1, cluster, 1, 1, previousEpoch: 5));
            run.Ask(Register(7, cluster, 1, 1));
            run.Ask(Register(7, cluster, 1, 1));
            run.Ask(Register(7, cluster, 2, 1));
            run.Ask(Register(8, cluster, 3, 1));
            run.Ask("UnregisterBroker", """{"BrokerId":7}""");
            run.Ask("UnregisterBroker", """{"BrokerId":8}""");
        })
        { IsOnController = true },
        new("broker-heartbeat", "BrokerHeartbeat", (0, 2), run =>
        {
            run.Ask(Heartbeat(1, -1));
            run.Ask(Heartbeat(1, 0));
            run.Ask(Heartbeat(1, 1_000_000));
            run.Ask(Heartbeat(7, 0));
            var cluster = ClusterOf(run);
            var epoch = (long)run.AskQuietly("BrokerRegistration", Register(7, cluster, 1, 1), 4)!["BrokerEpoch"]!;
            run.Ask(Heartbeat(7, epoch - 1));
            run.Ask(Heartbeat(7, epoch, offset: 0));
            run.Ask(Heartbeat(7, epoch, offset: epoch));
            run.Ask(Heartbeat(7, epoch, offset: epoch, wantFence: false));
            run.Ask(Heartbeat(7, epoch, offset: epoch, wantFence: false));
            run.Ask("BrokerRegistration", Register(7, cluster, 2, 1), version: 4);
            run.Ask(Heartbeat(7, epoch, offset: epoch, wantFence: true));
            run.Ask(Heartbeat(7, epoch, offset: epoch, wantFence: false));
            run.Ask(Heartbeat(7, epoch, offset: epoch, wantFence: false, wantShutDown: true));
            run.Ask(Heartbeat(7, epoch, offset: epoch, wantFence: false, wantShutDown: true));
            run.Ask("UnregisterBroker", """{"BrokerId":7}""");
            run.Ask(Heartbeat(7, epoch, offset: epoch));
        })
        { IsOnController = true },
        Unregister("unregister-broker", isOnController: false),
        Unregister("unregister-broker-controller", isOnController: true),
        Controllers("unregister-controller", isOnController: false),
        Controllers("unregister-controller-controller", isOnController: true),
        new("controller-registration", "ControllerRegistration", (0, 0), run =>
        {
            run.Ask("""{"ControllerId":9,"IncarnationId":"AAAAAAAAAAAAAAAAAAAAFQ","Listeners":[],"Features":[]}""");
            run.Ask("UnregisterController", """{"ControllerId":9}""");
        })
        { IsOnController = true },
        new("allocate-producer-ids", "AllocateProducerIds", (0, 0), run =>
        {
            run.Ask("""{"BrokerId":1,"BrokerEpoch":-5}""");
            run.Ask("""{"BrokerId":7,"BrokerEpoch":1}""");
        })
        { IsOnController = true },
        new("assign-replicas-to-dirs", "AssignReplicasToDirs", (0, 0), run =>
        {
            run.Ask("""{"BrokerId":1,"BrokerEpoch":-5,"Directories":[]}""");
            run.Ask("""{"BrokerId":7,"BrokerEpoch":1,"Directories":[]}""");
        })
        { IsOnController = true },
        new("alter-partition", "AlterPartition", (2, 3), run =>
        {
            run.Ask("""{"BrokerId":1,"BrokerEpoch":-5,"Topics":[]}""");
            run.Ask("""{"BrokerId":7,"BrokerEpoch":1,"Topics":[]}""");
        })
        { IsOnController = true },
        Updates("update-features", isOnController: false),
        Updates("update-features-controller", isOnController: true),
        Elect("elect-leaders", isOnController: false),
        Elect("elect-leaders-controller", isOnController: true),
        Reassign("alter-reassignments", isOnController: false),
        Reassign("alter-reassignments-controller", isOnController: true),
        ListReassignments("list-reassignments", isOnController: false),
        ListReassignments("list-reassignments-controller", isOnController: true),
    ];

    private static string ClusterOf(ScenarioRun run) =>
        (string)run.AskQuietly("DescribeCluster", """{"EndpointType":2}""", 1)!["ClusterId"]!;

    private static string Register(
        int broker, string cluster, int incarnation, int directories, bool isZk = false, string features = Features,
        long previousEpoch = -1)
    {
        var dirs = string.Join(',', Enumerable.Range(0, directories).Select(_ => "\"" + Convert.ToBase64String(
            [.. Enumerable.Repeat((byte)(64 + broker), 16)]).TrimEnd('=').Replace('+', '-').Replace('/', '_') + "\""));
        return $$"""
            {"BrokerId":{{broker}},"ClusterId":"{{cluster}}",
             "IncarnationId":"{{Convert.ToBase64String([.. Enumerable.Repeat((byte)incarnation, 16)]).TrimEnd('=')}}",
             "Listeners":[{"Name":"PLAINTEXT","Host":"127.0.0.1","Port":1,"SecurityProtocol":0}],
             "Features":{{features}},"Rack":null,"IsMigratingZkBroker":{{(isZk ? "true" : "false")}},
             "LogDirs":[{{dirs}}],"PreviousBrokerEpoch":{{previousEpoch}}}
            """;
    }

    private static string Heartbeat(
        int broker, long epoch, long offset = 0, bool wantFence = true, bool wantShutDown = false) => $$"""
        {"BrokerId":{{broker}},"BrokerEpoch":{{epoch}},"CurrentMetadataOffset":{{offset}},
         "WantFence":{{(wantFence ? "true" : "false")}},"WantShutDown":{{(wantShutDown ? "true" : "false")}},
         "OfflineLogDirs":[],"CordonedLogDirs":[]}
        """;

    private static Scenario Unregister(string name, bool isOnController) => new(name, "UnregisterBroker", (0, 0), run =>
    {
        run.Ask("""{"BrokerId":99}""");
        run.Ask("""{"BrokerId":-1}""");
    })
    { IsOnController = isOnController };

    private static Scenario Controllers(string name, bool isOnController) =>
        new(name, "UnregisterController", (0, 0), run =>
        {
            run.Ask("""{"ControllerId":99}""");
            run.Ask("""{"ControllerId":-1}""");
            run.Ask("""{"ControllerId":1}""");
        })
        { IsOnController = isOnController };

    private static Scenario Updates(string name, bool isOnController) => new(name, "UpdateFeatures", (0, 2), run =>
    {
        void Update(string feature, int level, int type = 1, bool validateOnly = false) => run.Ask($$"""
            {"timeoutMs":10000,"FeatureUpdates":[{"Feature":"{{feature}}","MaxVersionLevel":{{level}},
             "AllowDowngrade":{{(type == 1 ? "false" : "true")}},"UpgradeType":{{type}}}],
             "ValidateOnly":{{(validateOnly ? "true" : "false")}}}
            """);
        run.Ask("""{"timeoutMs":10000,"FeatureUpdates":[],"ValidateOnly":false}""");
        foreach (var isDry in run.Version == 0 ? new[] { false } : [true, false])
        {
            Update("kraft.version", 1, validateOnly: isDry);
            Update("kraft.version", 2, validateOnly: isDry);
            Update("kraft.version", -1, validateOnly: isDry);
            Update("kraft.version", 0, validateOnly: isDry);
            Update("kraft.version", 0, 2, isDry);
            Update("kraft.version", 0, 3, isDry);
            Update("kraft.version", 1, 2, isDry);
            Update("kraft.version", 1, 0, isDry);
            Update("metadata.version", 33, validateOnly: isDry);
            Update("metadata.version", 34, validateOnly: isDry);
            Update("metadata.version", 6, 2, isDry);
            Update("metadata.version", 32, validateOnly: isDry);
            Update("metadata.version", 32, 2, isDry);
            Update("metadata.version", 32, 3, isDry);
            Update("group.version", 2, validateOnly: isDry);
            Update("group.version", 0, validateOnly: isDry);
            Update("group.version", 1, 0, isDry);
            Update("group.version", 1, 9, isDry);
            Update("no.such.feature", 1, validateOnly: isDry);
            Update("no.such.feature", 0, 2, isDry);
        }

        run.Ask("""
            {"timeoutMs":10000,"FeatureUpdates":[
             {"Feature":"kraft.version","MaxVersionLevel":1,"AllowDowngrade":false,"UpgradeType":1},
             {"Feature":"group.version","MaxVersionLevel":9,"AllowDowngrade":false,"UpgradeType":1}],"ValidateOnly":false}
            """);
    })
    { IsOnController = isOnController };

    private static Scenario Elect(string name, bool isOnController) => new(name, "ElectLeaders", (0, 2), run =>
    {
        void Ask(int type, string topics) =>
            run.Ask($$"""{"ElectionType":{{type}},"TopicPartitions":{{topics}},"TimeoutMs":10000}""");
        Create(run);
        Ask(0, """[{"Topic":"$name","Partitions":[0,7]}]""");
        Ask(1, """[{"Topic":"$name","Partitions":[0]}]""");
        Ask(2, """[{"Topic":"$name","Partitions":[0]}]""");
        Ask(0, """[{"Topic":"$name-unknown","Partitions":[0]}]""");
        Ask(0, """[{"Topic":"$name","Partitions":[]}]""");
        Ask(0, "[]");
        run.AskForOwn(
            """{"ElectionType":0,"TopicPartitions":null,"TimeoutMs":10000}""", "ReplicaElectionResults", "Topic");
    })
    { IsOnController = isOnController };

    private static Scenario Reassign(string name, bool isOnController) =>
        new(name, "AlterPartitionReassignments", (0, 1), run =>
        {
            void Ask(string topic, string replicas, int partition = 0) => run.Ask($$"""
                {"TimeoutMs":10000,"AllowReplicationFactorChange":true,"Topics":[{"Name":"{{topic}}","Partitions":[
                 {"PartitionIndex":{{partition}},"Replicas":{{replicas}}}]}]}
                """);
            Create(run);
            Ask("$name", "[1]");
            Ask("$name", "[1,2]");
            Ask("$name", "[1,1]");
            Ask("$name", "[-1]");
            Ask("$name", "[]");
            Ask("$name", "null");
            Ask("$name", "[1]", 7);
            Ask("$name-unknown", "[1]");
            run.Ask("""{"TimeoutMs":10000,"Topics":[]}""");
        })
        { IsOnController = isOnController };

    private static Scenario ListReassignments(string name, bool isOnController) =>
        new(name, "ListPartitionReassignments", (0, 0), run =>
        {
            Create(run);
            run.Ask("""{"TimeoutMs":10000,"Topics":[{"Name":"$name","PartitionIndexes":[0,7]}]}""");
            run.Ask("""{"TimeoutMs":10000,"Topics":[{"Name":"$name-unknown","PartitionIndexes":[0]}]}""");
            run.Ask("""{"TimeoutMs":10000,"Topics":[]}""");
            run.Ask("""{"TimeoutMs":10000,"Topics":null}""");
        })
        { IsOnController = isOnController };

    /// <summary>Both listeners make topics.</summary>
    private static void Create(ScenarioRun run) => run.AskQuietly("CreateTopics", """
        {"Topics":[{"Name":"$name","NumPartitions":1,"ReplicationFactor":1,"Assignments":[],"Configs":[]}],"TimeoutMs":30000}
        """, 7);
}
