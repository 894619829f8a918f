using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker.Tests;

/// <summary>Whoever reaches the controller listener may speak as a voter, a broker or an administrator. The node serves on,
/// or again after a heartbeat, and loses nothing.</summary>
public sealed class StrangerTests
{
    private const string Metadata = "__cluster_metadata";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(int.MaxValue - 1)]
    [InlineData(int.MaxValue)]
    public void A_vote_for_a_later_epoch_does_not_end_the_lead_of_the_only_voter(int ahead)
    {
        using TestNode node = new();
        TestClient stranger = Stranger(node);
        int epoch = Epoch(node);
        foreach (bool isPreVote in new[] { true, false })
        {
            VoteRequest vote = new() { ClusterId = node.Boot.ClusterId, VoterId = 1 };
            VoteRequest.TopicData topic = new() { TopicName = Metadata };
            topic.Partitions.Add(new()
            {
                ReplicaEpoch = ahead == int.MaxValue ? ahead : Math.Min(int.MaxValue - epoch, ahead) + epoch,
                ReplicaId = 9,
                LastOffset = long.MaxValue,
                LastOffsetEpoch = epoch,
                PreVote = isPreVote,
            });
            vote.Topics.Add(topic);
            VoteResponse.PartitionData answer = stranger.Call<VoteRequest, VoteResponse>(vote, 2).Topics[0].Partitions[0];
            Assert.Equal((short)ErrorCode.InconsistentVoterSet, answer.ErrorCode);
            Assert.Equal((1, epoch, false), (answer.LeaderId, answer.LeaderEpoch, answer.VoteGranted));
            node.Connect().CreateTopic($"t{isPreVote}");
        }

        Assert.Equal(epoch, Epoch(node));
    }

    [Theory]
    [InlineData(9, 0)]
    [InlineData(9, 5)]
    [InlineData(1, 5)]
    public void A_claim_to_lead_is_refused_and_nothing_is_fetched_from_who_makes_it(int leader, int ahead)
    {
        using TestNode node = new();
        TestClient stranger = Stranger(node);
        int epoch = Epoch(node);
        BeginQuorumEpochRequest begin = new() { ClusterId = node.Boot.ClusterId, VoterId = 1 };
        BeginQuorumEpochRequest.TopicData topic = new() { TopicName = Metadata };
        topic.Partitions.Add(new() { LeaderId = leader, LeaderEpoch = epoch + ahead });
        begin.Topics.Add(topic);
        begin.LeaderEndpoints.Add(new() { Name = "CONTROLLER", Host = "127.0.0.1", Port = 1 });
        EndQuorumEpochRequest end = new() { ClusterId = node.Boot.ClusterId };
        EndQuorumEpochRequest.TopicData ended = new() { TopicName = Metadata };
        ended.Partitions.Add(new() { LeaderId = leader, LeaderEpoch = epoch + ahead });
        end.Topics.Add(ended);
        Assert.Equal(
            (short)ErrorCode.InconsistentVoterSet,
            stranger.Call<BeginQuorumEpochRequest, BeginQuorumEpochResponse>(begin, 1).Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(
            (short)ErrorCode.InconsistentVoterSet,
            stranger.Call<EndQuorumEpochRequest, EndQuorumEpochResponse>(end, 1).Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(epoch, Epoch(node));
        node.Connect().CreateTopic("t");
    }

    [Fact]
    public void A_stranger_that_has_read_the_log_does_not_become_a_voter()
    {
        using TestNode node = new();
        TestClient stranger = Stranger(node);
        Uuid directory = new(7, 7);
        DescribeQuorumResponse.PartitionData quorum = Quorum(node);
        FetchRequest fetch = new() { ClusterId = node.Boot.ClusterId, ReplicaState = new() { ReplicaId = 9 } };
        FetchRequest.FetchTopic topic = new() { TopicId = Uuid.MetadataTopic };
        topic.Partitions.Add(new()
        {
            CurrentLeaderEpoch = quorum.LeaderEpoch,
            FetchOffset = quorum.HighWatermark,
            LastFetchedEpoch = quorum.LeaderEpoch,
            ReplicaDirectoryId = directory,
        });
        fetch.Topics.Add(topic);
        Assert.Equal(0, stranger.Call<FetchRequest, FetchResponse>(fetch, 17).Responses[0].Partitions[0].ErrorCode);
        AddRaftVoterRequest add = new() { ClusterId = node.Boot.ClusterId, VoterId = 9, VoterDirectoryId = directory };
        add.Listeners.Add(new() { Name = "CONTROLLER", Host = "127.0.0.1", Port = 1 });
        Assert.Equal((short)ErrorCode.RequestTimedOut, stranger.Call<AddRaftVoterRequest, AddRaftVoterResponse>(add, 1).ErrorCode);
        Assert.Single(Quorum(node).CurrentVoters);
        node.Connect().CreateTopic("t");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_snapshot_fetched_from_anywhere_costs_an_error_only(long position)
    {
        using TestNode node = new();
        foreach (int maxBytes in new[] { int.MinValue, 0, int.MaxValue })
        {
            foreach (long offset in new[] { long.MinValue, -1, 0, 5, long.MaxValue })
            {
                FetchSnapshotRequest fetch = new() { ReplicaId = 9, MaxBytes = maxBytes };
                FetchSnapshotRequest.TopicSnapshot topic = new() { Name = Metadata };
                topic.Partitions.Add(new()
                {
                    CurrentLeaderEpoch = Epoch(node),
                    SnapshotId = new() { EndOffset = offset, Epoch = -3 },
                    Position = position,
                });
                fetch.Topics.Add(topic);
                FetchSnapshotResponse answer = Stranger(node).Call<FetchSnapshotRequest, FetchSnapshotResponse>(fetch, 1);
                Assert.NotEqual(0, answer.Topics[0].Partitions[0].ErrorCode);
            }
        }

        Assert.Null(node.Halted);
    }

    [Theory]
    [InlineData(1, true, false)]
    [InlineData(2, true, false)]
    [InlineData(1, false, true)]
    [InlineData(4, false, true)]
    public void A_broker_that_a_stranger_fences_or_shuts_down_is_back_and_has_lost_nothing(int shards, bool wantFence, bool wantShutDown)
    {
        using TestNode node = new(shards);
        node.Connect().CreateTopic("t", 4);
        for (int p = 0; p < 4; p++) node.Connect().Produced("t", p, "a");
        BrokerHeartbeatRequest heartbeat = new()
        {
            BrokerId = 1,
            BrokerEpoch = BrokerEpoch(node),
            CurrentMetadataOffset = 1_000_000,
            WantFence = wantFence,
            WantShutDown = wantShutDown,
        };
        Assert.Equal(0, Stranger(node).Call<BrokerHeartbeatRequest, BrokerHeartbeatResponse>(heartbeat, 2).ErrorCode);
        AssertServesAgain(node);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_broker_that_a_stranger_unregisters_registers_again_and_has_lost_nothing(int shards)
    {
        using TestNode node = new(shards);
        node.Connect().CreateTopic("t", 4);
        for (int p = 0; p < 4; p++) node.Connect().Produced("t", p, "a");
        long epoch = BrokerEpoch(node);
        Assert.Equal(0, Stranger(node).Call<UnregisterBrokerRequest, UnregisterBrokerResponse>(new() { BrokerId = 1 }, 0).ErrorCode);
        AssertServesAgain(node);
        Assert.True(BrokerEpoch(node) > epoch);
    }

    [Fact]
    public void A_stranger_with_this_brokers_id_is_refused_while_this_broker_is_alive_and_outlived_where_it_got_in()
    {
        using TestNode node = new();
        node.Connect().CreateTopic("t", 4);
        for (int p = 0; p < 4; p++) node.Connect().Produced("t", p, "a");
        TestClient stranger = Stranger(node);
        BrokerRegistrationRequest registration = new() { BrokerId = 1, ClusterId = node.Boot.ClusterId, IncarnationId = new(5, 5) };
        registration.LogDirs.Add(new(5, 6));
        registration.Listeners.Add(new() { Name = "PLAINTEXT", Host = "127.0.0.1", Port = 1 });
        foreach (SupportedFeature feature in SupportedFeatures.All)
            registration.Features.Add(new() { Name = feature.Name, MinSupportedVersion = feature.Min, MaxSupportedVersion = feature.Max });
        Assert.Equal(
            (short)ErrorCode.DuplicateBrokerRegistration,
            stranger.Call<BrokerRegistrationRequest, BrokerRegistrationResponse>(registration, 4).ErrorCode);
        stranger.Call<UnregisterBrokerRequest, UnregisterBrokerResponse>(new() { BrokerId = 1 }, 0);
        BrokerRegistrationResponse taken = stranger.Call<BrokerRegistrationRequest, BrokerRegistrationResponse>(registration, 4);
        Assert.Equal(0, taken.ErrorCode);
        BrokerHeartbeatRequest heartbeat = new() { BrokerId = 1, BrokerEpoch = taken.BrokerEpoch, CurrentMetadataOffset = 1_000_000 };
        Assert.False(stranger.Call<BrokerHeartbeatRequest, BrokerHeartbeatResponse>(heartbeat, 2).IsFenced);
        node.Advance(5_000);
        Assert.Equal(taken.BrokerEpoch, BrokerEpoch(node));
        AssertServesAgain(node);
    }

    /// <summary>Within two sessions, with all that was acknowledged; and a clean stop is still one.</summary>
    private static void AssertServesAgain(TestNode node)
    {
        node.Advance(20_000);
        Assert.Null(node.Halted);
        for (int p = 0; p < 4; p++)
        {
            Assert.Equal(1, node.Connect().Produced("t", p, "b"));
            Assert.Equal(["a", "b"], node.Connect().ReadAll("t", p));
        }

        node.Stop();
        node.Start();
        Assert.True(node.Boot.Directories[0].IsClean);
        for (int p = 0; p < 4; p++) Assert.Equal(["a", "b"], node.Connect().ReadAll("t", p));
    }

    private static TestClient Stranger(TestNode node) => node.Connect(MachineId.Control, "CONTROLLER");

    /// <summary>What anyone finds out who tries: the epoch that is not stale. −1: not registered.</summary>
    private static long BrokerEpoch(TestNode node)
    {
        for (long epoch = 0; epoch < 200; epoch++)
        {
            BrokerHeartbeatRequest heartbeat = new() { BrokerId = 1, BrokerEpoch = epoch };
            if (Stranger(node).Call<BrokerHeartbeatRequest, BrokerHeartbeatResponse>(heartbeat, 2).ErrorCode == 0) return epoch;
        }

        return -1;
    }

    private static int Epoch(TestNode node) => Quorum(node).LeaderEpoch;

    private static DescribeQuorumResponse.PartitionData Quorum(TestNode node)
    {
        DescribeQuorumRequest request = new();
        DescribeQuorumRequest.TopicData topic = new() { TopicName = Metadata };
        topic.Partitions.Add(new());
        request.Topics.Add(topic);
        DescribeQuorumResponse answer = Stranger(node).Call<DescribeQuorumRequest, DescribeQuorumResponse>(request, 2);
        Assert.Equal(0, answer.ErrorCode);
        return answer.Topics[0].Partitions[0];
    }
}
