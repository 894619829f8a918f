using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;
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
        client.FindGroup("g");
        JoinGroupResponse member = client.JoinGroup("g");
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
            Assert.Equal(ErrorCode.None, client.CommitOffset("g", p, 100 + p, member.GenerationId, member.MemberId));
        for (int p = 0; p < 4; p++) Assert.Equal(100 + p, node.Connect().Committed("g", p));
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
            client.FindGroup($"g{g}");
            for (int i = 0; i < 3; i++) Assert.Equal(ErrorCode.None, client.CommitOffset($"g{g}", 0, (10 * g) + i));
        }

        if (isClean) node.Stop();
        else node.Kill();
        node.Start();
        node.Run();
        for (int g = 0; g < 6; g++) Assert.Equal((10 * g) + 2, node.Connect().Committed($"g{g}", 0));
    }

    [Fact]
    public void A_coordinator_that_is_still_loading_says_so()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        client.FindGroup("g");
        client.CommitOffset("g", 0, 7);
        node.Kill();
        node.HoldsDisk = op => op is LocateJob || op.GetType().Name == "ReadSliceJob"; // how a log is read at its election
        node.Start();
        Assert.True(node.IsReady);
        Assert.Equal(ErrorCode.CoordinatorLoadInProgress, node.Connect().CommitOffset("g", 0, 8));
        node.HoldsDisk = null;
        node.Run();
        Assert.Equal(7, node.Connect().Committed("g", 0));
        Assert.Equal(ErrorCode.None, node.Connect().CommitOffset("g", 0, 8));
    }

    [Fact]
    public void A_client_that_leaves_while_it_waits_to_join_leaves_nothing_behind()
    {
        using TestNode node = new(2, 1, ("group.initial.rebalance.delay.ms", "3000"));
        TestClient client = node.Connect();
        client.FindGroup("g");
        client.Send(AskGroups.JoinOf("g", ""), 3);
        node.Run();
        client.Disconnect();
        node.Advance(60_000);
    }

    /// <summary>The answer to a member of a round lets its next request begin, which may not change the group while the round is
    /// being answered.</summary>
    [Fact]
    public void A_member_that_leaves_right_behind_its_join_leaves_when_the_round_is_over()
    {
        using TestNode node = new(1);
        TestClient one = node.Connect();
        TestClient two = node.Connect();
        one.FindGroup("g");
        string first = one.JoinGroup("g").MemberId;
        string second = two.Call<JoinGroupRequest, JoinGroupResponse>(AskGroups.JoinOf("g", ""), 7).MemberId;
        int joining = two.Send(AskGroups.JoinOf("g", second), 7);
        node.Run();
        int generation = one.Call<JoinGroupRequest, JoinGroupResponse>(AskGroups.JoinOf("g", first), 7).GenerationId;
        Assert.Equal(generation, two.Take<JoinGroupResponse>(joining, 7).GenerationId);
        SyncGroupRequest sync = new() { GroupId = "g", GenerationId = generation, MemberId = first };
        Assert.Equal((short)0, one.Call<SyncGroupRequest, SyncGroupResponse>(sync, 4).ErrorCode);
        LeaveGroupRequest leave = new() { GroupId = "g" };
        leave.Members.Add(new() { MemberId = first });
        int again = one.Send(AskGroups.JoinOf("g", first), 7);
        int leaving = one.Send(leave, 3);
        node.Run();
        Assert.Equal(0, one.AnswerCount);
        joining = two.Send(AskGroups.JoinOf("g", second), 7);
        node.Run();
        Assert.Equal(generation + 1, one.Take<JoinGroupResponse>(again, 7).GenerationId);
        Assert.Equal((short)0, one.Take<LeaveGroupResponse>(leaving, 3).ErrorCode);
        Assert.Equal(generation + 1, two.Take<JoinGroupResponse>(joining, 7).GenerationId);
        HeartbeatRequest beat = new() { GroupId = "g", GenerationId = generation + 1, MemberId = second };
        Assert.Equal(ErrorCode.RebalanceInProgress, (ErrorCode)two.Call<HeartbeatRequest, HeartbeatResponse>(beat, 4).ErrorCode);
    }

    [Fact]
    public void The_properties_of_groups_hold()
    {
        using TestNode node = new(
            2, 1, ("group.max.size", "1"), ("group.min.session.timeout.ms", "7000"),
            ("group.max.session.timeout.ms", "8000"), ("offset.metadata.max.bytes", "3"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        Assert.Equal(ErrorCode.InvalidSessionTimeout, JoinFor(client, 6_999));
        Assert.Equal(ErrorCode.InvalidSessionTimeout, JoinFor(client, 8_001));
        Assert.Equal(ErrorCode.None, JoinFor(client, 7_000));
        Assert.Equal(ErrorCode.GroupMaxSizeReached, JoinFor(client, 8_000));
        OffsetCommitRequest commit = AskGroups.CommitOf("other", 0, 7);
        commit.Topics[0].Partitions[0].CommittedMetadata = "long";
        client.FindGroup("other");
        OffsetCommitResponse answer = client.Call<OffsetCommitRequest, OffsetCommitResponse>(commit, 8);
        Assert.Equal(ErrorCode.OffsetMetadataTooLarge, AskGroups.Error(answer));
    }

    [Fact]
    public void Offsets_and_their_group_end_with_their_retention()
    {
        using TestNode node = new(
            2, 1, ("offsets.retention.minutes", "2"), ("offsets.retention.check.interval.ms", "10000"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 7));
        node.Advance(119_000);
        Assert.Equal(7, client.Committed("g", 0));
        node.Advance(12_000);
        Assert.Equal(-1, client.Committed("g", 0));
        DescribeGroupsResponse gone = client.Call<DescribeGroupsRequest, DescribeGroupsResponse>(new() { Groups = ["g"] }, 6);
        Assert.Equal(ErrorCode.GroupIdNotFound, (ErrorCode)gone.Groups[0].ErrorCode);
        node.Kill();
        node.Start();
        node.Run();
        Assert.Equal(-1, node.Connect().Committed("g", 0));
    }

    private static ErrorCode JoinFor(TestClient client, int sessionTimeoutMs)
    {
        JoinGroupRequest request = AskGroups.JoinOf("g", "");
        request.SessionTimeoutMs = sessionTimeoutMs;
        return (ErrorCode)client.Call<JoinGroupRequest, JoinGroupResponse>(request, 3).ErrorCode;
    }

    /// <summary>Pieces of offsets.load.buffer.size, or one batch where that is longer.</summary>
    [Theory]
    [InlineData("1", 20)]
    [InlineData("5242880", 1)]
    public void A_coordinator_loads_its_log_piece_by_piece(string bufferBytes, int pieces)
    {
        using TestNode node = new(1, 1, ("offsets.load.buffer.size", bufferBytes), ("offsets.topic.num.partitions", "1"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        for (int i = 0; i < 20; i++) Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, i));
        node.Kill();
        HashSet<DiskOp> counted = [];
        node.HoldsDisk = op =>
        {
            if (op.GetType().Name == "ReadSliceJob") counted.Add(op);
            return false;
        };
        node.Start();
        node.Run();
        // Once for the epoch that the log had, and once for the one that begins with this start.
        Assert.Equal(2 * pieces, counted.Count);
        Assert.Equal(19, node.Connect().Committed("g", 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_deleted_topic_takes_its_offsets_with_it(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        for (int g = 0; g < 6; g++)
        {
            client.FindGroup($"g{g}");
            Assert.Equal(ErrorCode.None, client.CommitOffset($"g{g}", 1, 7));
        }

        client.DeleteTopic("t");
        node.Run();
        client.CreateTopic("t", 2);
        for (int g = 0; g < 6; g++) Assert.Equal(-1, client.Committed($"g{g}", 1));
        // What is committed for the new topic stays.
        Assert.Equal(ErrorCode.None, client.CommitOffset("g0", 1, 8));
        node.Kill();
        node.Start();
        node.Run();
        Assert.Equal(8, node.Connect().Committed("g0", 1));
        Assert.Equal(-1, node.Connect().Committed("g1", 1));
    }

    /// <summary>A process that dies between the deletion and its tombstones: the offsets are in the log, but those of
    /// another topic.</summary>
    [Fact]
    public void Offsets_of_a_topic_that_is_gone_are_not_those_of_the_next()
    {
        using TestNode node = new(2) { InlineAppends = 0 };
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 7));
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/__consumer_offsets-", StringComparison.Ordinal);
        client.DeleteTopic("t");
        node.Run();
        node.Kill();
        node.HoldsDisk = null;
        node.Start();
        client = node.Connect();
        Uuid id = client.CreateTopic("t");
        OffsetFetchRequest request = new();
        OffsetFetchRequest.OffsetFetchRequestGroup wanted = new() { GroupId = "g", Topics = [] };
        wanted.Topics.Add(new() { TopicId = id, PartitionIndexes = [0] });
        request.Groups.Add(wanted);
        OffsetFetchResponse answer = client.Call<OffsetFetchRequest, OffsetFetchResponse>(request, 10);
        Assert.Equal(-1, answer.Groups[0].Topics[0].Partitions[0].CommittedOffset);
        Assert.Equal((short)0, answer.Groups[0].Topics[0].Partitions[0].ErrorCode);
    }

    [Theory]
    [InlineData(CompressionCodec.None)]
    [InlineData(CompressionCodec.Gzip)]
    [InlineData(CompressionCodec.Zstd)]
    public void The_topic_of_offsets_is_made_and_written_as_its_properties_say(CompressionCodec codec)
    {
        using TestNode node = new(
            1, 1, ("offsets.topic.num.partitions", "3"), ("offsets.topic.segment.bytes", "2097152"),
            ("offsets.topic.compression.codec", $"{(int)codec}"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 7));
        int partition = 'g' % 3; // by the name's Java hash
        Assert.True(node.Exists($"{TestNode.Data}/__consumer_offsets-2"));
        Assert.False(node.Exists($"{TestNode.Data}/__consumer_offsets-3"));

        DescribeConfigsRequest describe = new();
        describe.Resources.Add(new() { ResourceType = 2, ResourceName = "__consumer_offsets", ConfigurationKeys = null });
        DescribeConfigsResponse described = client.Call<DescribeConfigsRequest, DescribeConfigsResponse>(describe, 4);
        SortedDictionary<string, string?> configs = new(StringComparer.Ordinal);
        foreach (DescribeConfigsResponse.DescribeConfigsResourceResult c in described.Results[0].Configs) configs[c.Name] = c.Value;
        Assert.Equal("compact", configs["cleanup.policy"]);
        Assert.Equal("producer", configs["compression.type"]);
        Assert.Equal("2097152", configs["segment.bytes"]);

        byte[] records = client.FetchOne("__consumer_offsets", partition, 0).Records!; // holds the commit
        Assert.Equal(codec, new RecordBatchEnumerator(records) is var batches && batches.MoveNext() ? batches.Current.Codec : default);
        node.Kill();
        node.Start();
        node.Run();
        Assert.Equal(7, node.Connect().Committed("g", 0));
    }
}
