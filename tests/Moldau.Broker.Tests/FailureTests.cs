using Moldau.Base;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class FailureTests
{
    [Theory]
    [InlineData(DiskError.Io, 1)]
    [InlineData(DiskError.NoSpace, 1)]
    [InlineData(DiskError.Io, 2)]
    public void A_failed_append_takes_its_directory_offline_and_the_other_goes_on(DiskError error, int shards)
    {
        using TestNode node = new(shards, 1, ("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta"));
        TestClient client = node.Connect();
        client.CreateTopic("t", 4);
        node.Run();
        string broken = node.Exists("/d1/t-0") ? "/d1" : "/d2";
        int[] lost = [.. Enumerable.Range(0, 4).Where(p => node.Exists($"{broken}/t-{p}"))];
        Assert.InRange(lost.Length, 1, 3);
        node.Probe.Fails = (call, path) =>
            call == "pwrite" && path.StartsWith($"{broken}/t-0/", StringComparison.Ordinal) ? error : DiskError.None;

        Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)client.Produce("t", 0, Ask.Batch("a")).ErrorCode);
        node.Advance(100);
        Assert.Null(node.Halted);
        for (int p = 0; p < 4; p++)
        {
            ErrorCode answer = (ErrorCode)client.Produce("t", p, Ask.Batch("b")).ErrorCode;
            if (lost.Contains(p)) Assert.True(answer is ErrorCode.KafkaStorageError or ErrorCode.NotLeaderOrFollower, $"{p}: {answer}");
            else Assert.Equal(ErrorCode.None, answer);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_disk_that_is_almost_full_refuses_records_until_there_is_room(int shards)
    {
        using TestNode node = new(
            shards, 1, ("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta"), ("moldau.disk.reserve.bytes", "1000000"));
        TestClient client = node.Connect();
        client.CreateTopic("t", 4);
        string full = node.Exists("/d1/t-0") ? "/d1" : "/d2";
        Assert.Equal(0, client.Produced("t", 0, "a"));
        long free = 999_000;
        node.Probe.Free = path => path == full ? free : 1L << 39;
        node.Advance(2000);
        // What was measured last still counts while the disk is asked anew.
        for (int p = 0; p < 4; p++) client.Produce("t", p, Ask.Batch("b"));
        node.Advance(100);
        long end = client.ReadAll("t", 0).Count;

        Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)client.Produce("t", 0, Ask.Batch("c")).ErrorCode);
        for (int p = 1; p < 4; p++)
        {
            ErrorCode answer = (ErrorCode)client.Produce("t", p, Ask.Batch("c")).ErrorCode;
            Assert.Equal(node.Exists($"{full}/t-{p}") ? ErrorCode.KafkaStorageError : ErrorCode.None, answer);
        }

        Assert.Equal(["a"], client.ReadAll("t", 0)[..1]);
        client.CreateTopic("u", 4);
        node.Advance(100);
        for (int p = 0; p < 4; p++) Assert.False(node.Exists($"{full}/u-{p}"), $"u-{p} is on the full disk");
        free = 1L << 39;
        node.Advance(2000);
        client.Produce("t", 0, Ask.Batch("c"));
        node.Advance(100);
        Assert.Equal(end, client.Produced("t", 0, "d"));
        Assert.Null(node.Halted);
        Assert.Contains(node.LogLines, l => l.Contains("is almost full", StringComparison.Ordinal));
        Assert.Contains(node.LogLines, l => l.Contains("has room again", StringComparison.Ordinal));
    }

    [Fact]
    public void A_directory_that_failed_is_not_marked_clean()
    {
        using TestNode node = new(1, 1, ("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta"));
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        string broken = node.Exists("/d1/t-0") ? "/d1" : "/d2";
        node.Probe.Fails = (call, path) =>
            call == "pwrite" && path.StartsWith($"{broken}/t-0/", StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
        client.Produce("t", 0, Ask.Batch("a"));
        node.Probe.Fails = null;
        client.Disconnect();
        node.Advance(100);
        node.Stop();
        node.Start();
        Assert.Equal([broken != "/d1", broken != "/d2"], node.Boot.Directories.Select(d => d.IsClean));
        Assert.Equal(0, node.Connect().Produced("t", 0, "b"));
    }

    /// <summary>The folder of the deleted topic is still in the directory that failed, and the new one's in another: the
    /// start finds the name twice, and takes the one with the topic's id.</summary>
    [Fact]
    public void A_topic_made_again_while_a_directory_was_offline_keeps_its_records_when_that_is_back()
    {
        using TestNode node = new(1, 1, ("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        Assert.True(node.Exists("/d1/t-0"));
        Assert.Equal(0, client.Produced("t", 0, "of the deleted topic"));
        node.Probe.Fails = (_, path) => path.StartsWith("/d1/", StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
        client.Produce("t", 0, Ask.Batch("lost"));
        node.Advance(100);
        MakeAgainElsewhereAndKill(node, client);
        node.Probe.Fails = null;
        Assert.Equal(2, node.Connect().Produced("t", 0, "c"));
    }

    /// <summary>The folder that a failing directory kept has no partition.metadata and no records: the other one is the
    /// replica's.</summary>
    [Fact]
    public void A_replica_whose_making_failed_is_not_taken_for_the_one_that_was_made_elsewhere()
    {
        using TestNode node = new(1, 1, ("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta"));
        TestClient client = node.Connect();
        node.Probe.Fails = (call, path) =>
            call == "open" && path.StartsWith("/d1/t-0/partition.metadata", StringComparison.Ordinal)
                ? DiskError.NoSpace : DiskError.None;
        client.CreateTopic("t");
        node.Advance(100);
        Assert.True(node.Exists("/d1/t-0"));
        MakeAgainElsewhereAndKill(node, client);
        Assert.Equal(2, node.Connect().Produced("t", 0, "c"));
    }

    /// <summary>Damage cut the log below its recovery point: the next start would believe the checkpoint once the log has grown
    /// to it, whatever was flushed by then.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_log_that_ends_below_its_recovery_point_is_not_appended_to_before_the_checkpoint_says_so(int shards)
    {
        using TestNode node = new(shards, 1, ("metadata.log.dir", "/meta"));
        node.Connect().CreateTopic("t", 2);
        for (int i = 0; i < 3; i++) node.Connect().Produced("t", 0, $"{i}");
        node.Connect().Produced("t", 1, "other");
        node.Stop();
        node.Start();
        node.Kill();
        string path = $"{TestNode.Data}/t-0/{LogFileNames.Of(0, LogFileNames.Log)}";
        using (IDiskFile file = node.Disk.OpenSession().Open(path, DiskOpenMode.ReadWrite)) file.SetLength(file.Length - 1);
        node.Start();
        Assert.Equal(2, node.Connect().Produced("t", 0, "c"));
        byte[]? checkpoint = DiskFiles.ReadWhole(node.Probe, $"{TestNode.Data}/{LogFileNames.RecoveryPointCheckpoint}");
        SortedDictionary<TopicPartition, long>? points = OffsetCheckpoint.TryDecode(checkpoint);
        Assert.Equal((2, 1), (points![new("t", 0)], points[new("t", 1)])); // what is not damaged can be read
        Assert.Equal(["0", "1", "c"], node.Connect().ReadAll("t", 0));
        node.Stop();
        node.Start();
        Assert.Equal(["0", "1", "c"], node.Connect().ReadAll("t", 0));
    }

    [Fact]
    public void A_failed_sync_fences_the_directory_for_good()
    {
        using TestNode node = new(1, 1, ("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta"));
        TestClient client = node.Connect();
        client.CreateTopic("t", 2, ("moldau.acknowledge", "fsync"));
        string broken = node.Exists("/d1/t-0") ? "/d1" : "/d2";
        int failures = 0;
        node.Probe.Fails = (call, path) =>
            call == "fdatasync" && path.StartsWith($"{broken}/t-0/", StringComparison.Ordinal) && failures++ == 0
                ? DiskError.Io : DiskError.None;
        Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)client.Produce("t", 0, Ask.Batch("a")).ErrorCode);
        node.Advance(100);
        ErrorCode again = (ErrorCode)client.Produce("t", 0, Ask.Batch("a")).ErrorCode;
        Assert.True(again is ErrorCode.KafkaStorageError or ErrorCode.NotLeaderOrFollower, $"{again}");
        Assert.Equal(1, failures);
        Assert.Equal(0, client.Produced("t", 1, "a"));
    }

    [Fact]
    public void The_last_log_directory_takes_the_node_with_it()
    {
        using TestNode node = new(2, 1, ("metadata.log.dir", "/meta"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        node.Probe.Fails = (call, path) => call == "pwrite" && path.Contains("/t-0/", StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
        client.Send(Ask.ProduceOf("t", -1, (0, Ask.Batch("a"))), 12);
        node.Run();
        Assert.Contains("all log directories have failed", node.Halted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_metadata_log_that_cannot_be_written_ends_the_node()
    {
        using TestNode node = new(1, 1, ("metadata.log.dir", "/meta"));
        node.Probe.Fails = (call, path) =>
            call is "pwrite" or "fdatasync" && path.Contains("__cluster_metadata-0/", StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
        CreateTopicsRequest request = new() { TimeoutMs = 1000 };
        request.Topics.Add(new() { Name = "t", NumPartitions = 1, ReplicationFactor = 1 });
        node.Connect().Send(request, 7);
        node.Run();
        Assert.Contains("metadata log", node.Halted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_process_killed_at_any_call_of_its_start_starts_the_next_time(int seed)
    {
        for (int call = 0; call < 60; call += seed + 2)
        {
            using TestNode node = new(2, (ulong)seed);
            node.Connect().CreateTopic("t", 2);
            node.Connect().Produced("t", 0, "a");
            node.Kill();
            node.Disk.CrashAt(call);
            try
            {
                node.Start();
            }
            catch (Moldau.Sim.SimCrashException)
            {
                node.Kill();
                node.Disk.Heal();
                node.Start();
            }

            node.Disk.Heal();
            Assert.Equal(["a"], node.Connect().ReadAll("t", 0));
        }
    }

    /// <summary>The topic is made again, in the other directory, and gets two records before the process is killed and started.</summary>
    private static void MakeAgainElsewhereAndKill(TestNode node, TestClient client)
    {
        client.DeleteTopic("t");
        node.Run();
        client.CreateTopic("t");
        node.Run();
        Assert.True(node.Exists("/d2/t-0"));
        Assert.Equal(0, client.Produced("t", 0, "a", "b"));
        node.Kill();
        node.Start();
    }
}
