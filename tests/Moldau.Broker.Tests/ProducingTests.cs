using Moldau.Base;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class ProducingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void One_request_reaches_the_partitions_of_all_shards(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 8);
        (int, byte[])[] data = [.. Enumerable.Range(0, 8).Select(p => (p, Ask.Batch($"v{p}")))];
        foreach (short acks in (short[])[1, -1])
        {
            ProduceResponse answer = client.Call<ProduceRequest, ProduceResponse>(Ask.ProduceOf("t", acks, data), 12);
            Assert.Equal(Enumerable.Range(0, 8), answer.Responses[0].PartitionResponses.Select(p => p.Index));
            Assert.All(answer.Responses[0].PartitionResponses, p => Assert.Equal((short)0, p.ErrorCode));
        }

        client.Send(Ask.ProduceOf("t", 0, data), 12);
        node.Run();
        Assert.Equal(0, client.AnswerCount);
        for (int p = 0; p < 8; p++) Assert.Equal([$"v{p}", $"v{p}", $"v{p}"], client.ReadAll("t", p));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 6)]
    [InlineData(4, 7)]
    public void Pipelined_produces_keep_their_order_in_every_partition(int shards, int seed)
    {
        using TestNode node = new(shards, (ulong)seed);
        TestClient client = node.Connect();
        client.CreateTopic("t", 4);
        List<int> sent = [];
        for (int i = 0; i < 30; i++)
            sent.Add(client.Send(Ask.ProduceOf("t", -1, (i % 4, Ask.Batch($"{i}")), ((i + 1) % 4, Ask.Batch($"{i}"))), 12));
        node.Run();
        Assert.Equal(sent, client.Answered);
        foreach (int id in sent) client.Take<ProduceResponse>(id, 12);
        for (int p = 0; p < 4; p++)
        {
            List<int> values = [.. client.ReadAll("t", p).Select(int.Parse)];
            Assert.Equal(Enumerable.Range(0, 30).Where(i => i % 4 == p || (i + 1) % 4 == p), values);
        }
    }

    [Fact]
    public void Answers_leave_in_the_order_of_requests_when_the_second_is_ready_first()
    {
        using TestNode node = new(2) { InlineAppends = 0 };
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/t-0/", StringComparison.Ordinal);
        int first = client.Send(Ask.ProduceOf("t", -1, (0, Ask.Batch("slow"))), 12);
        int second = client.Send(Ask.ProduceOf("t", -1, (1, Ask.Batch("quick"))), 12);
        int third = client.Send(new ApiVersionsRequest { ClientSoftwareName = "t", ClientSoftwareVersion = "1" }, 3);
        node.Run();
        Assert.Equal(["quick"], node.Connect(1).ReadAll("t", 1)); // written, but not answered yet
        Assert.Equal(0, client.AnswerCount);
        node.HoldsDisk = null;
        node.Run();
        Assert.Equal([first, second, third], client.Answered);
    }

    [Fact]
    public void A_produce_that_waits_too_long_is_told_so()
    {
        using TestNode node = new() { InlineAppends = 0 };
        TestClient client = node.Connect();
        client.CreateTopic("t");
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/t-0/", StringComparison.Ordinal);
        int sent = client.Send(Ask.ProduceOf("t", -1, (0, Ask.Batch("a"))), 12);
        node.Advance(999);
        Assert.Equal(0, client.AnswerCount);
        node.Advance(2);
        ProduceResponse answer = client.Take<ProduceResponse>(sent, 12);
        Assert.Equal(ErrorCode.RequestTimedOut, (ErrorCode)answer.Responses[0].PartitionResponses[0].ErrorCode);
    }

    [Fact]
    public void Unknown_topics_and_partitions_fail_alone()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        ProduceRequest request = Ask.ProduceOf("t", -1, (0, Ask.Batch("a")), (7, Ask.Batch("b")));
        request.TopicData.Add(Ask.ProduceOf("other", -1, (0, Ask.Batch("c"))).TopicData[0]);
        ProduceResponse answer = client.Call<ProduceRequest, ProduceResponse>(request, 12);
        Assert.Equal(
            [ErrorCode.None, ErrorCode.UnknownTopicOrPartition, ErrorCode.UnknownTopicOrPartition],
            answer.Responses.SelectMany(t => t.PartitionResponses).Select(p => (ErrorCode)p.ErrorCode));
    }

    [Fact]
    public void A_failed_produce_without_acks_ends_the_connection()
    {
        using TestNode node = new();
        TestClient client = node.Connect();
        client.Send(Ask.ProduceOf("none", 0, (0, Ask.Batch("a"))), 12);
        node.Run();
        Assert.True(client.IsClosedByServer);
        node.Connect().CreateTopic("t");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_batch_sent_again_is_acknowledged_and_not_written_again_even_after_a_restart(bool isClean)
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        long id = NewProducer(client);
        Assert.Equal(0, client.Produce("t", 0, Ask.Idempotent(id, 0, "a", "b")).BaseOffset);
        Assert.Equal(2, client.Produce("t", 0, Ask.Idempotent(id, 2, "c")).BaseOffset);
        if (isClean) node.Stop();
        else node.Kill();
        node.Start();
        client = node.Connect();
        ProduceResponse.PartitionProduceResponse again = client.Produce("t", 0, Ask.Idempotent(id, 2, "c"));
        Assert.Equal((short)0, again.ErrorCode);
        Assert.Equal(2, again.BaseOffset);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (ErrorCode)client.Produce("t", 0, Ask.Idempotent(id, 9, "x")).ErrorCode);
        Assert.Equal(3, client.Produce("t", 0, Ask.Idempotent(id, 3, "d")).BaseOffset);
        Assert.Equal(["a", "b", "c", "d"], client.ReadAll("t", 0));
        Assert.NotEqual(id, NewProducer(client));
    }

    [Fact]
    public void With_acknowledge_fsync_an_answer_waits_for_the_sync()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t", 1, ("moldau.acknowledge", "fsync"));
        node.HoldsDisk = op => op is SyncOp sync && sync.File.Path.Contains("/t-0/", StringComparison.Ordinal);
        int sent = client.Send(Ask.ProduceOf("t", -1, (0, Ask.Batch("a"))), 12);
        node.Run();
        Assert.Equal(0, client.AnswerCount);
        Assert.Empty(node.Connect().ReadAll("t", 0)); // not readable before it is durable
        node.HoldsDisk = null;
        node.Run();
        Assert.Equal((short)0, client.Take<ProduceResponse>(sent, 12).Responses[0].PartitionResponses[0].ErrorCode);
        node.LosePower();
        node.Start();
        Assert.Equal(["a"], node.Connect().ReadAll("t", 0));
    }

    internal static long NewProducer(TestClient client)
    {
        InitProducerIdResponse answer =
            client.Call<InitProducerIdRequest, InitProducerIdResponse>(new() { TransactionalId = null, TransactionTimeoutMs = 1000 }, 4);
        Assert.Equal((short)0, answer.ErrorCode);
        return answer.ProducerId;
    }
}
