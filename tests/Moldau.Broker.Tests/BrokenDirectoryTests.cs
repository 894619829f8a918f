using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

/// <summary>Starts with one of several log directories out of order (docs/design/log-directories.md).</summary>
public sealed class BrokenDirectoryTests
{
    private const int Partitions = 6;

    private static (string, string)[] TwoDirectories => [("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta")];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void The_rest_is_served_and_nothing_is_made_in_place_of_what_is_out_of_reach(int shards, ulong seed)
    {
        using TestNode node = new(shards, seed, TwoDirectories);
        TestClient client = node.Connect();
        client.CreateTopic("t", Partitions);
        for (int p = 0; p < Partitions; p++) Assert.Equal(0, client.Produced("t", p, $"first {p}"));
        int[] lost = InDirectory(node, "/d2");
        Assert.InRange(lost.Length, 1, Partitions - 1);
        node.Kill();

        node.Disk.BreakDirectory("/d2", 0);
        node.Start();
        Assert.Null(node.Halted);
        Assert.Equal(["/d1"], node.Boot.Directories.Select(d => d.Path));
        Assert.Equal(["/d2"], node.Boot.Broken.Select(d => d.Path));
        client = node.Connect();
        for (int p = 0; p < Partitions; p++)
        {
            bool isLost = lost.Contains(p);
            Assert.Equal(isLost ? -1 : 1, Leader(node, "t", p));
            ErrorCode answer = (ErrorCode)client.Produce("t", p, Ask.Batch($"second {p}")).ErrorCode;
            Assert.Equal(isLost ? ErrorCode.KafkaStorageError : ErrorCode.None, answer);
            Assert.Equal(isLost ? ErrorCode.KafkaStorageError : ErrorCode.None, (ErrorCode)client.FetchOne("t", p, 0).ErrorCode);
            Assert.Equal(!isLost, node.Exists($"/d1/t-{p}"));
        }

        // What is new is made where it can be.
        client.CreateTopic("u", 2);
        for (int p = 0; p < 2; p++) Assert.Equal(0, client.Produced("u", p, "new"));
        Assert.Contains(node.LogLines, l => l.Contains("log directory /d2 is offline", StringComparison.Ordinal));
        node.Stop();

        node.Disk.Heal();
        node.Start();
        Assert.Empty(node.Boot.Broken);
        client = node.Connect();
        for (int p = 0; p < Partitions; p++)
        {
            string[] due = lost.Contains(p) ? [$"first {p}"] : [$"first {p}", $"second {p}"];
            Assert.Equal(due, client.ReadAll("t", p));
        }

        for (int p = 0; p < 2; p++) Assert.Equal(["new"], client.ReadAll("u", p));
    }

    /// <summary>An acknowledged record's directory is in the metadata, whenever the process dies.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_record_is_acknowledged_when_its_directory_is_known(ulong seed)
    {
        using TestNode node = new(2, seed, TwoDirectories);
        TestClient client = node.Connect();
        client.CreateTopic("t", Partitions);
        for (int p = 0; p < Partitions; p++)
        {
            client.Produced("t", p, "a");
            string directory = node.Exists($"/d1/t-{p}") ? "/d1" : "/d2";
            Assert.Equal(node.Boot.Directories.Single(d => d.Path == directory).DirectoryId, Assigned(node, "t", p));
        }
    }

    /// <summary>A directory that fails while the node runs costs its replicas the leadership, by the controller.</summary>
    [Fact]
    public void A_directory_that_fails_later_takes_the_leadership_of_its_replicas()
    {
        using TestNode node = new(2, 1, TwoDirectories);
        TestClient client = node.Connect();
        client.CreateTopic("t", Partitions);
        for (int p = 0; p < Partitions; p++) client.Produced("t", p, "a");
        int[] lost = InDirectory(node, "/d2");
        node.Probe.Fails = (_, path) => path.StartsWith("/d2/", StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
        client.Produce("t", lost[0], Ask.Batch("b"));
        node.Advance(100);
        for (int p = 0; p < Partitions; p++) Assert.Equal(lost.Contains(p) ? -1 : 1, Leader(node, "t", p));
        DescribeLogDirsResponse dirs = client.Call<DescribeLogDirsRequest, DescribeLogDirsResponse>(new() { Topics = null }, 4);
        Assert.Equal(["/d1 None", "/d2 KafkaStorageError"], dirs.Results.Select(r => $"{r.LogDir} {(ErrorCode)r.ErrorCode}"));
        client.Disconnect();
        node.Probe.Fails = null;
        node.Kill();
        node.Start();
        for (int p = 0; p < Partitions; p++) Assert.Equal("a", node.Connect().ReadAll("t", p)[0]);
    }

    [Fact]
    public void DescribeLogDirs_tells_of_the_directory_that_could_not_be_used()
    {
        using TestNode node = new(2, 1, TwoDirectories);
        node.Kill();
        node.Disk.BreakDirectory("/d2", 0);
        node.Start();
        DescribeLogDirsResponse dirs =
            node.Connect().Call<DescribeLogDirsRequest, DescribeLogDirsResponse>(new() { Topics = null }, 4);
        Assert.Equal(["/d1 None", "/d2 KafkaStorageError"], dirs.Results.Select(r => $"{r.LogDir} {(ErrorCode)r.ErrorCode}"));
        Assert.Equal(-1, dirs.Results[1].TotalBytes);
        node.Disk.Heal();
    }

    /// <summary>A topic that was deleted and made again while its directory was away leaves the old folder there.</summary>
    [Fact]
    public void A_topic_made_again_while_a_directory_was_away_has_its_own_records_when_that_is_back()
    {
        using TestNode node = new(2, 1, TwoDirectories);
        node.Connect().CreateTopic("t", Partitions);
        for (int p = 0; p < Partitions; p++) node.Connect().Produced("t", p, "of the deleted topic");
        node.Kill();
        node.Disk.BreakDirectory("/d2", 0);
        node.Start();
        TestClient client = node.Connect();
        client.DeleteTopic("t");
        node.Run();
        client.CreateTopic("t", Partitions);
        for (int p = 0; p < Partitions; p++) Assert.Equal(0, client.Produced("t", p, $"new {p}"));
        node.Kill();
        node.Disk.Heal();
        node.Start();
        client = node.Connect();
        for (int p = 0; p < Partitions; p++) Assert.Equal([$"new {p}"], client.ReadAll("t", p));
        for (int p = 0; p < Partitions; p++) Assert.Equal(1, client.Produced("t", p, "more"));
    }

    /// <summary>A folder whose making failed has no partition.metadata, and the one with the records is out of reach: the first is
    /// not taken for it.</summary>
    [Fact]
    public void A_folder_that_was_never_finished_is_not_taken_for_one_that_is_out_of_reach()
    {
        using TestNode node = new(1, 1, TwoDirectories);
        TestClient client = node.Connect();
        node.Probe.Fails = (call, path) =>
            call == "open" && path.StartsWith("/d1/t-0/partition.metadata", StringComparison.Ordinal)
                ? DiskError.NoSpace : DiskError.None;
        client.CreateTopic("t");
        node.Advance(100);
        Assert.True(node.Exists("/d1/t-0"));
        client.DeleteTopic("t");
        node.Run();
        client.CreateTopic("t");
        node.Run();
        Assert.Equal(0, client.Produced("t", 0, "a"));
        Assert.True(node.Exists("/d2/t-0"));
        node.Kill();
        node.Disk.BreakDirectory("/d2", 0);
        node.Start();
        Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)node.Connect().Produce("t", 0, Ask.Batch("b")).ErrorCode);
        node.Kill();
        node.Disk.Heal();
        node.Start();
        Assert.Equal(["a"], node.Connect().ReadAll("t", 0));
    }

    /// <summary>An operator took a directory apart: its folders are in another one now, and it is in log.dirs no more.</summary>
    [Fact]
    public void A_folder_that_was_moved_by_hand_is_used_where_it_is()
    {
        using TestNode node = new(1, 1, TwoDirectories);
        node.Connect().CreateTopic("t", Partitions);
        for (int p = 0; p < Partitions; p++) node.Connect().Produced("t", p, $"{p}");
        int[] moved = InDirectory(node, "/d2");
        node.Kill();
        IDisk disk = node.Disk.OpenSession();
        foreach (int p in moved.Skip(1)) disk.Rename($"/d2/t-{p}", $"/d1/t-{p}");
        node.Properties["log.dirs"] = "/d1";
        node.Start();
        TestClient client = node.Connect();
        for (int p = 0; p < Partitions; p++)
        {
            if (p != moved[0]) Assert.Equal([$"{p}"], client.ReadAll("t", p));
            else Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)client.FetchOne("t", p, 0).ErrorCode);
        }

        Assert.False(node.Exists($"/d1/t-{moved[0]}"));
    }

    /// <summary>Metadata of a node that knew nothing of assignment: what is not found may be in the directory that is away.</summary>
    [Fact]
    public void A_replica_of_which_nobody_knows_where_it_is_waits_for_the_directory_that_is_away()
    {
        using TestNode node = new(1, 1, TwoDirectories);
        TestClient client = node.Connect();
        // The process dies when the topic is committed and before any log is made.
        CreateTopicsRequest request = new() { TimeoutMs = 1000 };
        request.Topics.Add(new() { Name = "t", NumPartitions = Partitions, ReplicationFactor = 1 });
        node.HoldsDisk = op => op is LoadLogJob;
        client.Send(request, 7);
        node.Run();
        node.Kill();
        node.HoldsDisk = null;
        node.Disk.BreakDirectory("/d2", 0);
        node.Start();
        client = node.Connect();
        Assert.Equal(DirectoryIds.Unassigned, Assigned(node, "t", 0));
        Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)client.Produce("t", 0, Ask.Batch("a")).ErrorCode);
        Assert.False(node.Exists("/d1/t-0"));
        node.Kill();
        node.Disk.Heal();
        node.Start();
        for (int p = 0; p < Partitions; p++) Assert.Equal(0, node.Connect().Produced("t", p, "a"));
    }

    [Fact]
    public void A_directory_whose_identity_cannot_be_read_is_out_of_order()
    {
        using TestNode node = new(1, 1, TwoDirectories);
        node.Connect().CreateTopic("t", Partitions);
        int lost = InDirectory(node, "/d2")[0];
        node.Kill();
        IDisk disk = node.Disk.OpenSession();
        byte[] identity = DiskFiles.ReadWhole(disk, "/d2/meta.properties")!; // the node wrote it
        DiskFiles.WriteAtomically(disk, "/d2/meta.properties", "version=7\n"u8);
        node.Start();
        Assert.Equal(["/d2"], node.Boot.Broken.Select(d => d.Path));
        Assert.Equal(ErrorCode.KafkaStorageError, (ErrorCode)node.Connect().Produce("t", lost, Ask.Batch("a")).ErrorCode);
        node.Kill();
        DiskFiles.WriteAtomically(node.Disk.OpenSession(), "/d2/meta.properties", identity);
        node.Start();
        Assert.Equal(0, node.Connect().Produced("t", lost, "a"));
    }

    [Theory]
    [InlineData("/meta", "which has the metadata log")]
    [InlineData("/d", "no log directory can be used")]
    public void Without_the_metadata_or_any_log_directory_the_start_is_refused_in_words(string broken, string words)
    {
        using TestNode node = new(1, 1, TwoDirectories);
        node.Kill();
        ProbeDisk disk = new(node.Disk.OpenSession())
        {
            Fails = (_, path) => path.StartsWith(broken, StringComparison.Ordinal) ? DiskError.Io : DiskError.None,
        };
        BootException refusal = Assert.Throws<BootException>(() => NodeBoot.Run(disk, node.ConfigNow(), new Prng(9), 0));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>What cannot be read may belong to a cluster: it is not founded a second time beside it.</summary>
    [Fact]
    public void No_cluster_is_founded_beside_a_directory_that_cannot_be_read()
    {
        using TestNode node = new();
        node.Kill();
        node.Properties["log.dirs"] = "/data,/d2";
        node.Properties["metadata.log.dir"] = "/meta";
        node.Disk.BreakDirectory("/data", 0);
        BootException refusal = Assert.Throws<BootException>(
            () => NodeBoot.Run(node.Disk.OpenSession(), node.ConfigNow(), new Prng(9), 0));
        Assert.Contains("/data cannot be used", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The directory is back and was ended cleanly, the other one not: each is opened by its own mark.</summary>
    [Fact]
    public void A_directory_that_comes_back_is_as_clean_as_it_was_left()
    {
        using TestNode node = new(1, 1, TwoDirectories);
        node.Connect().CreateTopic("t", Partitions);
        node.Advance(10);
        node.Stop();
        node.Disk.BreakDirectory("/d2", 0);
        node.Start();
        Assert.True(node.Boot.Directories[0].IsClean);
        node.Kill();
        node.Disk.Heal();
        node.Start();
        Assert.Equal([false, true], node.Boot.Directories.Select(d => d.IsClean));
    }

    private static int[] InDirectory(TestNode node, string directory) =>
        [.. Enumerable.Range(0, Partitions).Where(p => node.Exists($"{directory}/t-{p}"))];

    private static int Leader(TestNode node, string topic, int partition) =>
        node.ShardAt(0).Image.Topics.Find(topic)!.Partition(partition)!.Leader; // made by the test

    private static Uuid Assigned(TestNode node, string topic, int partition) =>
        node.ShardAt(0).Image.Topics.Find(topic)!.Partition(partition)!.DirectoryOf(1); // made by the test
}
