using System.Text.Json.Nodes;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

/// <summary>The requests of the quorum's voters and observers, sent by a stranger.</summary>
internal static class QuorumScenarios
{
    private const string OtherId = "\"AAAAAAAAAAAAAAAAAAAAFQ\"";

    public static IEnumerable<Scenario> All() =>
    [
        new("quorum-vote", "Vote", (0, 2), run =>
        {
            var q = new Quorum(run);
            run.Ask(Vote(q, cluster: "\"other\""));
            run.Ask("""{"ClusterId":null,"VoterId":1,"Topics":[]}""");
            run.Ask(Vote(q, topic: "other"));
            run.Ask(Vote(q, partition: 1));
            run.Ask(Vote(q, lastEpoch: q.Epoch));
            run.Ask(Vote(q, lastEpoch: -1));
            run.Ask(Vote(q, lastOffset: -1));
            run.Ask(Vote(q, replica: -1));
            run.Ask(Vote(q, epoch: q.Epoch - 1));
            run.Ask(Vote(q, epoch: -1, lastEpoch: -2));
            run.Ask(Vote(q));
            run.Ask(Vote(q, cluster: "null"));
            run.Ask(Vote(q, replica: 1));
            run.Ask(Vote(q, lastOffset: long.MaxValue));
            run.Ask(Vote(q, voter: 7));
            run.Ask(Vote(q, voter: -1));
            run.Ask(Vote(q, voterDirectory: OtherId));
            run.Ask(Vote(q, lastOffset: long.MaxValue, isPreVote: true));
            run.Ask(Vote(q, lastEpoch: q.Epoch, lastOffset: long.MaxValue, isPreVote: true));
            run.Ask(Vote(q, epoch: q.Epoch - 1, isPreVote: true));
        })
        { IsOnController = true },
        new("quorum-begin-epoch", "BeginQuorumEpoch", (0, 1), run =>
        {
            var q = new Quorum(run);
            run.Ask(Begin(q, cluster: "\"other\""));
            run.Ask("""{"ClusterId":null,"VoterId":1,"Topics":[]}""");
            run.Ask(Begin(q, topic: "other"));
            run.Ask(Begin(q, partition: 1));
            run.Ask(Begin(q, epoch: q.Epoch - 1));
            run.Ask(Begin(q, epoch: -1));
            run.Ask(Begin(q, leader: -1));
            run.Ask(Begin(q, leader: 1));
            run.Ask(Begin(q, leader: 1, voter: 7));
            run.Ask(Begin(q, leader: 1, voter: -1));
            run.Ask(Begin(q, leader: 1, voterDirectory: OtherId));
        })
        { IsOnController = true },
        new("quorum-end-epoch", "EndQuorumEpoch", (0, 1), run =>
        {
            var q = new Quorum(run);
            run.Ask(End(q, cluster: "\"other\""));
            run.Ask("""{"ClusterId":null,"Topics":[]}""");
            run.Ask(End(q, topic: "other"));
            run.Ask(End(q, partition: 1));
            run.Ask(End(q, epoch: q.Epoch - 1));
            run.Ask(End(q, leader: -1));
            run.Ask(End(q, leader: 1));
        })
        { IsOnController = true },
        new("quorum-fetch", "Fetch", (4, 18), run =>
        {
            var q = new Quorum(run);
            run.Ask("Fetch", Fetch(q, cluster: "\"other\""), edit: WithoutTheLog);
            run.Ask("""{"ReplicaId":-1,"MaxWaitMs":0,"Topics":[]}""");
            run.Ask("Fetch", Fetch(q, topic: "other", topicId: OtherId), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, partition: 1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, offset: -1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, lastEpoch: -1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, lastEpoch: q.Epoch + 1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, maxWaitMs: -1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, epoch: q.Epoch - 1, lastEpoch: q.Epoch - 1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, epoch: q.Epoch + 1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, epoch: -1), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, offset: 1_000_000_000, lastEpoch: q.Epoch), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, offset: 1, lastEpoch: 0), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q), edit: WithoutTheLog);
            run.Ask("Fetch", Fetch(q, cluster: "null"), edit: WithoutTheLog);
        })
        { IsOnController = true },
        new("quorum-fetch-snapshot", "FetchSnapshot", (0, 1), run =>
        {
            var q = new Quorum(run);
            run.Ask(Snapshot(q, cluster: "\"other\""));
            run.Ask(Snapshot(q, topic: "other"));
            run.Ask(Snapshot(q, partition: 1));
            run.Ask(Snapshot(q, epoch: q.Epoch - 1));
            run.Ask(Snapshot(q, epoch: q.Epoch + 1));
            run.Ask(Snapshot(q));
            run.Ask(Snapshot(q, end: 0, snapshotEpoch: 0));
            run.Ask(Snapshot(q, position: -1));
        })
        { IsOnController = true },
        new("quorum-update-voter", "UpdateRaftVoter", (0, 0), run =>
        {
            var q = new Quorum(run);
            run.Ask(Update(q, cluster: "\"other\""));
            run.Ask(Update(q, epoch: q.Epoch - 1));
            run.Ask(Update(q, epoch: q.Epoch + 1));
            run.Ask(Update(q, voter: -1));
            run.Ask(Update(q, directory: Zero));
            run.Ask(Update(q, listener: "OTHER"));
            run.Ask(Update(q, min: -1));
            run.Ask(Update(q, min: 1, max: 0));
            run.Ask(Update(q, min: 0, max: 0));
            run.Ask(Update(q, voter: 7));
            run.Ask(Update(q, directory: OtherId));
        })
        { IsOnController = true },
        AddVoter("quorum-add-voter", isOnController: false),
        AddVoter("quorum-add-voter-controller", isOnController: true),
        RemoveVoter("quorum-remove-voter", isOnController: false),
        RemoveVoter("quorum-remove-voter-controller", isOnController: true),
        new("quorum-describe-controller", "DescribeQuorum", (0, 2), run =>
        {
            run.Ask("""{"Topics":[{"TopicName":"__cluster_metadata","Partitions":[{"PartitionIndex":1}]}]}""");
            run.Ask("""{"Topics":[{"TopicName":"other","Partitions":[{"PartitionIndex":0}]}]}""");
            run.Ask("""{"Topics":[]}""");
        })
        { IsOnController = true },
    ];

    private const string Zero = "\"AAAAAAAAAAAAAAAAAAAAAA\"";

    private static Scenario AddVoter(string name, bool isOnController) => new(name, "AddRaftVoter", (0, 1), run =>
    {
        var q = new Quorum(run);
        run.Ask(Add(q, cluster: "\"other\""));
        run.Ask(Add(q, voter: -1));
        run.Ask(Add(q, directory: Zero));
        run.Ask(Add(q, listener: "OTHER"));
        run.Ask(Add(q, voter: 1));
        run.Ask(Add(q, voter: 1, directory: q.Directory));
        // Nobody listens there.
        run.Ask(Add(q));
    })
    { IsOnController = isOnController };

    private static Scenario RemoveVoter(string name, bool isOnController) =>
        new(name, "RemoveRaftVoter", (0, 0), run =>
        {
            var q = new Quorum(run);
            string Remove(int voter, string directory, string? cluster = null) => $$"""
                {"ClusterId":{{cluster ?? q.Cluster}},"VoterId":{{voter}},"VoterDirectoryId":{{directory}}}
                """;
            run.Ask(Remove(7, OtherId, "\"other\""));
            run.Ask(Remove(-1, OtherId));
            run.Ask(Remove(7, Zero));
            run.Ask(Remove(7, OtherId));
            run.Ask(Remove(1, OtherId));
            run.Ask(Remove(1, q.Directory));
            run.Ask(Remove(1, q.Directory, "null"));
        })
        { IsOnController = isOnController };

    /// <summary>Records, epochs and offsets of the log are each server's own.</summary>
    private static void WithoutTheLog(JsonObject answer)
    {
        foreach (var topic in answer["Responses"]!.AsArray())
        {
            var partition = topic!["Partitions"]![0]!.AsObject();
            partition.Remove("Records");
            Hide(partition, "HighWatermark");
            Hide(partition["CurrentLeader"], "LeaderEpoch");
            Hide(partition["DivergingEpoch"], "Epoch");
            Hide(partition["DivergingEpoch"], "EndOffset");
        }

        static void Hide(JsonNode? of, string name)
        {
            if (of?[name] is { } number && (long)number > 0) of[name] = "<some>";
        }
    }

    private static string Vote(
        Quorum q, string? cluster = null, string topic = "__cluster_metadata", int partition = 0, int? epoch = null,
        int replica = 9, int voter = 1, string? voterDirectory = null, int lastEpoch = 0, long lastOffset = 1,
        bool isPreVote = false) => $$"""
        {"ClusterId":{{cluster ?? q.Cluster}},"VoterId":{{voter}},"Topics":[{"TopicName":"{{topic}}","Partitions":[
         {"PartitionIndex":{{partition}},"ReplicaEpoch":{{epoch ?? q.Epoch}},"ReplicaId":{{replica}},
          "ReplicaDirectoryId":{{OtherId}},"VoterDirectoryId":{{voterDirectory ?? q.Directory}},
          "LastOffsetEpoch":{{lastEpoch}},"LastOffset":{{lastOffset}},"PreVote":{{(isPreVote ? "true" : "false")}}}]}]}
        """;

    private static string Begin(
        Quorum q, string? cluster = null, string topic = "__cluster_metadata", int partition = 0, int? epoch = null,
        int leader = 9, int voter = 1, string? voterDirectory = null) => $$"""
        {"ClusterId":{{cluster ?? q.Cluster}},"VoterId":{{voter}},"Topics":[{"TopicName":"{{topic}}","Partitions":[
         {"PartitionIndex":{{partition}},"VoterDirectoryId":{{voterDirectory ?? q.Directory}},"LeaderId":{{leader}},
          "LeaderEpoch":{{epoch ?? q.Epoch}}}]}],"LeaderEndpoints":[]}
        """;

    private static string End(
        Quorum q, string? cluster = null, string topic = "__cluster_metadata", int partition = 0, int? epoch = null,
        int leader = 9) => $$"""
        {"ClusterId":{{cluster ?? q.Cluster}},"Topics":[{"TopicName":"{{topic}}","Partitions":[
         {"PartitionIndex":{{partition}},"LeaderId":{{leader}},"LeaderEpoch":{{epoch ?? q.Epoch}},
          "PreferredSuccessors":[1],"PreferredCandidates":[]}]}],"LeaderEndpoints":[]}
        """;

    private static string Fetch(
        Quorum q, string? cluster = null, string topic = "__cluster_metadata", string topicId = "\"AAAAAAAAAAAAAAAAAAAAAQ\"",
        int partition = 0, int? epoch = null, long offset = 0, int lastEpoch = 0, int maxWaitMs = 0) => $$"""
        {"ClusterId":{{cluster ?? q.Cluster}},"ReplicaId":-1,"ReplicaState":{"ReplicaId":-1,"ReplicaEpoch":-1},
         "MaxWaitMs":{{maxWaitMs}},"MinBytes":0,"MaxBytes":1000000,"Topics":[{"Topic":"{{topic}}","TopicId":{{topicId}},
         "Partitions":[{"Partition":{{partition}},"CurrentLeaderEpoch":{{epoch ?? q.Epoch}},"FetchOffset":{{offset}},
          "LastFetchedEpoch":{{lastEpoch}},"PartitionMaxBytes":1000000,"ReplicaDirectoryId":{{OtherId}},
          "HighWatermark":-1}]}]}
        """;

    private static string Snapshot(
        Quorum q, string? cluster = null, string topic = "__cluster_metadata", int partition = 0, int? epoch = null,
        long end = 999_999, int snapshotEpoch = 1, long position = 0) => $$"""
        {"ClusterId":{{cluster ?? q.Cluster}},"ReplicaId":9,"MaxBytes":1000,"Topics":[{"Name":"{{topic}}","Partitions":[
         {"Partition":{{partition}},"CurrentLeaderEpoch":{{epoch ?? q.Epoch}},
          "SnapshotId":{"EndOffset":{{end}},"Epoch":{{snapshotEpoch}} },"Position":{{position}}}]}]}
        """;

    private static string Update(
        Quorum q, string? cluster = null, int? epoch = null, int voter = 1, string? directory = null,
        string listener = "CONTROLLER", int min = 0, int max = 1) => $$"""
        {"ClusterId":{{cluster ?? q.Cluster}},"CurrentLeaderEpoch":{{epoch ?? q.Epoch}},"VoterId":{{voter}},
         "VoterDirectoryId":{{directory ?? q.Directory}},
         "Listeners":[{"Name":"{{listener}}","Host":"127.0.0.1","Port":{{q.ControllerPort}}}],
         "KRaftVersionFeature":{"MinSupportedVersion":{{min}},"MaxSupportedVersion":{{max}} } }
        """;

    private static string Add(
        Quorum q, string? cluster = null, int voter = 7, string directory = OtherId, string listener = "CONTROLLER") => $$"""
        {"ClusterId":{{cluster ?? q.Cluster}},"TimeoutMs":1000,"VoterId":{{voter}},"VoterDirectoryId":{{directory}},
         "Listeners":[{"Name":"{{listener}}","Host":"127.0.0.1","Port":1}],"AckWhenCommitted":true}
        """;

    /// <summary>What a peer knows of the quorum before it asks.</summary>
    private sealed class Quorum
    {
        public Quorum(ScenarioRun run)
        {
            var cluster = run.AskQuietly(
                "DescribeCluster", run.IsOnController ? """{"EndpointType":2}""" : """{"EndpointType":1}""", 1)!;
            Cluster = $"\"{cluster["ClusterId"]}\"";
            var answer = run.AskQuietly(
                "DescribeQuorum", """{"Topics":[{"TopicName":"__cluster_metadata","Partitions":[{"PartitionIndex":0}]}]}""", 2)!;
            var partition = answer["Topics"]![0]!["Partitions"]![0]!;
            Epoch = (int)partition["LeaderEpoch"]!;
            Directory = $"\"{partition["CurrentVoters"]![0]!["ReplicaDirectoryId"]}\"";
            ControllerPort = (int)answer["Nodes"]![0]!["Listeners"]![0]!["Port"]!;
        }

        /// <summary>As JSON text, as is <see cref="Directory"/>.</summary>
        public string Cluster { get; }

        public string Directory { get; }

        public int Epoch { get; }

        public int ControllerPort { get; }
    }
}
