using Moldau.Protocol;

namespace Moldau.Broker.Tests;

public sealed class FetchingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_waiting_fetch_is_woken_by_a_produce_to_any_shard(int shards)
    {
        using TestNode node = new(shards);
        TestClient writer = node.Connect(shards - 1);
        writer.CreateTopic("t", 4);
        for (int p = 0; p < 4; p++)
        {
            TestClient reader = node.Connect();
            int sent = reader.Send(Ask.FetchOf("t", Range(4, 0, p), maxWaitMs: 5_000), Ask.FetchVersion);
            node.Run();
            Assert.Equal(0, reader.AnswerCount);
            Moldau.Base.Instant before = node.Now;
            writer.Produced("t", p, $"v{p}");
            node.Run();
            Assert.Equal(before, node.Now);
            FetchResponse answer = reader.Take<FetchResponse>(sent, Ask.FetchVersion);
            Assert.Equal([$"v{p}"], Ask.Values(answer.Responses[0].Partitions[p].Records).Select(v => v.Value));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Data_in_one_shard_is_answered_at_once_whoever_has_it(int shards)
    {
        for (int p = 0; p < 4; p++)
        {
            using TestNode node = new(shards, (ulong)p + 1);
            TestClient client = node.Connect();
            client.CreateTopic("t", 4);
            client.Produced("t", p, "v");
            Moldau.Base.Instant before = node.Now;
            int sent = client.Send(Ask.FetchOf("t", [(0, 0), (1, 0), (2, 0), (3, 0)], maxWaitMs: 5_000), Ask.FetchVersion);
            node.Run();
            Assert.Equal([sent], client.Answered);
            Assert.Equal(before, node.Now);
        }
    }

    [Fact]
    public void A_fetch_waits_for_min_bytes_and_no_longer()
    {
        using TestNode node = new();
        TestClient client = node.Connect();
        TestClient writer = node.Connect();
        client.CreateTopic("t");
        byte[] batch = Ask.Sized(100);
        int sent = client.Send(Ask.FetchOf("t", [(0, 0)], maxWaitMs: 5_000, minBytes: (2 * batch.Length) + 1), Ask.FetchVersion);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(i, writer.Produce("t", 0, batch).BaseOffset);
            node.Run();
            Assert.Equal(0, client.AnswerCount);
        }

        writer.Produce("t", 0, batch);
        node.Run();
        FetchResponse answer = client.Take<FetchResponse>(sent, Ask.FetchVersion);
        Assert.Equal(3 * batch.Length, answer.Responses[0].Partitions[0].Records!.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void At_its_deadline_a_fetch_is_answered_with_what_there_is(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        client.Produced("t", 0, "a");
        int sent = client.Send(Ask.FetchOf("t", [(0, 0), (1, 0)], maxWaitMs: 700, minBytes: 10_000), Ask.FetchVersion);
        node.Advance(699);
        Assert.Equal(0, client.AnswerCount);
        node.Advance(2);
        FetchResponse answer = client.Take<FetchResponse>(sent, Ask.FetchVersion);
        Assert.Equal(["a"], Ask.Values(answer.Responses[0].Partitions[0].Records).Select(v => v.Value));
        Assert.Equal(0, answer.Responses[0].Partitions[1].Records?.Length ?? 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_answer_keeps_to_max_bytes_but_the_first_batch_is_whole(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 4);
        byte[] batch = Ask.Sized(1000);
        for (int p = 0; p < 4; p++)
            for (int i = 0; i < 3; i++) client.Produce("t", p, batch);
        FetchResponse small = client.Fetch(Ask.FetchOf("t", Range(4, 0), maxBytes: 10, partitionBytes: 10));
        int[] sizes = [.. small.Responses[0].Partitions.Select(p => p.Records?.Length ?? 0)];
        Assert.Equal([batch.Length], sizes.Where(s => s > 0));
        FetchResponse larger = client.Fetch(Ask.FetchOf("t", Range(4, 0), maxBytes: batch.Length * 4));
        int total = larger.Responses[0].Partitions.Sum(p => p.Records?.Length ?? 0);
        Assert.InRange(total, batch.Length, batch.Length * 4);
        FetchResponse each = client.Fetch(Ask.FetchOf("t", Range(4, 0), partitionBytes: batch.Length * 2));
        Assert.All(each.Responses[0].Partitions, p => Assert.Equal(batch.Length * 2, p.Records!.Length));
    }

    [Fact]
    public void Offsets_out_of_range_and_unknown_partitions_are_told_at_once()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        FetchResponse answer = client.Fetch(Ask.FetchOf("t", [(0, 5), (1, 0), (9, 0)], maxWaitMs: 5_000));
        Assert.Equal(
            [ErrorCode.OffsetOutOfRange, ErrorCode.None, ErrorCode.UnknownTopicOrPartition],
            answer.Responses[0].Partitions.Select(p => (ErrorCode)p.ErrorCode));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_session_answers_what_changed_and_forgets_what_it_is_told(int shards)
    {
        using TestNode node = new(shards);
        TestClient client = node.Connect();
        client.CreateTopic("t", 3);
        FetchResponse full = client.Fetch(Ask.FetchOf("t", Range(3, 0), maxWaitMs: 0, sessionEpoch: 0));
        int id = full.SessionId;
        Assert.NotEqual(0, id);
        Assert.Equal(3, full.Responses[0].Partitions.Count);
        FetchResponse nothing = client.Fetch(Ask.FetchOf("t", [], maxWaitMs: 10, sessionId: id, sessionEpoch: 1));
        Assert.Empty(nothing.Responses);
        Assert.Equal(id, nothing.SessionId);
        client.Produced("t", 1, "a");
        FetchResponse one = client.Fetch(Ask.FetchOf("t", [], sessionId: id, sessionEpoch: 2));
        Assert.Equal([1], one.Responses[0].Partitions.Select(p => p.PartitionIndex));
        FetchRequest forget = Ask.FetchOf("t", [], maxWaitMs: 10, sessionId: id, sessionEpoch: 3);
        forget.ForgottenTopicsData.Add(new() { Topic = "t", Partitions = [1] });
        Assert.Empty(client.Fetch(forget).Responses);
        client.Produced("t", 1, "b");
        Assert.Empty(client.Fetch(Ask.FetchOf("t", [], maxWaitMs: 10, sessionId: id, sessionEpoch: 4)).Responses);
    }

    [Fact]
    public void A_session_that_is_unknown_or_out_of_step_is_refused()
    {
        using TestNode node = new();
        TestClient client = node.Connect();
        client.CreateTopic("t");
        int id = client.Fetch(Ask.FetchOf("t", [(0, 0)], maxWaitMs: 0, sessionEpoch: 0)).SessionId;
        FetchResponse wrongEpoch = client.Fetch(Ask.FetchOf("t", [], sessionId: id, sessionEpoch: 5));
        Assert.Equal(ErrorCode.InvalidFetchSessionEpoch, (ErrorCode)wrongEpoch.ErrorCode);
        FetchResponse unknown = client.Fetch(Ask.FetchOf("t", [], sessionId: id ^ 1, sessionEpoch: 1));
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (ErrorCode)unknown.ErrorCode);
        client.Fetch(Ask.FetchOf("t", [(0, 0)], maxWaitMs: 0, sessionId: id, sessionEpoch: -1));
        FetchResponse closed = client.Fetch(Ask.FetchOf("t", [], sessionId: id, sessionEpoch: 1));
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (ErrorCode)closed.ErrorCode);
    }

    [Fact]
    public void A_full_session_cache_gives_no_session_until_one_is_old()
    {
        using TestNode node = new(1, 1, ("max.incremental.fetch.session.cache.slots", "2"));
        TestClient client = node.Connect();
        client.CreateTopic("t");
        FetchRequest create = Ask.FetchOf("t", [(0, 0)], maxWaitMs: 0, sessionEpoch: 0);
        int first = client.Fetch(create).SessionId;
        node.Advance(1);
        Assert.NotEqual(0, client.Fetch(create).SessionId);
        Assert.Equal(0, client.Fetch(create).SessionId);
        node.Advance(121_000);
        Assert.NotEqual(0, client.Fetch(create).SessionId);
        FetchResponse evicted = client.Fetch(Ask.FetchOf("t", [], sessionId: first, sessionEpoch: 1));
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (ErrorCode)evicted.ErrorCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_waiting_fetch_of_a_topic_that_is_deleted_is_told_so(int shards)
    {
        using TestNode node = new(shards);
        TestClient reader = node.Connect();
        TestClient admin = node.Connect();
        admin.CreateTopic("t", 2);
        int sent = reader.Send(Ask.FetchOf("t", [(0, 0), (1, 0)], maxWaitMs: 60_000), Ask.FetchVersion);
        node.Run();
        admin.DeleteTopic("t");
        node.Run();
        FetchResponse answer = reader.Take<FetchResponse>(sent, Ask.FetchVersion);
        Assert.Contains(answer.Responses[0].Partitions, p => (ErrorCode)p.ErrorCode == ErrorCode.UnknownTopicOrPartition);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_client_that_leaves_while_it_waits_leaves_nothing_behind(int shards)
    {
        using TestNode node = new(shards);
        TestClient writer = node.Connect();
        writer.CreateTopic("t", 4);
        for (int p = 0; p < 4; p++) writer.Produced("t", p, "a");
        for (int i = 0; i < 8; i++)
        {
            TestClient reader = node.Connect(i % shards);
            reader.Send(Ask.FetchOf("t", Range(4, 0), maxWaitMs: 1_000, minBytes: 100_000, sessionEpoch: 0), Ask.FetchVersion);
            if (i % 2 == 0) node.Run();
            reader.Disconnect();
        }

        writer.Disconnect();
        node.Advance(1_500);
        node.Stop(); // checks leases and files
        node.Start();
    }

    [Fact]
    public void Answers_that_a_client_never_reads_let_go_of_their_files_with_it()
    {
        using TestNode node = new(2);
        TestClient reader = node.Connect();
        node.Connect().CreateTopic("t", 4);
        for (int p = 0; p < 4; p++) node.Connect().Produced("t", p, "a");
        reader.IsStalled = true;
        reader.Send(Ask.FetchOf("t", Range(4, 0)), Ask.FetchVersion);
        node.Run();
        node.Connect().DeleteTopic("t");
        node.Advance(100);
        reader.Disconnect();
    }

    private static IEnumerable<(int, long)> Range(int partitions, long offset, int isolate = -1) =>
        Enumerable.Range(0, partitions).Select(p => (p, isolate < 0 || p >= isolate ? offset : 1L));
}
