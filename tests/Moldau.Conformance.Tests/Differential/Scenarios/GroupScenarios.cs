using System.Text.Json.Nodes;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

/// <summary>Classic consumer groups: members, offsets, and what the admin client sees of them.</summary>
internal static class GroupScenarios
{
    public static IEnumerable<Scenario> All() =>
    [
        new("find-coordinator", "FindCoordinator", (0, 6), run =>
        {
            run.AwaitCoordinator(run.Name);
            if (run.Version < 4)
            {
                run.Ask("""{"Key":"$name","KeyType":0}""");
                run.Ask("""{"Key":"","KeyType":0}""");
                run.Ask("""{"Key":"$name","KeyType":7}""");
            }
            else
            {
                run.Ask("""{"CoordinatorKeys":["$name","$name-b"],"KeyType":0}""");
                run.Ask("""{"CoordinatorKeys":[],"KeyType":0}""");
                run.Ask("""{"CoordinatorKeys":["","$name"],"KeyType":0}""");
                run.Ask("""{"CoordinatorKeys":["$name"],"KeyType":7}""");
                run.Ask("""{"CoordinatorKeys":["$name"],"KeyType":-1}""");
            }
        }),
        new("join-group", "JoinGroup", (0, 9), run =>
        {
            run.AwaitCoordinator(run.Name);
            var first = run.Ask(Join())!;
            var member = (string)first["MemberId"]!;
            if (run.Version >= 4)
            {
                var second = run.Ask(Join(member))!;
                Assert.Equal(member, (string)second["MemberId"]!);
            }

            run.Ask("SyncGroup", Sync(1, member, assign: true));
            run.Ask("Heartbeat", $$"""{"GroupId":"$name","GenerationId":1,"MemberId":"{{member}}"}""");
            run.Ask(Join("unknown-member"));
            run.Ask(Join(member, protocolType: "connect"));
            run.Ask(Join(member, protocol: "other"));
            run.Ask("DescribeGroups", """{"Groups":["$name"]}""");
        }),
        new("join-group-wrong", "JoinGroup", (0, 9), run =>
        {
            run.AwaitCoordinator(run.Name);
            run.Ask(Join(group: ""));
            run.Ask(Join(sessionTimeoutMs: 10));
            run.Ask(Join(sessionTimeoutMs: 100_000_000));
            run.Ask(Join(protocolType: ""));
            run.Ask("""
                {"GroupId":"$name","SessionTimeoutMs":10000,"RebalanceTimeoutMs":10000,"MemberId":"",
                 "ProtocolType":"consumer","Protocols":[]}
                """);
            run.Ask(Join("unknown-member"));
            run.Ask(Join(rebalanceTimeoutMs: -1));
        }),
        new("join-group-static", "JoinGroup", (5, 9), run =>
        {
            run.AwaitCoordinator(run.Name);
            var first = run.Ask(Join(instance: "one"))!;
            var member = (string)first["MemberId"]!;
            run.Ask("SyncGroup", Sync(1, member, assign: true, instance: "one"));
            run.Ask(Join("unknown-member", instance: "one"));
            var again = run.Ask(Join(instance: "one"))!;
            run.Ask("Heartbeat", $$"""
                {"GroupId":"$name","GenerationId":1,"MemberId":"{{member}}","GroupInstanceId":"one"}
                """);
            run.Ask("Heartbeat", $$"""
                {"GroupId":"$name","GenerationId":1,"MemberId":"{{(string)again["MemberId"]!}}","GroupInstanceId":"one"}
                """);
            run.Ask("LeaveGroup", """
                {"GroupId":"$name","Members":[{"MemberId":"","GroupInstanceId":"one"},
                 {"MemberId":"","GroupInstanceId":"two"},{"MemberId":"x","GroupInstanceId":null}]}
                """);
            run.Ask("DescribeGroups", """{"Groups":["$name"]}""");
        }),
        new("sync-group", "SyncGroup", (0, 5), run =>
        {
            run.AwaitCoordinator(run.Name);
            run.Ask(Sync(1, "nobody", assign: false));
            run.Ask(Sync(1, "nobody", assign: false, group: ""));
            var member = Joined(run);
            run.Ask(Sync(2, member, assign: true));
            run.Ask(Sync(0, member, assign: true));
            run.Ask(Sync(1, "nobody", assign: true));
            run.Ask(Sync(1, member, assign: true));
            run.Ask(Sync(1, member, assign: false));
            run.Ask(Sync(1, member, assign: true, protocol: "other"));
            run.Ask(Sync(1, member, assign: true, type: "connect"));
            run.Ask(Sync(1, member, assign: true, instance: "one"));
        }),
        new("heartbeat", "Heartbeat", (0, 4), run =>
        {
            run.AwaitCoordinator(run.Name);
            run.Ask("""{"GroupId":"$name","GenerationId":1,"MemberId":"nobody"}""");
            run.Ask("""{"GroupId":"","GenerationId":1,"MemberId":"nobody"}""");
            var member = Joined(run);
            run.Ask($$"""{"GroupId":"$name","GenerationId":1,"MemberId":"{{member}}"}""");
            run.AskQuietly("SyncGroup", Sync(1, member, assign: true));
            run.Ask($$"""{"GroupId":"$name","GenerationId":1,"MemberId":"{{member}}"}""");
            run.Ask($$"""{"GroupId":"$name","GenerationId":0,"MemberId":"{{member}}"}""");
            run.Ask($$"""{"GroupId":"$name","GenerationId":2,"MemberId":"{{member}}"}""");
            run.Ask("""{"GroupId":"$name","GenerationId":1,"MemberId":""}""");
            run.Ask($$"""{"GroupId":"$name","GenerationId":1,"MemberId":"{{member}}","GroupInstanceId":"one"}""",
                when: run.Version >= 3);
        }),
        new("leave-group", "LeaveGroup", (0, 5), run =>
        {
            run.AwaitCoordinator(run.Name);
            string Leave(string member) => run.Version < 3
                ? $$"""{"GroupId":"$name","MemberId":"{{member}}"}"""
                : $$"""{"GroupId":"$name","Members":[{"MemberId":"{{member}}","Reason":"done"}]}""";
            run.Ask(Leave("nobody"));
            run.Ask("""{"GroupId":"","MemberId":"nobody"}""");
            var member = Joined(run);
            run.Ask(Leave("nobody"));
            run.Ask(Leave(member));
            run.Ask(Leave(member));
            run.Ask("""{"GroupId":"$name","Members":[]}""", when: run.Version >= 3);
            run.Ask("DescribeGroups", """{"Groups":["$name"]}""");
        }),
        new("offset-commit", "OffsetCommit", (2, 10), run =>
        {
            var id = run.CreateTopic(partitions: 2);
            run.AwaitCoordinator(run.Name);
            run.Ask(Commit(id, 0, 5));
            run.Ask(Commit(id, 0, 6, metadata: "note"));
            run.Ask(Commit(id, 0, -1));
            run.Ask(Commit(id, 0, -5));
            run.Ask(Commit(id, 9, 5));
            run.Ask(Commit(id, 0, 5, metadata: new string('m', 5000)));
            run.Ask(Commit(id, 0, 5, generation: 1));
            run.Ask(Commit(id, 0, 5, member: "nobody"));
            run.Ask(Commit(id, 0, 5, generation: 1, member: "nobody"));
            run.Ask(Commit(id, 0, 5, group: ""));
            run.Ask(Commit("EjRWeJASNFZ4kBI0VniQEg", 0, 5, topic: "$name-unknown"));
            run.Ask("""{"GroupId":"$name","GenerationIdOrMemberEpoch":-1,"MemberId":"","Topics":[]}""");
            var member = Joined(run);
            run.Ask(Commit(id, 1, 7, generation: 1, member: member));
            run.AskQuietly("SyncGroup", Sync(1, member, assign: true));
            run.Ask(Commit(id, 1, 7, generation: 1, member: member));
            run.Ask(Commit(id, 1, 8, generation: 2, member: member));
            run.Ask(Commit(id, 1, 8));
            run.Ask("OffsetFetch", """
                {"Groups":[{"GroupId":"$name","Topics":[{"Name":"$name","PartitionIndexes":[0,1,2]}]}]}
                """);
        }),
        new("offset-fetch", "OffsetFetch", (1, 10), run =>
        {
            var id = run.CreateTopic(partitions: 2);
            run.AwaitCoordinator(run.Name);
            run.AskQuietly("OffsetCommit", Commit(id, 0, 5, metadata: "note"));
            string One(string group, string topics) => run.Version < 8
                ? $$"""{"GroupId":"{{group}}","Topics":{{topics}}}"""
                : $$"""{"Groups":[{"GroupId":"{{group}}","Topics":{{topics}}}]}""";
            var known = $$"""[{"Name":"$name","TopicId":"{{id}}","PartitionIndexes":[0,1,7]}]""";
            run.Ask(One("$name", known));
            run.Ask(One("$name-none", known));
            run.Ask(One("", known));
            run.Ask(One("$name", """
                [{"Name":"$name-unknown","TopicId":"EjRWeJASNFZ4kBI0VniQEg","PartitionIndexes":[0]}]
                """));
            run.Ask(One("$name", "[]"));
            if (run.Version >= 2) run.Ask(One("$name", "null"));
            if (run.Version >= 7) run.Ask(One("$name", known).Replace("{\"Group", "{\"RequireStable\":true,\"Group"));
            if (run.Version >= 8)
            {
                run.Ask($$"""
                    {"Groups":[{"GroupId":"$name","Topics":null},{"GroupId":"$name-none","Topics":{{known}}}]}
                    """);
                run.Ask("""{"Groups":[]}""");
            }

            if (run.Version >= 9)
                run.Ask($$"""{"Groups":[{"GroupId":"$name","MemberId":"m","MemberEpoch":3,"Topics":{{known}}}]}""");
        }),
        new("offset-delete", "OffsetDelete", (0, 0), run =>
        {
            var id = run.CreateTopic(partitions: 2);
            run.AwaitCoordinator(run.Name);
            run.Ask("""{"GroupId":"$name","Topics":[{"Name":"$name","Partitions":[{"PartitionIndex":0}]}]}""");
            run.AskQuietly("OffsetCommit", Commit(id, 0, 5));
            run.Ask("""
                {"GroupId":"$name","Topics":[{"Name":"$name","Partitions":[{"PartitionIndex":0},{"PartitionIndex":1},
                 {"PartitionIndex":9}]},{"Name":"$name-unknown","Partitions":[{"PartitionIndex":0}]}]}
                """);
            run.Ask("""{"GroupId":"","Topics":[]}""");
            run.AskQuietly("OffsetCommit", Commit(id, 0, 5));
            var member = Joined(run);
            run.AskQuietly("SyncGroup", Sync(1, member, assign: true));
            run.Ask("""{"GroupId":"$name","Topics":[{"Name":"$name","Partitions":[{"PartitionIndex":0}]}]}""");
        }),
        new("list-groups", "ListGroups", (0, 5), run =>
        {
            run.AwaitCoordinator(run.Name);
            var id = run.CreateTopic();
            run.AskQuietly("OffsetCommit", Commit(id, 0, 5, group: "$name-simple"));
            var member = Joined(run);
            run.AskQuietly("SyncGroup", Sync(1, member, assign: true));
            foreach (var filter in new[]
            {
                "{}", """{"StatesFilter":["Stable"]}""", """{"StatesFilter":["empty"]}""",
                """{"StatesFilter":["nonsense"]}""", """{"TypesFilter":["classic"]}""",
                """{"TypesFilter":["consumer"]}""", """{"TypesFilter":["nonsense"]}""",
            })
                run.AskForOwn(filter, "Groups", "GroupId");
        }),
        new("describe-groups", "DescribeGroups", (0, 6), run =>
        {
            run.AwaitCoordinator(run.Name);
            var member = Joined(run);
            run.Ask("""{"Groups":["$name"]}""");
            run.AskQuietly("SyncGroup", Sync(1, member, assign: true));
            run.Ask("""{"Groups":["$name","$name-none"],"IncludeAuthorizedOperations":true}""");
            run.Ask("""{"Groups":[""]}""");
            run.Ask("""{"Groups":[]}""");
        }),
        new("delete-groups", "DeleteGroups", (0, 3), run =>
        {
            run.AwaitCoordinator(run.Name);
            var id = run.CreateTopic();
            run.AskQuietly("OffsetCommit", Commit(id, 0, 5, group: "$name-simple"));
            var member = Joined(run);
            run.AskQuietly("SyncGroup", Sync(1, member, assign: true));
            run.Ask("""{"GroupsNames":["$name","$name-simple","$name-none",""]}""");
            run.Ask("""{"GroupsNames":["$name-simple"]}""");
            run.Ask("""{"GroupsNames":[]}""");
        }),
    ];

    /// <summary>Joins as the only member and returns its id; the answer is not compared.</summary>
    private static string Joined(ScenarioRun run)
    {
        var member = (string)run.AskQuietly("JoinGroup", Join(), 9)!["MemberId"]!;
        var joined = run.AskQuietly("JoinGroup", Join(member), 9)!;
        Assert.Equal(0, (int)joined["ErrorCode"]!);
        return member;
    }

    internal static string Join(
        string member = "", string group = "$name", string protocolType = "consumer", string protocol = "range",
        int sessionTimeoutMs = 30000, int rebalanceTimeoutMs = 10000, string? instance = null, string? metadata = null) =>
        new JsonObject
        {
            ["GroupId"] = group,
            ["SessionTimeoutMs"] = sessionTimeoutMs,
            ["RebalanceTimeoutMs"] = rebalanceTimeoutMs,
            ["MemberId"] = member,
            ["GroupInstanceId"] = instance,
            ["ProtocolType"] = protocolType,
            ["Protocols"] = new JsonArray(new JsonObject { ["Name"] = protocol, ["Metadata"] = metadata ?? "0001" }),
        }.ToJsonString();

    internal static string Sync(
        int generation, string member, bool assign, string group = "$name", string? protocol = "range",
        string? type = "consumer", string? instance = null) =>
        new JsonObject
        {
            ["GroupId"] = group,
            ["GenerationId"] = generation,
            ["MemberId"] = member,
            ["GroupInstanceId"] = instance,
            ["ProtocolType"] = type,
            ["ProtocolName"] = protocol,
            ["Assignments"] = assign
                ? new JsonArray(new JsonObject { ["MemberId"] = member, ["Assignment"] = "0002" })
                : new JsonArray(),
        }.ToJsonString();

    internal static string Commit(
        string topicId, int partition, long offset, string? metadata = null, int generation = -1, string member = "",
        string group = "$name", string topic = "$name") =>
        new JsonObject
        {
            ["GroupId"] = group,
            ["GenerationIdOrMemberEpoch"] = generation,
            ["MemberId"] = member,
            ["Topics"] = new JsonArray(new JsonObject
            {
                ["Name"] = topic,
                ["TopicId"] = topicId,
                ["Partitions"] = new JsonArray(new JsonObject
                {
                    ["PartitionIndex"] = partition,
                    ["CommittedOffset"] = offset,
                    ["CommittedMetadata"] = metadata,
                }),
            }),
        }.ToJsonString();
}
