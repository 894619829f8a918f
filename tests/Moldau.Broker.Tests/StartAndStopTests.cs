using Moldau.Base;
using Moldau.Sim;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class StartAndStopTests
{
    private const string CleanFile = TestNode.Data + "/.kafka_cleanshutdown";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void An_empty_disk_is_formatted_and_the_node_becomes_ready(int shards)
    {
        using TestNode node = new(shards);

        Assert.Null(node.Halted);
        Assert.True(node.IsReady);
        Assert.True(node.Exists($"{TestNode.Data}/meta.properties"));
        Assert.Contains(node.Boot.Notes, n => n.StartsWith("formatted", StringComparison.Ordinal));
        Assert.Equal(-1, node.Boot.Directories[0].PreviousBrokerEpoch);
    }

    [Fact]
    public void A_loss_of_power_at_any_call_of_the_first_start_leaves_a_folder_that_starts()
    {
        using TestNode node = new();
        for (int call = 0; call < 60; call++)
        {
            for (ulong seed = 1; seed <= 8; seed++)
            {
                SimDisk disk = new(new SimClock(), new Prng(seed));
                disk.CrashAt(call);
                try
                {
                    NodeBoot.Run(disk.OpenSession(), node.ConfigNow(), new Prng(seed), 0);
                }
                catch (SimCrashException)
                {
                    // As planned.
                }

                disk.LosePower();
                disk.Heal();
                BootedNode boot = NodeBoot.Run(disk.OpenSession(), node.ConfigNow(), new Prng(seed + 100), 0);
                Assert.Equal(1, boot.Metadata.State.SnapshotVoters.Count);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void After_a_clean_stop_nothing_is_recovered_and_the_old_epoch_is_vouched_for(int shards)
    {
        using TestNode node = new(shards);
        node.Connect().CreateTopic("t", 4);
        for (int p = 0; p < 4; p++) node.Connect(p % shards).Produced("t", p, "a", "b");
        node.Stop();
        node.Start();

        Assert.True(node.Boot.Directories[0].IsClean);
        Assert.True(node.Boot.Directories[0].PreviousBrokerEpoch >= 0);
        Assert.False(node.Exists(CleanFile)); // consumed: a crash from here on is a crash
        Assert.DoesNotContain(node.LogLines, l => l.Contains("recover", StringComparison.OrdinalIgnoreCase));
        for (int p = 0; p < 4; p++) Assert.Equal(["a", "b"], node.Connect().ReadAll("t", p));
        node.Stop();
        node.Start();
        Assert.True(node.Boot.Directories[0].IsClean);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 3)]
    public void After_a_kill_acknowledged_records_are_there_and_partitions_have_leaders(int shards, int seed)
    {
        using TestNode node = new(shards, (ulong)seed);
        node.Connect().CreateTopic("t", 6);
        for (int i = 0; i < 5; i++)
            for (int p = 0; p < 6; p++) Assert.Equal(i, node.Connect(p % shards).Produced("t", p, $"{p}-{i}"));
        node.Kill();
        node.Start();

        Assert.False(node.Boot.Directories[0].IsClean);
        Assert.Equal(-1, node.Boot.Directories[0].PreviousBrokerEpoch);
        TestClient client = node.Connect();
        for (int p = 0; p < 6; p++)
        {
            Assert.Equal([.. Enumerable.Range(0, 5).Select(i => $"{p}-{i}")], client.ReadAll("t", p));
            Assert.Equal(5, client.Produced("t", p, "more"));
        }
    }

    [Fact]
    public void A_stop_at_any_moment_of_the_start_is_a_clean_one()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            using TestNode node = new(shards: 1 + (int)(seed % 3), seed);
            node.Connect().CreateTopic("t", 2);
            Assert.Equal(0, node.Connect().Produced("t", 0, "a"));
            if (seed % 2 == 0) node.Stop();
            else node.Kill();
            node.Start(untilReady: false);
            for (ulong i = 0; i < seed % 30; i++) node.RunOne();
            node.RequestStop();
            node.Until(() => node.HasStopped(MachineId.Control) || node.Halted is not null, 30_000);
            Assert.Null(node.Halted);
            node.Run();
            Assert.Empty(node.Probe.OpenPaths);
            node.Kill();
            node.Start();
            Assert.Equal(["a"], node.Connect().ReadAll("t", 0));
        }
    }

    [Fact]
    public void The_shards_may_be_another_number_after_a_restart()
    {
        using TestNode node = new(4);
        node.Connect().CreateTopic("t", 8);
        for (int p = 0; p < 8; p++) node.Connect().Produced("t", p, $"{p}");
        node.Stop();
        node.Shards = 1;
        node.Start();
        for (int p = 0; p < 8; p++) Assert.Equal([$"{p}"], node.Connect().ReadAll("t", p));
        node.Kill();
        node.Shards = 2;
        node.Start();
        for (int p = 0; p < 8; p++) Assert.Equal([$"{p}"], node.Connect(1).ReadAll("t", p));
    }

    [Fact]
    public void A_stop_before_the_logs_of_a_new_topic_are_open_ends_all_the_same()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        node.HoldsDisk = op => op is LoadLogJob;
        client.CreateTopic("t", 4);
        node.RequestStop();
        node.Run();
        node.HoldsDisk = null;
        node.Stop();
        Assert.False(node.IsRunning);
    }

    [Fact]
    public void A_stop_before_the_node_has_won_its_election_ends_cleanly()
    {
        using TestNode node = new(2);
        node.Stop();
        node.HoldsDisk = op => op is SyncOp;
        node.Start(untilReady: false);
        node.Run();
        node.RequestStop();
        node.Run();
        node.HoldsDisk = null; // the sync comes after the stop
        node.Until(() => node.HasStopped(MachineId.Control) || node.Halted is not null);
        Assert.Null(node.Halted);
        node.AssertNothingHeld();
        node.Kill();
        node.Start();
        Assert.False(node.Boot.Directories[0].IsClean); // no log was opened, so none was closed
    }

    [Fact]
    public void The_control_machine_stops_after_the_shards_and_writes_the_mark_last()
    {
        using TestNode node = new(2);
        node.Connect().CreateTopic("t", 4);
        node.Connect().Produced("t", 0, "a");
        int from = node.Probe.Calls.Count;
        node.HoldsDisk = op => op is WriteFileJob job && job.Path == CleanFile;
        node.RequestStop();
        node.Until(() => node.HasStopped(MachineId.Shard(0)) && node.HasStopped(MachineId.Shard(1)));
        node.Run();
        Assert.False(node.HasStopped(MachineId.Control));
        List<string> calls = node.Probe.Calls[from..];
        Assert.Contains(calls, c => c.Contains("replication-offset-checkpoint", StringComparison.Ordinal));
        node.HoldsDisk = null;
        node.Stop();
    }

    [Fact]
    public void A_directory_in_use_is_refused_in_words()
    {
        using TestNode node = new();
        BootException refusal = Assert.Throws<BootException>(
            () => NodeBoot.Run(node.Probe, node.ConfigNow(), new Prng(9), 0));
        Assert.Contains("in use by another process", refusal.Message, StringComparison.Ordinal);
    }
}
