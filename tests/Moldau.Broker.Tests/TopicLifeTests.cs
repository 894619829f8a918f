using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class TopicLifeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_deleted_topic_loses_its_folders_after_the_delay(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 4, ("file.delete.delay.ms", "1000"));
        for (int p = 0; p < 4; p++) client.Produced("t", p, "old");
        client.DeleteTopic("t");
        node.Run();
        Assert.Equal(4, Folders(node).Count(f => f.EndsWith("-delete", StringComparison.Ordinal)));
        Assert.DoesNotContain("t-0", Folders(node));
        node.Advance(1_500);
        Assert.DoesNotContain(Folders(node), f => f.StartsWith("t-", StringComparison.Ordinal));
        Assert.Equal(
            ErrorCode.UnknownTopicOrPartition,
            (ErrorCode)client.Produce("t", 0, Ask.Batch("x")).ErrorCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_topic_made_again_holds_nothing_of_the_old_one(int shards)
    {
        for (ulong seed = 1; seed <= 6; seed++)
        {
            using TestNode node = new(shards, seed);
            TestClient client = node.Connect();
            client.CreateTopic("t", 4);
            for (int p = 0; p < 4; p++) client.Produced("t", p, "old", "older");
            // The next topic is there before the folders of the old one are renamed.
            DeleteTopicsRequest delete = new() { TimeoutMs = 1000 };
            delete.Topics.Add(new() { Name = "t" });
            int sent = client.Send(delete, 6);
            CreateTopicsRequest create = new() { TimeoutMs = 1000 };
            create.Topics.Add(new() { Name = "t", NumPartitions = 4, ReplicationFactor = 1 });
            int next = client.Send(create, 7);
            node.Run();
            client.Take<DeleteTopicsResponse>(sent, 6);
            Assert.Equal((short)0, client.Take<CreateTopicsResponse>(next, 7).Topics[0].ErrorCode);
            for (int p = 0; p < 4; p++)
            {
                Assert.Equal(0, client.Produced("t", p, "new"));
                Assert.Equal(["new"], client.ReadAll("t", p));
            }

            node.Advance(120_000);
            node.Kill();
            node.Start();
            Assert.Null(node.Halted);
            for (int p = 0; p < 4; p++) Assert.Equal(["new"], node.Connect().ReadAll("t", p));
        }
    }

    [Fact]
    public void A_kill_between_the_deletion_and_its_renames_leaves_no_old_data_for_the_next_topic()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        for (int p = 0; p < 2; p++) client.Produced("t", p, "old");
        node.HoldsDisk = op => op is RenameFolderJob;
        client.DeleteTopic("t");
        node.Kill();
        node.HoldsDisk = null;
        node.Start();
        client = node.Connect();
        client.CreateTopic("t", 2);
        for (int p = 0; p < 2; p++)
        {
            Assert.Equal(0, client.Produced("t", p, "new"));
            Assert.Equal(["new"], client.ReadAll("t", p));
        }
    }

    [Fact]
    public void A_topic_made_again_starts_at_zero_whatever_the_checkpoints_say_of_the_old_one()
    {
        // The ids, and with them the shards, are the seed's.
        for (ulong seed = 1; seed <= 8; seed++)
        {
            using TestNode node = new(4, seed);
            TestClient client = node.Connect();
            client.CreateTopic("t");
            client.Produced("t", 0, "a", "b", "c", "d");
            DeleteRecords(client, 3);
            node.Stop();
            node.Start();
            client = node.Connect();
            client.DeleteTopic("t");
            node.Run();
            client.CreateTopic("t");
            Assert.Equal(0, client.ListOffset("t", 0, -2).Offset);
            Assert.Equal(0, client.ListOffset("t", 0, -1).Offset);
            Assert.Equal(0, client.Produced("t", 0, "new"));
            Assert.Equal(["new"], client.ReadAll("t", 0));
        }
    }

    [Fact]
    public void A_topic_made_again_keeps_its_records_whatever_was_deleted_of_the_old_one()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.Produced("t", 0, "a", "b", "c", "d");
        DeleteRecords(client, 3);
        node.Advance(10);
        client.DeleteTopic("t");
        node.Run();
        client.CreateTopic("t");
        client.Produced("t", 0, "new", "newer");
        node.Kill(); // before anything else has written the checkpoints
        node.Start();
        Assert.Equal(["new", "newer"], node.Connect().ReadAll("t", 0));
    }

    [Fact]
    public void A_topic_made_again_keeps_its_records_after_the_old_folder_was_set_aside()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.Produced("t", 0, "a", "b", "c", "d");
        DeleteRecords(client, 3);
        node.Advance(120_000); // the checkpoints speak of it
        node.HoldsDisk = op => op is RenameFolderJob;
        client.DeleteTopic("t");
        node.Run();
        node.Kill(); // the topic is deleted, its folder is there
        node.HoldsDisk = null;
        node.Start();
        client = node.Connect();
        client.CreateTopic("t");
        Assert.Equal(0, client.Produced("t", 0, "new", "newer", "newest", "last", "very last"));
        node.Kill(); // before anything else has written the checkpoints
        node.Start();
        Assert.Equal(["new", "newer", "newest", "last", "very last"], node.Connect().ReadAll("t", 0));
    }

    [Fact]
    public void A_topic_made_again_after_a_kill_keeps_its_records_too()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.Produced("t", 0, "a", "b", "c", "d");
        DeleteRecords(client, 3);
        node.Advance(10);
        node.HoldsDisk = op => op is WriteFileJob { Path: var path } && path.EndsWith("-offset-checkpoint", StringComparison.Ordinal);
        client.DeleteTopic("t");
        node.Run();
        node.Kill(); // the folder is renamed, the checkpoints still speak of it
        node.Start();
        client = node.Connect();
        client.CreateTopic("t");
        client.Produced("t", 0, "new", "newer");
        node.Kill();
        node.HoldsDisk = null;
        node.Start();
        Assert.Equal(["new", "newer"], node.Connect().ReadAll("t", 0));
    }

    [Fact]
    public void A_stop_before_the_logs_are_open_neither_calls_them_clean_nor_forgets_where_they_start()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.Produced("t", 0, "a", "b", "c");
        DeleteRecords(client, 2);
        node.Advance(6_000); // the checkpoints are written
        node.Kill();
        node.HoldsDisk = op => op is SyncOp; // the election is under way
        node.Start(untilReady: false);
        node.Advance(6_000);
        node.RequestStop();
        node.Run();
        node.HoldsDisk = null; // the sync comes after the stop
        node.Until(() => node.HasStopped(MachineId.Control) || node.Halted is not null);
        Assert.Null(node.Halted);
        node.Kill();
        node.Start();
        Assert.False(node.Boot.Directories[0].IsClean);
        Assert.Equal(2, node.Boot.Directories[0].LogStartOffsets[new Moldau.Base.TopicPartition("t", 0)]);
        Assert.Equal(["c"], node.Connect().ReadAll("t", 0, 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Special_offsets_are_those_of_the_log(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        Assert.Equal(0, client.ListOffset("t", 0, -1).Offset);
        Assert.Equal(-1, client.ListOffset("t", 0, -3).Offset);
        for (int i = 0; i < 5; i++)
            client.Produce("t", 0, Ask.Build(Moldau.Records.RecordBatchOptions.Default, 1_767_225_600_000 + ((i == 3 ? 100 : i) * 10), $"v{i}"));
        Assert.Equal(5, client.ListOffset("t", 0, -1).Offset);
        Assert.Equal(0, client.ListOffset("t", 0, -2).Offset);
        Assert.Equal(3, client.ListOffset("t", 0, -3).Offset);
        Assert.Equal(0, client.ListOffset("t", 0, -4).Offset);
        Assert.Equal(-1, client.ListOffset("t", 0, -5).Offset);
        Assert.Equal(1, client.ListOffset("t", 0, 1_767_225_600_005).Offset);
        Assert.Equal(-1, client.ListOffset("t", 0, 1_767_225_700_000).Offset);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (ErrorCode)client.ListOffset("t", 4, -1).ErrorCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Deleted_records_are_gone_also_after_a_restart(bool isClean)
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.Produced("t", 0, "a", "b", "c", "d");
        Assert.Equal((ErrorCode.None, 2), DeleteRecords(client, 2));
        Assert.Equal(ErrorCode.OffsetOutOfRange, DeleteRecords(client, 9).Error);
        node.Advance(10);
        if (isClean) node.Stop();
        else node.Kill();
        node.Start();
        client = node.Connect();
        Assert.Equal(2, client.ListOffset("t", 0, -2).Offset);
        Assert.Equal(["c", "d"], client.ReadAll("t", 0, 2));
        Assert.Equal(ErrorCode.OffsetOutOfRange, (ErrorCode)client.FetchOne("t", 0, 1).ErrorCode);
        Assert.Equal((ErrorCode.None, 4), DeleteRecords(client, -1));
        Assert.Equal(4, client.Produced("t", 0, "e"));
    }

    /// <summary>The answer does not wait for the checkpoint, as Kafka's does not; the checkpoint is on its way, though, and
    /// when it is written the start is durable.</summary>
    [Fact]
    public void Deleted_records_stay_gone_without_power_once_the_checkpoint_is_written()
    {
        using TestNode node = new(2, 1, ("moldau.acknowledge", "fsync"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        client.Produced("t", 0, "a", "b", "c", "d");
        Assert.Equal((ErrorCode.None, 2), DeleteRecords(client, 2));
        node.Advance(10);
        node.LosePower();
        node.Start();
        client = node.Connect();
        Assert.Equal(2, client.ListOffset("t", 0, -2).Offset);
        Assert.Equal(["c", "d"], client.ReadAll("t", 0, 2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Deleted_records_may_come_back_whole_where_the_node_dies_before_the_checkpoint(bool losesPower)
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            using TestNode node = new(2, seed, ("moldau.acknowledge", "fsync"));
            TestClient client = node.Connect();
            client.CreateTopic("t");
            client.Produced("t", 0, "a", "b", "c", "d");
            node.Advance(6_000);
            node.HoldsDisk = op => op is WriteCheckpointsJob;
            Assert.Equal((ErrorCode.None, 2), DeleteRecords(client, 2));
            Assert.Equal(ErrorCode.OffsetOutOfRange, (ErrorCode)client.FetchOne("t", 0, 1).ErrorCode);
            if (losesPower) node.LosePower();
            else node.Kill();
            node.HoldsDisk = null;
            node.Start();
            client = node.Connect();
            // The start is the old one; nothing that was not deleted is missing, and the request can be made again.
            Assert.Equal(0, client.ListOffset("t", 0, -2).Offset);
            Assert.Equal(["a", "b", "c", "d"], client.ReadAll("t", 0));
            Assert.Equal(4, client.Produced("t", 0, "e"));
            Assert.Equal((ErrorCode.None, 2), DeleteRecords(client, 2));
            node.Stop();
            node.Start();
            Assert.Equal(2, node.Connect().ListOffset("t", 0, -2).Offset);
        }
    }

    [Fact]
    public void A_topic_property_takes_effect_without_a_restart()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        Assert.Equal((short)0, client.Produce("t", 0, Ask.Sized(2000)).ErrorCode);
        client.SetConfig(2, "t", "max.message.bytes", "1000");
        node.Run();
        Assert.Equal(ErrorCode.MessageTooLarge, (ErrorCode)client.Produce("t", 0, Ask.Sized(2000)).ErrorCode);
        client.SetConfig(2, "t", "max.message.bytes", null);
        node.Run();
        Assert.Equal((short)0, client.Produce("t", 0, Ask.Sized(2000)).ErrorCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Retention_that_is_shortened_removes_old_segments(bool isNodeWide)
    {
        using TestNode node = new(2, 1, ("log.retention.check.interval.ms", "1000"), ("log.initial.task.delay.ms", "500"));
        TestClient client = node.Connect();
        client.CreateTopic("t", 1, ("segment.bytes", "1048576"));
        for (int i = 0; i < 5; i++) client.Produce("t", 0, Ask.Sized(600_000));
        node.Advance(5_000);
        Assert.Equal(0, client.ListOffset("t", 0, -2).Offset);
        if (isNodeWide) client.SetConfig(4, "1", "log.retention.ms", "2000");
        else client.SetConfig(2, "t", "retention.ms", "2000");
        node.Advance(5_000);
        Assert.True(client.ListOffset("t", 0, -2).Offset > 0);
    }

    private static (ErrorCode Error, long Start) DeleteRecords(TestClient client, long offset)
    {
        DeleteRecordsRequest request = new() { TimeoutMs = 1000 };
        DeleteRecordsRequest.DeleteRecordsTopic topic = new() { Name = "t" };
        topic.Partitions.Add(new() { PartitionIndex = 0, Offset = offset });
        request.Topics.Add(topic);
        DeleteRecordsResponse.DeleteRecordsPartitionResult answer =
            client.Call<DeleteRecordsRequest, DeleteRecordsResponse>(request, 2).Topics[0].Partitions[0];
        return ((ErrorCode)answer.ErrorCode, answer.LowWatermark);
    }

    private static IReadOnlyList<string> Folders(TestNode node) => node.Probe.List(TestNode.Data);
}
