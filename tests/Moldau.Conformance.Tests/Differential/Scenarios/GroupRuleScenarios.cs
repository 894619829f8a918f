using System.Text;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

/// <summary>Rules of groups that several requests show together: who is fenced, what a rebalance refuses, what becomes of
/// offsets.</summary>
internal static class GroupRuleScenarios
{
    private const string Leave = """{"GroupId":"$name","Members":[{"MemberId":"","GroupInstanceId":"one"}]}""";

    public static IEnumerable<Scenario> All() =>
    [
        new("group-rebalance", "Heartbeat", (0, 4), run =>
        {
            var id = run.CreateTopic();
            run.AwaitCoordinator(run.Name);
            var member = Named(run);
            run.AskQuietly("SyncGroup", GroupScenarios.Sync(1, member, assign: true));
            using var other = new WireClient(run.Port);
            var joining = BeginJoin(run, other, member);
            run.Ask(Beat(1, member));
            run.Ask(Beat(0, member));
            run.Ask("SyncGroup", GroupScenarios.Sync(1, member, assign: true));
            run.Ask("OffsetCommit", GroupScenarios.Commit(id, 0, 7, generation: 1, member: member));
            run.Ask("OffsetCommit", GroupScenarios.Commit(id, 0, 7));
            run.Ask("DescribeGroups", """{"Groups":["$name"]}""");
            run.Ask("ListGroups", """{"StatesFilter":["PreparingRebalance"]}""", version: 5,
                edit: answer => run.KeepOwn(answer, "Groups", "GroupId"));
            run.Ask("JoinGroup", GroupScenarios.Join(member));
            run.NoteAnswer("JoinGroup of the other", "JoinGroup", other.ReadAnswer("JoinGroup", 9));
            run.Ask(Beat(1, member));
            run.Ask(Beat(2, member));
            run.Ask("OffsetCommit", GroupScenarios.Commit(id, 0, 8, generation: 2, member: member));
            run.Ask("DescribeGroups", """{"Groups":["$name"]}""");
            run.Ask("LeaveGroup", $$"""{"GroupId":"$name","Members":[{"MemberId":"{{joining}}"}]}""");
            run.Ask(Beat(2, joining));
            run.Ask(Beat(2, member));
            run.Ask("JoinGroup", GroupScenarios.Join(member));
        }),
        new("heartbeat-fenced", "Heartbeat", (3, 4), run =>
        {
            var (old, current) = Fenced(run);
            run.Ask(Beat(1, old, "one"));
            run.Ask(Beat(1, "", "one"));
            run.Ask(Beat(1, current, "one"));
            run.Ask(Beat(1, current, "two"));
            run.Ask(Beat(1, current));
            run.Ask(Beat(1, old));
        }),
        new("sync-group-fenced", "SyncGroup", (3, 5), run =>
        {
            var (old, current) = Fenced(run);
            run.Ask(GroupScenarios.Sync(1, old, assign: false, instance: "one"));
            run.Ask(GroupScenarios.Sync(1, current, assign: false, instance: "two"));
            run.Ask(GroupScenarios.Sync(1, old, assign: false));
            run.Ask(GroupScenarios.Sync(1, current, assign: false, instance: "one"));
        }),
        new("join-group-fenced", "JoinGroup", (5, 9), run =>
        {
            var (old, current) = Fenced(run);
            run.Ask(GroupScenarios.Join(old, instance: "one"));
            run.Ask(GroupScenarios.Join(current, instance: "two"));
            run.Ask(GroupScenarios.Join(old));
        }),
        new("leave-group-fenced", "LeaveGroup", (3, 5), run =>
        {
            var (old, current) = Fenced(run);
            run.Ask($$"""
                {"GroupId":"$name","Members":[{"MemberId":"{{old}}","GroupInstanceId":"one"},
                 {"MemberId":"{{current}}","GroupInstanceId":"two"},{"MemberId":"nobody","GroupInstanceId":null}]}
                """);
            run.Ask(Leave);
            run.Ask(Leave);
        }),
        new("offset-commit-fenced", "OffsetCommit", (7, 10), run =>
        {
            var id = run.CreateTopic();
            var (old, current) = Fenced(run);
            run.Ask(As(GroupScenarios.Commit(id, 0, 1, generation: 1, member: old), "one"));
            run.Ask(As(GroupScenarios.Commit(id, 0, 2, generation: 1, member: current), "two"));
            run.Ask(As(GroupScenarios.Commit(id, 0, 3, generation: 1, member: current), "one"));
            run.Ask(As(GroupScenarios.Commit(id, 0, 4), "one"));
        }),
        new("offset-commit-mixed", "OffsetCommit", (2, 10), run =>
        {
            var id = run.CreateTopic(partitions: 2);
            run.AwaitCoordinator(run.Name);
            run.Ask($$"""
                {"GroupId":"$name","GenerationIdOrMemberEpoch":-1,"MemberId":"","RetentionTimeMs":-1,"Topics":[
                 {"Name":"$name-unknown","TopicId":"EjRWeJASNFZ4kBI0VniQEg","Partitions":[
                  {"PartitionIndex":0,"CommittedOffset":1}]},
                 {"Name":"$name","TopicId":"{{id}}","Partitions":[
                  {"PartitionIndex":9,"CommittedOffset":2},{"PartitionIndex":0,"CommittedOffset":3},
                  {"PartitionIndex":-1,"CommittedOffset":4},
                  {"PartitionIndex":1,"CommittedOffset":5,"CommittedMetadata":"{{new string('m', 4097)}}"}]}]}
                """);
            run.Ask("OffsetFetch", """{"Groups":[{"GroupId":"$name","Topics":null}]}""");
        }),
        new("offset-fetch-deleted", "OffsetFetch", (1, 10), run =>
        {
            var id = run.CreateTopic();
            run.AwaitCoordinator(run.Name);
            run.AskQuietly("OffsetCommit", GroupScenarios.Commit(id, 0, 5));
            run.AskQuietly("DeleteTopics", """{"Topics":[{"Name":"$name","TopicId":null}],"TimeoutMs":30000}""", 6);
            Wait.Until(
                () => run.AskQuietly("OffsetFetch", """{"Groups":[{"GroupId":"$name","Topics":null}]}""", 9)!
                    ["Groups"]![0]!["Topics"]!.AsArray().Count == 0,
                TimeSpan.FromSeconds(30), "the end of the offsets");
            var next = run.CreateTopic();
            var topics = $$"""[{"Name":"$name","TopicId":"{{next}}","PartitionIndexes":[0]}]""";
            run.Ask(run.Version < 8
                ? $$"""{"GroupId":"$name","Topics":{{topics}}}"""
                : $$"""{"Groups":[{"GroupId":"$name","Topics":{{topics}}}]}""");
            run.Ask("DescribeGroups", """{"Groups":["$name"]}""");
        }),
        new("offset-delete-subscribed", "OffsetDelete", (0, 0), run =>
        {
            var read = run.CreateTopic();
            var unread = run.CreateTopic("-unread");
            run.AwaitCoordinator(run.Name);
            run.AskQuietly("OffsetCommit", GroupScenarios.Commit(read, 0, 5));
            run.AskQuietly("OffsetCommit", GroupScenarios.Commit(unread, 0, 6, topic: "$name-unread"));
            var member = Named(run, Subscription(run.Name));
            run.AskQuietly("SyncGroup", GroupScenarios.Sync(1, member, assign: true));
            var both = """
                {"GroupId":"$name","Topics":[{"Name":"$name","Partitions":[{"PartitionIndex":0},{"PartitionIndex":7}]},
                 {"Name":"$name-unread","Partitions":[{"PartitionIndex":0}]}]}
                """;
            run.Ask(both);
            run.Ask("OffsetFetch", """{"Groups":[{"GroupId":"$name","Topics":null}]}""");
            run.AskQuietly("LeaveGroup", $$"""{"GroupId":"$name","Members":[{"MemberId":"{{member}}"}]}""");
            run.Ask(both);
            run.Ask("OffsetFetch", """{"Groups":[{"GroupId":"$name","Topics":null}]}""");
        }),
        new("list-groups-filters", "ListGroups", (4, 5), run =>
        {
            run.AwaitCoordinator(run.Name);
            var id = run.CreateTopic();
            run.AskQuietly("OffsetCommit", GroupScenarios.Commit(id, 0, 5, group: "$name-simple"));
            Named(run);
            foreach (var filter in new[]
            {
                """{"StatesFilter":["CompletingRebalance"]}""", """{"StatesFilter":["completingrebalance","EMPTY"]}""",
                """{"StatesFilter":[" Empty "]}""", """{"StatesFilter":[""]}""", """{"StatesFilter":["Dead"]}""",
                """{"StatesFilter":["Empty"],"TypesFilter":["CLASSIC"]}""", """{"TypesFilter":[" classic"]}""",
                """{"StatesFilter":["Empty"],"TypesFilter":["share","classic"]}""", """{"TypesFilter":[""]}""",
            })
                run.AskForOwn(filter, "Groups", "GroupId");
        }),
        new("describe-groups-gone", "DescribeGroups", (0, 6), run =>
        {
            run.AwaitCoordinator(run.Name);
            var member = Named(run);
            run.AskQuietly("SyncGroup", GroupScenarios.Sync(1, member, assign: true));
            run.AskQuietly("LeaveGroup", $$"""{"GroupId":"$name","Members":[{"MemberId":"{{member}}"}]}""");
            run.Ask("""{"Groups":["$name"]}""");
            run.Ask("DeleteGroups", """{"GroupsNames":["$name"]}""", version: 2);
            run.Ask("""{"Groups":["$name","$name"],"IncludeAuthorizedOperations":true}""");
        }),
        new("delete-groups-members", "DeleteGroups", (0, 3), run =>
        {
            run.AwaitCoordinator(run.Name);
            var member = Named(run);
            run.Ask("""{"GroupsNames":["$name"]}""");
            run.AskQuietly("LeaveGroup", $$"""{"GroupId":"$name","Members":[{"MemberId":"{{member}}"}]}""");
            run.Ask("""{"GroupsNames":["$name","$name"]}""");
            run.Ask("Heartbeat", Beat(1, member));
        }),
        new("group-max-size", "JoinGroup", (0, 9), run =>
        {
            run.AwaitCoordinator(run.Name);
            var member = Named(run);
            run.AskQuietly("SyncGroup", GroupScenarios.Sync(1, member, assign: true));
            using var second = new WireClient(run.Port);
            using var third = new WireClient(run.Port);
            BeginJoin(run, second, member);
            BeginJoin(run, third, member);
            run.Ask("JoinGroup", GroupScenarios.Join(member), note: "JoinGroup of the first", version: 9);
            run.Ask(GroupScenarios.Join());
            run.Ask(GroupScenarios.Join("unknown-member"));
        }),
    ];

    /// <summary>Joins as the only member, with the answer noted so that its id has a name; returns the id.</summary>
    private static string Named(ScenarioRun run, string? metadata = null)
    {
        var member = (string)run.Ask("JoinGroup", GroupScenarios.Join(metadata: metadata), version: 9)!["MemberId"]!;
        run.Ask("JoinGroup", GroupScenarios.Join(member, metadata: metadata), version: 9);
        return member;
    }

    /// <summary>A static member that came back: the id that it had and the one that it has.</summary>
    private static (string Old, string Current) Fenced(ScenarioRun run)
    {
        run.AwaitCoordinator(run.Name);
        var join = GroupScenarios.Join(instance: "one");
        var old = (string)run.Ask("JoinGroup", join, version: 9)!["MemberId"]!;
        run.AskQuietly("SyncGroup", GroupScenarios.Sync(1, old, assign: true, instance: "one"), 5);
        return (old, (string)run.Ask("JoinGroup", join, version: 9)!["MemberId"]!);
    }

    /// <summary>Has another member ask to join, and waits until the first member is told to rejoin; returns the id.</summary>
    private static string BeginJoin(ScenarioRun run, WireClient client, string first)
    {
        JsonObject Body(string member) => JsonNode.Parse(GroupScenarios.Join(member).Replace("$name", run.Name))!.AsObject();
        var given = client.Ask("JoinGroup", 9, Body(""))!;
        run.NoteAnswer("JoinGroup of another", "JoinGroup", given);
        var id = (string)given["MemberId"]!;
        client.Send(client.Frame("JoinGroup", 9, Body(id)));
        var members = """{"Groups":["$name"]}""";
        Wait.Until(
            () => run.AskQuietly("DescribeGroups", members, 6)!["Groups"]![0]!["Members"]!.AsArray()
                .Any(m => (string)m!["MemberId"]! == id),
            TimeSpan.FromSeconds(20), "the member in the group");
        Wait.Until(
            () => (int)run.AskQuietly("Heartbeat", Beat(1, first), 4)!["ErrorCode"]! == 27,
            TimeSpan.FromSeconds(20), "the rebalance");
        return id;
    }

    private static string Beat(int generation, string member, string? instance = null) => new JsonObject
    {
        ["GroupId"] = "$name",
        ["GenerationId"] = generation,
        ["MemberId"] = member,
        ["GroupInstanceId"] = instance,
    }.ToJsonString();

    private static string As(string request, string instance)
    {
        var body = JsonNode.Parse(request)!.AsObject();
        body["GroupInstanceId"] = instance;
        return body.ToJsonString();
    }

    /// <summary>A consumer's subscription to one topic, version 0, in hex.</summary>
    private static string Subscription(string topic)
    {
        var name = Encoding.UTF8.GetBytes(topic);
        return $"000000000001{name.Length:X4}{Convert.ToHexString(name)}FFFFFFFF";
    }
}
