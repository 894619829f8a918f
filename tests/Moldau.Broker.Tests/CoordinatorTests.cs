using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class CoordinatorTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 3)]
    public void A_group_joins_syncs_commits_and_reads_from_any_shard(int shards, int at)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect(at);
        client.CreateTopic("t", 4);
        Find(node, client, "g");
        JoinGroupResponse member = Join(client, "g");
        Assert.Equal(ErrorCode.None, (ErrorCode)member.ErrorCode);
        SyncGroupRequest sync = new() { GroupId = "g", GenerationId = member.GenerationId, MemberId = member.MemberId };
        sync.Assignments.Add(new() { MemberId = member.MemberId, Assignment = [1, 2, 3] });
        SyncGroupResponse synced = client.Call<SyncGroupRequest, SyncGroupResponse>(sync, 4);
        Assert.Equal((short)0, synced.ErrorCode);
        Assert.Equal([1, 2, 3], synced.Assignment);
        HeartbeatResponse beat = client.Call<HeartbeatRequest, HeartbeatResponse>(
            new() { GroupId = "g", GenerationId = member.GenerationId, MemberId = member.MemberId }, 4);
        Assert.Equal((short)0, beat.ErrorCode);
        for (int p = 0; p < 4; p++)
            Assert.Equal(ErrorCode.None, Commit(client, "g", p, 100 + p, member.GenerationId, member.MemberId));
        for (int p = 0; p < 4; p++) Assert.Equal(100 + p, Committed(node.Connect(), "g", p));
        // Silence ends the membership.
        node.Advance(40_000);
        beat = client.Call<HeartbeatRequest, HeartbeatResponse>(
            new() { GroupId = "g", GenerationId = member.GenerationId, MemberId = member.MemberId }, 4);
        Assert.Equal(ErrorCode.UnknownMemberId, (ErrorCode)beat.ErrorCode);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    [InlineData(false, 4)]
    public void Committed_offsets_survive_a_restart(bool isClean, int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        for (int g = 0; g < 6; g++)
        {
            Find(node, client, $"g{g}");
            for (int i = 0; i < 3; i++) Assert.Equal(ErrorCode.None, Commit(client, $"g{g}", 0, (10 * g) + i));
        }

        if (isClean) node.Stop();
        else node.Kill();
        node.Start();
        node.Run();
        for (int g = 0; g < 6; g++) Assert.Equal((10 * g) + 2, Committed(node.Connect(), $"g{g}", 0));
    }

    [Fact]
    public void A_coordinator_that_is_still_loading_says_so()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        Find(node, client, "g");
        Commit(client, "g", 0, 7);
        node.Kill();
        node.HoldsDisk = op => op is LocateJob || op.GetType().Name == "ReadSliceJob"; // how a log is read at its election
        node.Start();
        Assert.True(node.IsReady);
        Assert.Equal(ErrorCode.CoordinatorLoadInProgress, Commit(node.Connect(), "g", 0, 8));
        node.HoldsDisk = null;
        node.Run();
        Assert.Equal(7, Committed(node.Connect(), "g", 0));
        Assert.Equal(ErrorCode.None, Commit(node.Connect(), "g", 0, 8));
    }

    [Fact]
    public void A_client_that_leaves_while_it_waits_to_join_leaves_nothing_behind()
    {
        using TestNode node = new(2, 1, ("group.initial.rebalance.delay.ms", "3000"));
        TestClient client = node.Connect();
        Find(node, client, "g");
        client.Send(JoinOf("g", ""), 3);
        node.Run();
        client.Disconnect();
        node.Advance(60_000);
    }

    private static void Find(TestNode node, TestClient client, string group)
    {
        FindCoordinatorRequest request = new() { KeyType = 0, CoordinatorKeys = [group] };
        for (int i = 0; i < 20; i++)
        {
            FindCoordinatorResponse answer = client.Call<FindCoordinatorRequest, FindCoordinatorResponse>(request, 4);
            if (answer.Coordinators[0].ErrorCode == 0)
            {
                Assert.Equal(1, answer.Coordinators[0].NodeId);
                node.Run();
                return;
            }

            node.Advance(100);
        }

        Assert.Fail("no coordinator");
    }

    private static JoinGroupRequest JoinOf(string group, string member)
    {
        JoinGroupRequest request = new()
        {
            GroupId = group,
            SessionTimeoutMs = 30_000,
            RebalanceTimeoutMs = 30_000,
            MemberId = member,
            ProtocolType = "consumer",
        };
        request.Protocols.Add(new() { Name = "range", Metadata = [9] });
        return request;
    }

    private static JoinGroupResponse Join(TestClient client, string group)
    {
        JoinGroupResponse first = client.Call<JoinGroupRequest, JoinGroupResponse>(JoinOf(group, ""), 7);
        if ((ErrorCode)first.ErrorCode != ErrorCode.MemberIdRequired) return first;
        return client.Call<JoinGroupRequest, JoinGroupResponse>(JoinOf(group, first.MemberId), 7);
    }

    private static ErrorCode Commit(TestClient client, string group, int partition, long offset, int generation = -1, string member = "")
    {
        OffsetCommitRequest request = new() { GroupId = group, GenerationIdOrMemberEpoch = generation, MemberId = member };
        OffsetCommitRequest.OffsetCommitRequestTopic topic = new() { Name = "t" };
        topic.Partitions.Add(new() { PartitionIndex = partition, CommittedOffset = offset, CommittedMetadata = "" });
        request.Topics.Add(topic);
        return (ErrorCode)client.Call<OffsetCommitRequest, OffsetCommitResponse>(request, 8).Topics[0].Partitions[0].ErrorCode;
    }

    private static long Committed(TestClient client, string group, int partition)
    {
        OffsetFetchRequest request = new();
        OffsetFetchRequest.OffsetFetchRequestGroup wanted = new() { GroupId = group, Topics = [] };
        wanted.Topics.Add(new() { Name = "t", PartitionIndexes = [partition] });
        request.Groups.Add(wanted);
        OffsetFetchResponse.OffsetFetchResponseGroup answer =
            client.Call<OffsetFetchRequest, OffsetFetchResponse>(request, 8).Groups[0];
        Assert.Equal((short)0, answer.ErrorCode);
        return answer.Topics[0].Partitions[0].CommittedOffset;
    }
}
