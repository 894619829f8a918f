using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

/// <summary>What becomes of groups when their log fails, is late, or takes no records.</summary>
public sealed class CoordinatorFailureTests
{
    private static readonly (string, string)[] TwoDirectories =
        [("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta")];

    [Theory]
    [InlineData(1, 0.0)]
    [InlineData(1, 1.0)]
    [InlineData(3, 0.5)]
    public void A_coordinator_whose_append_fails_answers_all_that_wait_and_is_rebuilt_from_the_log(int shards, double inline)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            using TestNode node = new(shards, seed, TwoDirectories) { InlineAppends = inline };
            TestClient client = node.Connect();
            client.CreateTopic("t", 2);
            (string lost, string kept) = TwoGroups(node, client);
            JoinGroupResponse member = client.JoinGroup(lost);
            Assert.Equal(ErrorCode.None, (ErrorCode)member.ErrorCode);
            SyncGroupRequest sync = SyncOf(lost, member);
            Assert.Equal((short)0, client.Call<SyncGroupRequest, SyncGroupResponse>(sync, 4).ErrorCode);
            Assert.Equal(ErrorCode.None, client.CommitOffset(lost, 0, 10, member.GenerationId, member.MemberId));

            // The failure meets a commit that was decided, what was read after it, and a member that waits to join.
            TestClient joining = node.Connect(), committing = node.Connect(), reading = node.Connect();
            int joined = joining.Send(AskGroups.JoinOf(lost, ""), 3);
            node.Run();
            string log = LogOf(node, lost);
            node.HoldsDisk = op => op is AppendOp append && append.File.Path.StartsWith(log, StringComparison.Ordinal);
            int committed = committing.Send(AskGroups.CommitOf(lost, 0, 20, member.GenerationId, member.MemberId), 8);
            node.Run();
            int read = reading.Send(AskGroups.FetchOffsetsOf(lost, 0), 8);
            node.Run();
            Assert.Equal(0, joining.AnswerCount + committing.AnswerCount + reading.AnswerCount);
            node.Probe.Fails = (call, path) =>
                call == "pwrite" && path.StartsWith(log, StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
            node.HoldsDisk = null;
            node.Run();

            Assert.Equal(ErrorCode.NotCoordinator, AskGroups.Error(committing.Take<OffsetCommitResponse>(committed, 8)));
            Assert.Equal((short)ErrorCode.NotCoordinator, reading.Take<OffsetFetchResponse>(read, 8).Groups[0].ErrorCode);
            Assert.Equal((short)ErrorCode.NotCoordinator, joining.Take<JoinGroupResponse>(joined, 3).ErrorCode);
            Assert.Equal(ErrorCode.NotCoordinator, client.CommitOffset(lost, 0, 30));
            Assert.Equal(ErrorCode.None, client.CommitOffset(kept, 0, 40));

            node.Kill();
            node.Start();
            node.Run();
            client = node.Connect();
            Assert.Equal(10, client.Committed(lost, 0));
            Assert.Equal(40, client.Committed(kept, 0));
            HeartbeatRequest beat = new() { GroupId = lost, GenerationId = member.GenerationId, MemberId = member.MemberId };
            Assert.Equal((short)0, client.Call<HeartbeatRequest, HeartbeatResponse>(beat, 4).ErrorCode);
        }
    }

    [Fact]
    public void A_failed_sync_is_told_to_those_who_wait_for_it()
    {
        using TestNode node = new(1, 1, [.. TwoDirectories, ("moldau.acknowledge", "fsync")]);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        (string lost, string kept) = TwoGroups(node, client);
        Assert.Equal(ErrorCode.None, client.CommitOffset(lost, 0, 10));
        string log = LogOf(node, lost);
        node.Probe.Fails = (call, path) =>
            call == "fdatasync" && path.StartsWith(log, StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
        Assert.Equal(ErrorCode.NotCoordinator, client.CommitOffset(lost, 0, 20));
        Assert.Equal(ErrorCode.None, client.CommitOffset(kept, 0, 40));
    }

    [Fact]
    public void A_commit_that_is_late_is_told_so_after_its_timeout_and_counts_all_the_same()
    {
        using TestNode node = new(1, 1, ("offsets.commit.timeout.ms", "2000")) { InlineAppends = 0 };
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/__consumer_offsets-", StringComparison.Ordinal);
        TestClient other = node.Connect();
        int sent = client.Send(AskGroups.CommitOf("g", 0, 10), 8);
        node.Run();
        int listed = other.Send(new ListGroupsRequest(), 5);
        node.Advance(1_990);
        Assert.Equal(0, client.AnswerCount + other.AnswerCount);
        node.Advance(20);
        Assert.Equal(ErrorCode.CoordinatorNotAvailable, AskGroups.Error(client.Take<OffsetCommitResponse>(sent, 8)));
        // A list that lacks groups is none.
        ListGroupsResponse list = other.Take<ListGroupsResponse>(listed, 5);
        Assert.Equal((ErrorCode.CoordinatorNotAvailable, 0), ((ErrorCode)list.ErrorCode, list.Groups.Count));
        node.HoldsDisk = null;
        node.Run();
        Assert.Equal(10, client.Committed("g", 0));
    }

    /// <summary>More replicas than a partition has cannot be asked to be in sync: Apache Kafka takes the smaller number.</summary>
    [Fact]
    public void More_replicas_in_sync_than_there_are_is_as_many_as_there_are()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        client.SetConfig(2, "__consumer_offsets", "min.insync.replicas", "2");
        client.SetConfig(2, "t", "min.insync.replicas", "2");
        node.Run();
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 10));
        Assert.Equal(10, client.Committed("g", 0));
        Assert.Equal(ErrorCode.None, (ErrorCode)client.Produce("t", 0, Ask.Batch("taken")).ErrorCode);
    }

    [Fact]
    public void A_log_that_takes_no_records_is_told_in_a_coordinators_words()
    {
        (string config, string value, ErrorCode expected) = ("max.message.bytes", "100", ErrorCode.UnknownServerError);
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 10));
        client.SetConfig(2, "__consumer_offsets", config, value);
        node.Run();
        Assert.Equal(expected, client.CommitOffset("g", 0, 20));
        JoinGroupResponse join = client.Call<JoinGroupRequest, JoinGroupResponse>(AskGroups.JoinOf("another", ""), 7);
        Assert.Equal(expected, (ErrorCode)join.ErrorCode);
        Assert.Equal(10, client.Committed("g", 0));
    }

    /// <summary>Groups must go on reading while records are refused: half of the reserve is theirs, and no more.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Coordinators_may_use_half_of_the_reserve_and_get_the_rest_back_with_room(int shards)
    {
        using TestNode node = new(shards, 1, ("metadata.log.dir", "/meta"), ("moldau.disk.reserve.bytes", "1000000"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.FindGroup("g");
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 10));
        Assert.Equal(0, client.Produced("t", 0, "a"));
        long free = 999_000;
        node.Probe.Free = path => path == TestNode.Data ? free : 1L << 39;
        Measure();
        Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)client.Produce("t", 0, Ask.Batch("refused")).ErrorCode);
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 20));

        free = 499_000;
        Measure();
        Assert.Equal(ErrorCode.CoordinatorNotAvailable, client.CommitOffset("g", 0, 30));
        Assert.Equal(20, client.Committed("g", 0));

        free = 1L << 39;
        Measure();
        Assert.Equal(ErrorCode.None, client.CommitOffset("g", 0, 40));
        Assert.Equal(ErrorCode.None, (ErrorCode)client.Produce("t", 0, Ask.Batch("taken")).ErrorCode);
        Assert.Null(node.Halted);
        node.Kill();
        node.Start();
        node.Run();
        Assert.Equal(40, node.Connect().Committed("g", 0));

        // What was measured last counts while the disk is asked anew, and the shards ask at their appends.
        void Measure()
        {
            node.Advance(2_000);
            client.CommitOffset("asks", 0, 1);
            client.CommitOffset("g", 0, client.Committed("g", 0));
            client.Produce("t", 0, Ask.Batch("asks"));
            node.Advance(10);
        }
    }

    private static SyncGroupRequest SyncOf(string group, JoinGroupResponse member)
    {
        SyncGroupRequest sync = new() { GroupId = group, GenerationId = member.GenerationId, MemberId = member.MemberId };
        sync.Assignments.Add(new() { MemberId = member.MemberId, Assignment = [1] });
        return sync;
    }

    /// <summary>Two groups whose logs lie in different directories.</summary>
    private static (string, string) TwoGroups(TestNode node, TestClient client)
    {
        string[] groups = [.. Enumerable.Range(0, 8).Select(i => $"g{i}")];
        foreach (string group in groups) client.FindGroup(group);
        return (groups[0], groups.First(g => LogOf(node, g)[..3] != LogOf(node, groups[0])[..3]));
    }

    private static string LogOf(TestNode node, string group)
    {
        // Eight partitions; the Java hash of "g0" is 3241.
        string folder = $"__consumer_offsets-{(3241 + group[1] - '0') % 8}";
        return node.Exists($"/d1/{folder}") ? $"/d1/{folder}/" : $"/d2/{folder}/";
    }
}
