using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class WaitingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Min_bytes_count_over_all_shards(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        TestClient writer = node.Connect();
        client.CreateTopic("t", 4);
        byte[] batch = Ask.Sized(100);
        int sent = client.Send(
            Ask.FetchOf("t", Enumerable.Range(0, 4).Select(p => (p, 0L)), maxWaitMs: 5_000, minBytes: (3 * batch.Length) + 1),
            Ask.FetchVersion);
        Instant before = node.Now;
        foreach (int partition in new[] { 0, 1, 1 })
        {
            writer.Produce("t", partition, batch);
            node.Run();
            Assert.Equal(0, client.AnswerCount);
        }

        writer.Produce("t", 2, batch);
        node.Run();
        Assert.Equal(before, node.Now);
        FetchResponse answer = client.Take<FetchResponse>(sent, Ask.FetchVersion);
        Assert.Equal(4 * batch.Length, answer.Responses[0].Partitions.Sum(p => p.Records?.Length ?? 0));
        Assert.Equal(0, node.FetchWatchers);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_fetch_that_is_a_segment_behind_does_not_wait_for_min_bytes(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2, ("segment.bytes", "1048576"));
        client.Produce("t", 0, Ask.Sized(1000));
        for (int i = 0; i < 3; i++) client.Produce("t", 0, Ask.Sized(600_000));
        node.Run();
        Instant before = node.Now;
        FetchResponse answer = client.Fetch(
            Ask.FetchOf("t", [(0, 0), (1, 0)], maxWaitMs: 5_000, minBytes: 20_000_000, maxBytes: 30_000_000, partitionBytes: 20_000_000));
        Assert.Equal(before, node.Now);
        Assert.NotEmpty(answer.Responses[0].Partitions[0].Records!);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Who_waits_for_a_partition_that_another_leads_now_is_told_so(int shards)
    {
        using TestNode node = new(shards) { InlineAppends = 0 };
        TestClient writer = node.Connect();
        TestClient single = node.Connect();
        TestClient reader = node.Connect();
        Uuid topic = writer.CreateTopic("t", 2);
        int fetch = reader.Send(Ask.FetchOf("t", [(0, 0), (1, 0)], maxWaitMs: 60_000), Ask.FetchVersion);
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/t-0/", StringComparison.Ordinal);
        int all = writer.Send(Ask.ProduceOf("t", -1, (0, Ask.Batch("a"))), Ask.ProduceVersion);
        int one = single.Send(Ask.ProduceOf("t", 1, (0, Ask.Batch("b"))), Ask.ProduceVersion);
        node.Run();
        Assert.Equal(0, writer.AnswerCount + reader.AnswerCount);
        node.Publish(new MetadataRecord(
            new PartitionChangeRecord { TopicId = topic, PartitionId = 0, Leader = 2, Isr = [1, 2], Replicas = [1, 2] }, 0));
        node.Run();
        ProduceResponse told = writer.Take<ProduceResponse>(all, Ask.ProduceVersion);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, (ErrorCode)told.Responses[0].PartitionResponses[0].ErrorCode);
        FetchResponse answer = reader.Take<FetchResponse>(fetch, Ask.FetchVersion);
        Assert.Contains(answer.Responses[0].Partitions, p => (ErrorCode)p.ErrorCode == ErrorCode.NotLeaderOrFollower);
        // Who waits for the write alone has it.
        node.HoldsDisk = null;
        node.Run();
        ProduceResponse written = single.Take<ProduceResponse>(one, Ask.ProduceVersion);
        Assert.Equal(ErrorCode.None, (ErrorCode)written.Responses[0].PartitionResponses[0].ErrorCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_produce_that_waits_is_told_of_the_deletion_of_its_topic(int shards)
    {
        using TestNode node = new(shards) { InlineAppends = 0 };
        TestClient writer = node.Connect();
        TestClient admin = node.Connect();
        admin.CreateTopic("t");
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/t-0/", StringComparison.Ordinal);
        int sent = writer.Send(Ask.ProduceOf("t", -1, (0, Ask.Batch("a"))), Ask.ProduceVersion);
        node.Run();
        admin.DeleteTopic("t");
        node.Run();
        ProduceResponse told = writer.Take<ProduceResponse>(sent, Ask.ProduceVersion);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (ErrorCode)told.Responses[0].PartitionResponses[0].ErrorCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_topic_made_again_does_not_go_to_a_failed_log_directory(int shards)
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            using TestNode node = new(shards, seed, ("log.dirs", "/d1,/d2"), ("metadata.log.dir", "/meta"));
            TestClient client = node.Connect();
            client.CreateTopic("t", 2);
            node.Run();
            string broken = node.Exists("/d1/t-0") ? "/d1" : "/d2";
            node.Probe.Fails = (call, path) =>
                call is "pwrite" or "mkdir" && path.StartsWith($"{broken}/t", StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
            client.Produce("t", 0, Ask.Batch("a"));
            node.Run();
            client.DeleteTopic("t");
            node.Run();
            client.CreateTopic("t", 4);
            node.Run();
            for (int p = 0; p < 4; p++) Assert.Equal(0, client.Produced("t", p, "b"));
        }
    }

    [Fact]
    public void A_topic_made_again_at_another_shard_starts_at_zero_whatever_the_checkpoints_say()
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            using TestNode node = new(4, seed);
            TestClient client = node.Connect();
            client.CreateTopic("t");
            client.Produced("t", 0, "a", "b", "c", "d");
            DeleteRecordsRequest delete = new() { TimeoutMs = 1000 };
            DeleteRecordsRequest.DeleteRecordsTopic topic = new() { Name = "t" };
            topic.Partitions.Add(new() { PartitionIndex = 0, Offset = 3 });
            delete.Topics.Add(topic);
            client.Call<DeleteRecordsRequest, DeleteRecordsResponse>(delete, 2);
            node.Stop();
            node.Start();
            client = node.Connect();
            client.DeleteTopic("t");
            node.Run();
            client.CreateTopic("t");
            Assert.Equal(0, client.ListOffset("t", 0, -2).Offset);
            Assert.Equal(0, client.Produced("t", 0, "new"));
        }
    }
}
