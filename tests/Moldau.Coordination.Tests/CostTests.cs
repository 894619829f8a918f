using Moldau.Protocol;

namespace Moldau.Coordination.Tests;

/// <summary>Heartbeats are the coordinator's bulk; large groups must not cost the square of their size.</summary>
public sealed class CostTests
{
    [Fact]
    public void Heartbeat_OfThousandGroups_AllocatesOnlyTheAnswer()
    {
        GroupWorld world = new(GroupWorld.DefaultOptions with { InitialRebalanceDelayMs = 0 });
        List<HeartbeatRequest> heartbeats = [];
        for (int g = 0; g < 1000; g++) heartbeats.AddRange(Filled(world, $"g{g}", members: 10));
        int errors = 0;
        Action<HeartbeatResponse> done = r => errors += r.ErrorCode == 0 ? 0 : 1;
        foreach (HeartbeatRequest heartbeat in heartbeats) world.Shard.Heartbeat(heartbeat, done);
        int timers = world.TimerCount;

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 10; round++)
            foreach (HeartbeatRequest heartbeat in heartbeats) world.Shard.Heartbeat(heartbeat, done);
        long perHeartbeat = (GC.GetAllocatedBytesForCurrentThread() - before) / (10 * heartbeats.Count);

        Assert.Equal(0, errors);
        Assert.Equal(SizeOfAnswer(), perHeartbeat);
        Assert.Equal(timers, world.TimerCount);
    }

    [Fact]
    public void Timers_OfHeartbeatingMembers_DoNotPileUp()
    {
        GroupWorld world = new(GroupWorld.DefaultOptions with { InitialRebalanceDelayMs = 0 });
        int most = 0;
        for (int round = 0; round < 200; round++)
        {
            List<HeartbeatRequest> heartbeats = Filled(world, "g" + round, members: 2);
            for (int beat = 0; beat < 5; beat++)
            {
                foreach (HeartbeatRequest heartbeat in heartbeats) world.Shard.Heartbeat(heartbeat, _ => { });
                world.Advance(3000);
            }

            most = Math.Max(most, world.TimerCount);
        }

        // Sessions are 10 s, so members of some two rounds are alive; the rest is the group's own timers.
        Assert.InRange(most, 1, 200);
    }

    [Fact]
    public void LargeGroup_JoinsAndDissolves_InLinearSteps()
    {
        // 20,000 members: were any step linear in the group, this would be 400 million of them, several times over.
        GroupWorld world = new();
        List<string> ids = [];
        for (int i = 0; i < 20_000; i++)
            world.Shard.Join(Joining("big", ""), 3, new GroupCaller("c", "/127.0.0.1"), r => ids.Add(r.MemberId));
        world.Advance(7_000);
        Assert.Equal(20_000, ids.Distinct().Count());

        int left = 0;
        LeaveGroupRequest leave = new() { GroupId = "big" };
        foreach (string id in ids) leave.Members.Add(new() { MemberId = id });
        world.Shard.Leave(leave, 5, r => left = r.Members.Count(m => m.ErrorCode == 0));
        world.Settle();
        Assert.Equal(20_000, left);
        Assert.Equal(ClassicGroupState.Empty, world.Shard.ClassicGroups.Single().State);
    }

    private static long SizeOfAnswer()
    {
        HeartbeatResponse[] answers = new HeartbeatResponse[100];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < answers.Length; i++) answers[i] = new HeartbeatResponse();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / answers.Length;
    }

    private static JoinGroupRequest Joining(string group, string memberId)
    {
        JoinGroupRequest request = new()
        {
            GroupId = group,
            MemberId = memberId,
            SessionTimeoutMs = 10_000,
            RebalanceTimeoutMs = 20_000,
            ProtocolType = "consumer",
        };
        request.Protocols.Add(new() { Name = "range", Metadata = Subscriptions.To("t") });
        return request;
    }

    /// <summary>A stable group; gives the heartbeats of its members.</summary>
    private static List<HeartbeatRequest> Filled(GroupWorld world, string group, int members)
    {
        List<JoinGroupResponse> joined = [];
        for (int i = 0; i < members; i++)
            world.Shard.Join(Joining(group, ""), 3, new GroupCaller("c", "/127.0.0.1"), joined.Add);
        world.Advance(0);
        Assert.Equal(members, joined.Count);
        List<HeartbeatRequest> heartbeats = [];
        foreach (JoinGroupResponse member in joined.OrderBy(j => j.Members.Count))
        {
            SyncGroupRequest sync = new() { GroupId = group, MemberId = member.MemberId, GenerationId = member.GenerationId };
            world.Shard.Sync(sync, 4, _ => { });
            heartbeats.Add(new() { GroupId = group, MemberId = member.MemberId, GenerationId = member.GenerationId });
        }

        world.Settle();
        return heartbeats;
    }
}
