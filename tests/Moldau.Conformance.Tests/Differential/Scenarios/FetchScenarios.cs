using System.Text.Json.Nodes;
using Moldau.TestServers.Wire;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

internal static class FetchScenarios
{
    public static IEnumerable<Scenario> All() =>
    [
        new("fetch", "Fetch", (4, 18), run =>
        {
            var id = run.CreateTopic(partitions: 2);
            run.Produce("", new BatchShape { Values = ["a", "b"] }, new BatchShape { Values = ["c"] });
            foreach (var offset in new long[] { 0, 1, 2, 3, 4, -1, -2, long.MaxValue })
                run.Ask(Body(run.Name, 0, offset, id));
            run.Ask(Body(run.Name, 5, 0, id));
            run.Ask(Body(run.Name, -1, 0, id));
            run.Ask(Body(run.Name, 0, 0, id, partitionMaxBytes: 10));
            run.Ask(Body(run.Name, 0, 0, id, partitionMaxBytes: 0));
            run.Ask(Body(run.Name, 0, 0, id, maxBytes: 1));
            run.Ask(Body(run.Name, 0, 0, id, isolation: 1));
            run.Ask(Body(run.Name, 0, 0, id, isolation: 3));
            run.Ask(Body(run.Name, 0, 0, id, leaderEpoch: 7));
            run.Ask(Body(run.Name, 0, 0, id, lastFetchedEpoch: 0));
            run.Ask(Body(run.Name, 0, 3, id, lastFetchedEpoch: 9));
        }),
        new("fetch-unknown-topic", "Fetch", (4, 18), run =>
        {
            run.Ask(Body(run.Name, 0, 0, "EjRWeJASNFZ4kBI0VniQEg"));
            run.Ask(Body(run.Name, 0, 0, "AAAAAAAAAAAAAAAAAAAAAA"));
            run.Ask("""{"MaxWaitMs":1,"MinBytes":1,"Topics":[]}""");
        }),
        new("fetch-sessions", "Fetch", (7, 18), run =>
        {
            var id = run.CreateTopic(partitions: 2);
            run.Produce("", new BatchShape());
            var first = run.Ask(Body(run.Name, 0, 0, id, sessionEpoch: 0))!;
            var session = (int)first["SessionId"]!;
            run.Ask(Session(session, 1));
            run.Ask(Session(session, 1));
            run.Ask(Session(session, 3));
            run.Ask(Session(session + 1, 2));
            run.Ask(Body(run.Name, 1, 0, id, sessionId: session, sessionEpoch: 2));
            run.Produce("", new BatchShape());
            run.Ask(Session(session, 3));
            run.Ask(Body(run.Name, 0, 2, id, sessionId: session, sessionEpoch: 4));
            run.Ask($$"""
                {"MaxWaitMs":1,"MinBytes":1,"MaxBytes":1048576,"SessionId":{{session}},"SessionEpoch":5,"Topics":[],
                 "ForgottenTopicsData":[{"Topic":"$name","TopicId":"{{id}}","Partitions":[0]}]}
                """);
            run.Ask(Session(session, -1));
            run.Ask(Session(session, 7));
            run.Ask(Body(run.Name, 0, 0, id, sessionId: 5, sessionEpoch: 5));
            run.Ask(Body(run.Name, 0, 0, id, sessionId: 0, sessionEpoch: 5));
        }),
        new("fetch-session-turns", "Fetch", (7, 18), run =>
        {
            // An answer has room for one batch and a bit, or for two: who gets it, and who is next?
            var id = run.CreateTopic(partitions: 4);
            for (var partition = 0; partition < 4; partition++)
                for (var i = 0; i < 3; i++) ProduceTo(run, partition, new string('v', 100));
            var all = Topic(run.Name, id, [.. Enumerable.Range(0, 4).Select(p => (p, 0L))]);
            var session = (int)run.Ask(Request(all, maxBytes: 250, sessionEpoch: 0))!["SessionId"]!;
            for (var epoch = 1; epoch < 7; epoch++) run.Ask(Request("", maxBytes: 250, sessionId: session, sessionEpoch: epoch));
            run.Ask(Request(Topic(run.Name, id, (2, 1), (0, 3)), maxBytes: 400, sessionId: session, sessionEpoch: 7));
            for (var epoch = 8; epoch < 12; epoch++) run.Ask(Request("", maxBytes: 400, sessionId: session, sessionEpoch: epoch));
            run.Ask(Request(Topic(run.Name, id, (3, 0), (1, 2), (2, 0)), maxBytes: 500));
        }),
        new("fetch-session-changes", "Fetch", (7, 18), run =>
        {
            const string Unknown = "EjRWeJASNFZ4kBI0VniQEg";
            var id = run.CreateTopic(partitions: 2);
            for (var i = 0; i < 3; i++) ProduceTo(run, 0, "a");
            var all = Topic(run.Name, id, (0, 3), (1, 0), (7, 0)) + "," + Topic(run.Name + "-unknown", Unknown, (0, 0));
            var session = (int)run.Ask(Request(all, sessionEpoch: 0))!["SessionId"]!;
            run.Ask(Request("", sessionId: session, sessionEpoch: 1));
            run.AskQuietly("DeleteRecords", $$"""
                {"Topics":[{"Name":"{{run.Name}}","Partitions":[{"PartitionIndex":0,"Offset":2}]}],"TimeoutMs":10000}
                """, 2);
            run.Ask(Request("", sessionId: session, sessionEpoch: 2));
            run.Ask(Request(Topic(run.Name, id, (0, 1)), sessionId: session, sessionEpoch: 3));
            run.Ask(Request(Topic(run.Name, id, (0, 3)), sessionId: session, sessionEpoch: 4));
            run.Ask(Request("", sessionId: session, sessionEpoch: 5));
            run.Ask(Request("", sessionId: session, sessionEpoch: 6, isolation: 1));
            run.Ask(Request(Topic(run.Name, id, (0, 2)), sessionId: session, sessionEpoch: 7, isolation: 3));
            run.Ask(Request("", sessionId: session, sessionEpoch: 8));
            run.Ask(Request("", sessionId: session, sessionEpoch: 9, forgotten: Forgotten(run.Name + "-unknown", Unknown, "0")));
            run.Ask(Request("", sessionId: session, sessionEpoch: 10, forgotten: Forgotten(run.Name, id, "7,1")));
            run.Ask(Request(Topic(run.Name, id, (1, 0)), sessionId: session, sessionEpoch: 11, forgotten: Forgotten(run.Name, id, "1")));
            run.Ask(Request("", sessionId: session, sessionEpoch: 12, forgotten: Forgotten(run.Name, id, "0")));
            run.Ask(Request("", sessionId: session, sessionEpoch: 13));
        }),
        new("fetch-twice", "Fetch", (4, 18), run =>
        {
            var id = run.CreateTopic();
            for (var i = 0; i < 2; i++) ProduceTo(run, 0, "a");
            run.Ask(Request(Topic(run.Name, id, (0, 0), (0, 1))));
            run.Ask(Request(Topic(run.Name, id, (0, 1)) + "," + Topic(run.Name, id, (0, 0))));
        }),
        new("fetch-replica", "Fetch", (4, 18), run =>
        {
            var id = run.CreateTopic();
            run.Produce("", new BatchShape());
            var body = Body(run.Name, 0, 0, id).TrimEnd()[..^1];
            run.Ask(body + ""","ReplicaId":1,"ReplicaState":{"ReplicaId":1,"ReplicaEpoch":-1}}""");
            run.Ask(body + ""","ReplicaId":5,"ReplicaState":{"ReplicaId":5,"ReplicaEpoch":-1}}""");
            run.Ask(body + ""","ReplicaId":-2,"ReplicaState":{"ReplicaId":-2,"ReplicaEpoch":-1}}""");
        }),
        new("list-offsets", "ListOffsets", (1, 11), run =>
        {
            run.CreateTopic();
            foreach (var timestamp in new long[] { -1, -2, -3 }) run.Ask(Offsets("$name", 0, timestamp));
            run.Produce(
                "", new BatchShape { Values = ["a", "b", "c"] },
                new BatchShape { Values = ["d"], BaseTimestamp = 1_600_000_000_000 });
            foreach (var timestamp in new long[]
                { -1, -2, -3, -4, -5, -6, -7, 0, 1_700_000_000_001, 1_700_000_000_002, 1_800_000_000_000, -9 })
                run.Ask(Offsets("$name", 0, timestamp));
            run.Ask(Offsets("$name", 7, -1));
            run.Ask(Offsets("$name-unknown", 0, -1));
            run.Ask(Offsets("$name", 0, -1, leaderEpoch: 5));
            run.Ask(Offsets("$name", 0, -1, isolation: 1));
            run.Ask(Offsets("$name", 0, -1, replica: 1));
            run.Ask(Offsets("$name", 0, -1, replica: 9));
            run.Ask("""
                {"ReplicaId":-1,"Topics":[{"Name":"$name","Partitions":[{"PartitionIndex":0,"Timestamp":-1},
                 {"PartitionIndex":0,"Timestamp":-2}]}]}
                """);
        }),
        new("offset-for-leader-epoch", "OffsetForLeaderEpoch", (2, 4), run =>
        {
            run.CreateTopic();
            run.Produce("", new BatchShape { Values = ["a", "b"] });
            foreach (var epoch in new[] { 0, 1, -1, 100 })
                run.Ask(Epoch("$name", 0, epoch, -1));
            run.Ask(Epoch("$name", 0, 0, 0));
            run.Ask(Epoch("$name", 0, 0, 9));
            run.Ask(Epoch("$name", 4, 0, -1));
            run.Ask(Epoch("$name-unknown", 0, 0, -1));
        }),
    ];

    public static string Body(
        string topic, int partition, long offset, string topicId = "AAAAAAAAAAAAAAAAAAAAAA",
        int partitionMaxBytes = 1048576, int maxBytes = 1048576, int isolation = 0, int leaderEpoch = -1,
        int lastFetchedEpoch = -1, int sessionId = 0, int sessionEpoch = -1) =>
        $$"""
        {"MaxWaitMs":1,"MinBytes":1,"MaxBytes":{{maxBytes}},"IsolationLevel":{{isolation}},"SessionId":{{sessionId}},
         "SessionEpoch":{{sessionEpoch}},"Topics":[{"Topic":"{{topic}}","TopicId":"{{topicId}}","Partitions":[
         {"Partition":{{partition}},"CurrentLeaderEpoch":{{leaderEpoch}},"FetchOffset":{{offset}},
          "LastFetchedEpoch":{{lastFetchedEpoch}},"PartitionMaxBytes":{{partitionMaxBytes}}}]}]}
        """;

    /// <summary>Two encoders of one codec make different bytes; what is in them is compared elsewhere.</summary>
    public static void WithoutSizes(JsonObject answer)
    {
        foreach (var topic in answer["Responses"]!.AsArray())
            foreach (var partition in topic!["Partitions"]!.AsArray())
                foreach (var batch in partition!["Records"]?.AsArray() ?? [])
                    batch!.AsObject().Remove("bytes");
    }

    private static void ProduceTo(ScenarioRun run, int partition, string value) =>
        run.AskQuietly("Produce", $$"""
            {"Acks":-1,"TimeoutMs":10000,"TopicData":[{"Name":"{{run.Name}}","PartitionData":[
             {"Index":{{partition}},"Records":"{{Batches.Hex(new BatchShape { Values = [value] })}}"}]}]}
            """, 12);

    private static string Request(
        string topics, int maxBytes = 1048576, int isolation = 0, int sessionId = 0, int sessionEpoch = -1, string forgotten = "") =>
        $$"""
        {"MaxWaitMs":1,"MinBytes":1,"MaxBytes":{{maxBytes}},"IsolationLevel":{{isolation}},"SessionId":{{sessionId}},
         "SessionEpoch":{{sessionEpoch}},"Topics":[{{topics}}],"ForgottenTopicsData":[{{forgotten}}]}
        """;

    private static string Topic(string name, string id, params (int Partition, long Offset)[] partitions) =>
        $$"""{"Topic":"{{name}}","TopicId":"{{id}}","Partitions":[{{string.Join(",", partitions.Select(p =>
            $$"""{"Partition":{{p.Partition}},"FetchOffset":{{p.Offset}},"PartitionMaxBytes":1048576}"""))}}]}""";

    private static string Forgotten(string name, string id, string partitions) =>
        $$"""{"Topic":"{{name}}","TopicId":"{{id}}","Partitions":[{{partitions}}]}""";

    private static string Session(int id, int epoch) =>
        $$"""
        {"MaxWaitMs":1,"MinBytes":1,"MaxBytes":1048576,"SessionId":{{id}},"SessionEpoch":{{epoch}},"Topics":[]}
        """;

    private static string Offsets(
        string topic, int partition, long timestamp, int leaderEpoch = -1, int isolation = 0, int replica = -1) =>
        $$"""
        {"ReplicaId":{{replica}},"IsolationLevel":{{isolation}},"Topics":[{"Name":"{{topic}}","Partitions":[
         {"PartitionIndex":{{partition}},"CurrentLeaderEpoch":{{leaderEpoch}},"Timestamp":{{timestamp}}}]}],
         "TimeoutMs":10000}
        """;

    private static string Epoch(string topic, int partition, int epoch, int current) =>
        $$"""
        {"ReplicaId":-1,"Topics":[{"Topic":"{{topic}}","Partitions":[
         {"Partition":{{partition}},"CurrentLeaderEpoch":{{current}},"LeaderEpoch":{{epoch}}}]}]}
        """;
}
