using System.Text.Json.Nodes;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Client.Tests.Admin;

/// <summary>Groups of all types. Share and Streams groups are made by hand, so that only the administration is
/// ours.</summary>
public sealed class GroupAreaTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task ClassicGroup_IsFoundByFilters_AndItsMembersPutOut(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "evict");
        string group = $"g-{topic}";
        await using MoldauClient client = new(node.Bootstrap);
        AdminClient admin = client.Admin;
        string member = ClassicMember.Join(node.Port, group, topic);
        await Eventually.UntilAsync(async () => (await admin.DescribeGroupAsync(group, Cancel)) is { State: "Stable", Members.Count: 1 });
        Assert.Contains(group, await IdsAsync(new GroupFilter { States = ["Stable"], Types = ["classic"], ProtocolTypes = ["consumer"] }));
        Assert.DoesNotContain(group, await IdsAsync(new GroupFilter { States = ["Empty"] }));
        Assert.DoesNotContain(group, await IdsAsync(new GroupFilter { Types = ["share"] }));
        Assert.DoesNotContain(group, await IdsAsync(new GroupFilter { ProtocolTypes = ["connect"] }));
        var described = await admin.DescribeClassicGroupsAsync([group, "nobody"], true, Cancel);
        Assert.Equal(("Stable", "consumer"), (described[group].Value!.State, described[group].Value!.ProtocolType));
        Assert.Contains(AclOperation.Delete, described[group].Value!.AuthorizedOperations!);
        Assert.Equal("Dead", described["nobody"].Value!.State);
        GroupDescription consumerGroup = (await admin.DescribeGroupsAsync([group], false, Cancel))[group].Value!;
        Assert.Equal((null, null), (consumerGroup.AuthorizedOperations, consumerGroup.GroupEpoch));
        Assert.Equal(member, Assert.Single(consumerGroup.Members).MemberId);
        Assert.Equal([new TopicPartition(topic, 0)], consumerGroup.Members[0].Assignment);

        GroupMemberName stranger = new(null, "no-such-instance");
        var removed = await admin.RemoveGroupMembersAsync(group, [new(member, null), stranger], cancel: Cancel);
        Assert.Null(removed[new(member, null)]);
        Assert.Equal(ErrorCode.UnknownMemberId, removed[stranger]!.Code);
        await Eventually.UntilAsync(async () => (await admin.DescribeGroupAsync(group, Cancel)).Members.All(m => m.MemberId != member));

        async Task<List<string>> IdsAsync(GroupFilter filter) => [.. (await admin.ListGroupsAsync(filter, Cancel)).Select(g => g.GroupId)];
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task ShareGroup_IsDescribed_AndItsOffsetsSetAndForgotten(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "share");
        TestTopics.Produce(node, topic, ["a", "b", "c"]);
        TopicPartition partition = new(topic, 0);
        string group = $"s-{topic}";
        await using MoldauClient client = new(node.Bootstrap);
        ShareGroupArea shares = client.Admin.ShareGroups;
        Dictionary<string, IReadOnlyList<TopicPartition>?> all = new() { [group] = null };
        Dictionary<TopicPartition, long> target = new() { [partition] = 2 };
        if (!await Offered.HasAsync(
                node, ApiKey.ShareGroupDescribe, async () => (await shares.DescribeAsync([group], cancel: Cancel))[group].Error)
            | !await Offered.HasAsync(
                node, ApiKey.DescribeShareGroupOffsets, async () => (await shares.ListOffsetsAsync(all, Cancel))[group].Error)
            | !await Offered.HasAsync(node, ApiKey.AlterShareGroupOffsets, () => shares.SetOffsetsAsync(group, target, Cancel))
            | !await Offered.HasAsync(
                node, ApiKey.DeleteShareGroupOffsets, () => shares.DeleteOffsetsAsync(group, [topic], Cancel))) return;
        Assert.Equal(ErrorCode.GroupIdNotFound, (await shares.DescribeAsync([group], cancel: Cancel))[group].Error!.Code);
        string member = ServerUnderTest.RandomId();
        using WireClient wire = new(node.Port);
        Beat(wire, group, member, 0, topic);
        await Eventually.UntilAsync(async () =>
        {
            ShareGroupDescription? now = (await shares.DescribeAsync([group], true, Cancel))[group].Value;
            if (now is { State: "Stable", Members.Count: 1 } && now.Members[0].Assignment.Count > 0) return true;
            if (now is { Members.Count: 1 }) Beat(wire, group, member, now.Members[0].MemberEpoch, topic);
            return false;
        });
        ShareGroupDescription described = (await shares.DescribeAsync([group], true, Cancel))[group].Value!;
        Assert.Equal((member, topic), (described.Members[0].MemberId, Assert.Single(described.Members[0].SubscribedTopics)));
        Assert.Equal([partition], described.Members[0].Assignment);
        Assert.Contains(AclOperation.Read, described.AuthorizedOperations!);
        Assert.Contains(await client.Admin.ListGroupsAsync(new GroupFilter { Types = ["share"] }, Cancel), g => g.GroupId == group);
        var busy = await Assert.ThrowsAsync<MoldauException>(() => shares.SetOffsetsAsync(group, target, Cancel));
        Assert.Equal(ErrorCode.NonEmptyGroup, busy.Error);

        Beat(wire, group, member, -1, null);
        await Eventually.UntilAsync(async () => (await shares.DescribeAsync([group], cancel: Cancel))[group].Value!.State == "Empty");
        Assert.Null((await shares.SetOffsetsAsync(group, target, Cancel))[partition]);
        ShareOffset offset = (await shares.ListOffsetsAsync(all, Cancel))[group].Value![partition].Value;
        Assert.Equal((2L, 1L), (offset.StartOffset, offset.Lag));
        var named = await shares.ListOffsetsAsync(
            new Dictionary<string, IReadOnlyList<TopicPartition>?> { [group] = [partition], ["nobody"] = null }, Cancel);
        Assert.Equal(2, named[group].Value![partition].Value.StartOffset);
        Assert.Empty(named["nobody"].Value!);
        var forgotten = await shares.DeleteOffsetsAsync(group, [topic, "elsewhere"], Cancel);
        Assert.Null(forgotten[topic]);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, forgotten["elsewhere"]!.Code);
        Assert.Empty((await shares.ListOffsetsAsync(all, Cancel))[group].Value!);
        await client.Admin.DeleteGroupAsync(group, Cancel);
        Assert.Equal(ErrorCode.GroupIdNotFound, (await shares.DescribeAsync([group], cancel: Cancel))[group].Error!.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task StreamsGroup_IsDescribed_AndItsOffsetsAreThoseOfAGroup(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "streams");
        string group = $"app-{topic}";
        await using MoldauClient client = new(node.Bootstrap);
        AdminClient admin = client.Admin;
        if (!await Offered.HasAsync(
            node, ApiKey.StreamsGroupDescribe,
            async () => (await admin.StreamsGroups.DescribeAsync([group], cancel: Cancel))[group].Error)) return;
        Assert.Equal(ErrorCode.GroupIdNotFound, (await admin.StreamsGroups.DescribeAsync([group], cancel: Cancel))[group].Error!.Code);
        string member = ServerUnderTest.RandomId();
        using WireClient wire = new(node.Port);
        StreamsBeat(wire, group, member, 0, topic);
        await Eventually.UntilAsync(async () =>
            (await admin.StreamsGroups.DescribeAsync([group], true, true, Cancel))[group].Value is { Members.Count: 1 });
        StreamsGroupDescription described = (await admin.StreamsGroups.DescribeAsync([group], true, true, Cancel))[group].Value!;
        Assert.Equal((3, StreamsTopologyStatus.NotStored), (described.TopologyEpoch, described.TopologyStatus));
        StreamsSubtopology sub = Assert.Single(described.Subtopologies);
        Assert.Equal(("0", topic), (sub.Id, Assert.Single(sub.SourceTopics)));
        StreamsGroupMember one = Assert.Single(described.Members);
        Assert.Equal((member, "p1", "blue"), (one.MemberId, one.ProcessId, one.ClientTags["zone"]));
        Assert.Equal(new BrokerAddress("localhost", 8080), one.UserEndpoint);
        Assert.Contains(AclOperation.Describe, described.AuthorizedOperations!);
        Assert.Contains(await admin.ListGroupsAsync(new GroupFilter { Types = ["streams"] }, Cancel), g => g.GroupId == group);

        StreamsBeat(wire, group, member, -1, null);
        await Eventually.UntilAsync(async () => (await admin.StreamsGroups.DescribeAsync([group], cancel: Cancel))[group].Value!.State == "Empty");
        TopicPartition partition = new(topic, 0);
        var set = await admin.SetGroupOffsetsAsync(group, new Dictionary<TopicPartition, CommittedOffset> { [partition] = new(5) }, Cancel);
        Assert.Equal(ErrorCode.None, set[partition]);
        Assert.Equal(5, (await admin.ListGroupOffsetsAsync(group, Cancel))[partition].Offset);
        Assert.Equal(ErrorCode.None, (await admin.DeleteGroupOffsetsAsync(group, [partition], Cancel))[partition]);
        await admin.DeleteGroupAsync(group, Cancel);
        Assert.Equal(ErrorCode.GroupIdNotFound, (await admin.StreamsGroups.DescribeAsync([group], cancel: Cancel))[group].Error!.Code);
    }

    private static void Beat(WireClient wire, string group, string member, int epoch, string? topic)
    {
        string topics = topic is null ? "null" : $"[\"{topic}\"]";
        Accepted(wire.Ask("ShareGroupHeartbeat", 1, JsonNode.Parse($$"""
            {"GroupId":"{{group}}","MemberId":"{{member}}","MemberEpoch":{{epoch}},"SubscribedTopicNames":{{topics}}}
            """)!.AsObject()));
    }

    private static void StreamsBeat(WireClient wire, string group, string member, int epoch, string? topic)
    {
        string rest = topic is null ? "" : $$$"""
            ,"RebalanceTimeoutMs":60000,"ActiveTasks":[],"StandbyTasks":[],"WarmupTasks":[],"ProcessId":"p1",
            "UserEndpoint":{"Host":"localhost","Port":8080},"ClientTags":[{"Key":"zone","Value":"blue"}],
            "Topology":{"Epoch":3,"Subtopologies":[{"SubtopologyId":"0","SourceTopics":["{{{topic}}}"]}]}
            """;
        Accepted(wire.Ask("StreamsGroupHeartbeat", 0, JsonNode.Parse($$"""
            {"GroupId":"{{group}}","MemberId":"{{member}}","MemberEpoch":{{epoch}},"EndpointInformationEpoch":0{{rest}}}
            """)!.AsObject()));
    }

    private static void Accepted(JsonObject? answer) => Assert.True((int)answer!["ErrorCode"]! == 0, answer.ToJsonString());
}
