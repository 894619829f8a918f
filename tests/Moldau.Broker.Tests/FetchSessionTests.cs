using Moldau.Base;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class FetchSessionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_poll_visits_what_changed_and_not_the_whole_session(int shards)
    {
        const int Partitions = 1000;
        using TestNode node = new(shards);
        TestClient reader = node.Connect();
        TestClient writer = node.Connect(shards - 1);
        writer.CreateTopic("t", Partitions);
        node.Run();
        Polling poll = new(node, reader);
        Assert.Equal(Partitions, poll.Begin(Enumerable.Range(0, Partitions)).Responses[0].Partitions.Count);
        Assert.Equal(Partitions, node.FetchVisits);
        Assert.Equal(0, poll.Visits(() => Assert.Empty(poll.Next().Responses)));

        writer.Produced("t", 700, "a");
        Assert.Equal(1, poll.Visits(() => Assert.Equal([700], poll.Partitions(poll.Next()))));
        // The records are read, so the partition is asked of again, from behind them; then it is settled.
        Assert.Equal(1, poll.Visits(() => Assert.Empty(poll.Next(asks: [(700, 1)]).Responses)));
        Assert.Equal(0, poll.Visits(() => Assert.Empty(poll.Next().Responses)));

        // A waiting poll costs nothing until a partition moves, and then that one.
        Assert.Equal(1, poll.Visits(() =>
        {
            int sent = poll.Send(maxWaitMs: 5_000);
            node.Run();
            writer.Produced("t", 3, "b");
            node.Run();
            Assert.Equal([3], poll.Partitions(reader.Take<FetchResponse>(sent, Ask.FetchVersion)));
        }));
        Assert.Equal(Partitions, node.FetchWatchers);
        poll.End();
        node.Run();
        Assert.Equal(0, node.FetchWatchers);
    }

    [Fact]
    public void Small_answers_go_round_the_partitions_in_one_order_however_many_shards_there_are()
    {
        List<string> orders = [];
        foreach (int shards in new[] { 1, 2, 4 })
        {
            using TestNode node = new(shards);
            TestClient client = node.Connect();
            client.CreateTopic("t", 5);
            byte[] batch = Ask.Sized(1000);
            for (int p = 0; p < 5; p++)
                for (int i = 0; i < 6; i++) client.Produce("t", p, batch);
            Polling poll = new(node, client) { MaxBytes = batch.Length * 2 + 10 };
            FetchResponse answer = poll.Begin(Enumerable.Range(0, 5));
            List<string> order = [];
            long[] next = new long[5];
            for (int i = 0; i < 12; i++)
            {
                List<(int, long)> read = [];
                foreach (FetchResponse.PartitionData data in answer.Responses.SelectMany(t => t.Partitions))
                {
                    if (data.Records is not { Length: > 0 } records) continue;
                    order.Add($"{data.PartitionIndex}:{records.Length}");
                    next[data.PartitionIndex] += Ask.Values(records).Count;
                    read.Add((data.PartitionIndex, next[data.PartitionIndex]));
                }

                order.Add("|");
                answer = poll.Next(asks: read);
            }

            Assert.All(next, n => Assert.True(n > 0, string.Join(' ', order)));
            orders.Add(string.Join(' ', order));
        }

        Assert.Single(orders.Distinct());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_session_goes_on_and_ends_by_any_connection(int shards)
    {
        using TestNode node = new(shards);
        TestClient first = node.Connect();
        TestClient other = node.Connect(shards - 1);
        first.CreateTopic("t", 3);
        Polling poll = new(node, first);
        poll.Begin([0, 1, 2]);
        poll.Client = other;
        Assert.Empty(poll.Next().Responses);
        for (int p = 0; p < 3; p++) first.Produced("t", p, "a");
        Assert.Equal([0, 1, 2], poll.Partitions(poll.Next()).Order());
        poll.End();
        node.Run();
        Assert.Equal(0, node.FetchWatchers);
        poll.Client = first;
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (ErrorCode)poll.Next().ErrorCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_poll_that_overtakes_a_waiting_one_makes_it_worthless_and_loses_nothing(int shards)
    {
        using TestNode node = new(shards);
        TestClient first = node.Connect();
        TestClient second = node.Connect(shards - 1);
        first.CreateTopic("t", 4);
        Polling poll = new(node, first);
        poll.Begin([0, 1, 2, 3]);
        int waiting = poll.Send(maxWaitMs: 60_000, minBytes: 100_000);
        node.Run();
        node.Connect().Produced("t", 2, "a");
        node.Run();
        Assert.Equal(0, first.AnswerCount);
        poll.Client = second;
        FetchResponse answer = poll.Next();
        Assert.Equal([2], poll.Partitions(answer));
        FetchResponse stale = first.Take<FetchResponse>(waiting, Ask.FetchVersion);
        Assert.Equal((ErrorCode.InvalidFetchSessionEpoch, poll.Id), ((ErrorCode)stale.ErrorCode, stale.SessionId));
        Assert.Empty(stale.Responses);
        Assert.Equal([2], poll.Partitions(poll.Next()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_poll_that_overtakes_tells_what_the_other_had_seen(int shards)
    {
        using TestNode node = new(shards);
        TestClient first = node.Connect();
        first.CreateTopic("t", 4);
        first.Produced("t", 2, "a", "b");
        Polling poll = new(node, first);
        poll.Begin([0, 1, 2, 3]);
        poll.Next(asks: [(2, 2)]);
        poll.Send(maxWaitMs: 60_000);
        node.Run();
        DeleteRecordsRequest delete = new() { TimeoutMs = 1000 };
        DeleteRecordsRequest.DeleteRecordsTopic topic = new() { Name = "t" };
        topic.Partitions.Add(new() { PartitionIndex = 2, Offset = 1 });
        delete.Topics.Add(topic);
        node.Connect().Call<DeleteRecordsRequest, DeleteRecordsResponse>(delete, 2);
        node.Run();
        Assert.Equal(0, first.AnswerCount);
        poll.Client = node.Connect(shards - 1);
        FetchResponse answer = poll.Next();
        Assert.Equal([2], poll.Partitions(answer));
        Assert.Equal(1, answer.Responses[0].Partitions[0].LogStartOffset);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Polls_that_overtake_reads_of_cold_data_leave_nothing_behind(int shards)
    {
        using TestNode node = new(shards);
        node.Connect().CreateTopic("t", 2);
        for (int i = 0; i < 3; i++)
            for (int p = 0; p < 2; p++) node.Connect().Produce("t", p, Ask.Sized(600_000));
        node.Stop();
        node.Start();
        TestClient first = node.Connect();
        TestClient second = node.Connect(shards - 1);
        Polling poll = new(node, first);
        poll.Begin([0, 1]);
        node.HoldsDisk = op => op is LocateJob;
        List<int> sent = [];
        for (int i = 0; i < 4; i++)
        {
            poll.Client = i % 2 == 0 ? first : second;
            sent.Add(poll.Send(maxWaitMs: 100));
            node.Run();
        }

        Assert.Equal(3, first.AnswerCount + second.AnswerCount); // of the overtaken ones
        node.Advance(200);
        node.HoldsDisk = null;
        node.Run();
        first.Take<FetchResponse>(sent[0], Ask.FetchVersion);
        first.Take<FetchResponse>(sent[2], Ask.FetchVersion);
        second.Take<FetchResponse>(sent[1], Ask.FetchVersion);
        Assert.NotEmpty(poll.Partitions(second.Take<FetchResponse>(sent[3], Ask.FetchVersion)));
        Assert.NotEmpty(poll.Partitions(poll.Next()));
    }

    [Fact]
    public void With_its_last_partition_a_session_ends()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        Polling poll = new(node, client);
        poll.Begin([0, 1]);
        FetchResponse one = poll.Next(forgets: [0]);
        Assert.Equal(poll.Id, one.SessionId);
        Assert.Equal(1, node.FetchWatchers);
        FetchResponse none = poll.Next(forgets: [1]);
        Assert.Equal((ErrorCode.None, 0), ((ErrorCode)none.ErrorCode, none.SessionId));
        node.Run();
        Assert.Equal(0, node.FetchWatchers);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (ErrorCode)poll.Next().ErrorCode);
    }

    [Fact]
    public void A_larger_session_takes_the_slot_of_a_smaller_one_that_is_older_than_two_minutes()
    {
        using TestNode node = new(1, 1, ("max.incremental.fetch.session.cache.slots", "1"));
        TestClient client = node.Connect();
        client.CreateTopic("t", 3);
        Polling small = new(node, client);
        small.Begin([0, 1]);
        Polling large = new(node, client);
        large.Begin([0, 1, 2]);
        Assert.Equal(0, large.Id);
        for (int i = 0; i < 5; i++)
        {
            node.Advance(30_000);
            Assert.Equal(ErrorCode.None, (ErrorCode)small.Next().ErrorCode);
        }

        Polling equal = new(node, client);
        equal.Begin([1, 2]);
        Assert.Equal(0, equal.Id);
        large.Begin([0, 1, 2]);
        Assert.NotEqual(0, large.Id);
        Assert.Equal(3, node.FetchWatchers);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (ErrorCode)small.Next().ErrorCode);
    }

    [Fact]
    public void Without_slots_there_are_no_sessions()
    {
        using TestNode node = new(2, 1, ("max.incremental.fetch.session.cache.slots", "0"));
        TestClient client = node.Connect();
        client.CreateTopic("t", 2);
        Polling poll = new(node, client);
        Assert.Equal(2, poll.Begin([0, 1]).Responses[0].Partitions.Count);
        Assert.Equal(0, poll.Id);
        Assert.Equal(0, node.FetchWatchers);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_session_follows_a_topic_that_is_made_again(int shards)
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            using TestNode node = new(shards, seed);
            TestClient client = node.Connect();
            client.CreateTopic("t", 2);
            Polling poll = new(node, client);
            poll.Begin([0, 1]);
            client.DeleteTopic("t");
            node.Run();
            for (int i = 0; i < 2; i++)
            {
                FetchResponse gone = poll.Next();
                Assert.Equal([0, 1], poll.Partitions(gone).Order());
                Assert.All(
                    gone.Responses.SelectMany(t => t.Partitions),
                    p => Assert.Equal(ErrorCode.UnknownTopicOrPartition, (ErrorCode)p.ErrorCode));
            }

            client.CreateTopic("t", 2);
            node.Run();
            client.Produced("t", 1, "new");
            FetchResponse again = poll.Next();
            Assert.Equal([0, 1], poll.Partitions(again).Order());
            Assert.Equal(2, node.FetchWatchers);
            Assert.Equal([1], poll.Partitions(poll.Next()));
        }
    }

    [Fact]
    public void An_unknown_topic_is_told_of_but_hurries_nobody()
    {
        using TestNode node = new(2);
        TestClient client = node.Connect();
        client.CreateTopic("t");
        int sent = client.Send(Ask.FetchOf("t", [(0, 0), (7, 0)], maxWaitMs: 700), Ask.FetchVersion);
        node.Advance(699);
        Assert.Equal(0, client.AnswerCount);
        node.Advance(2);
        FetchResponse answer = client.Take<FetchResponse>(sent, Ask.FetchVersion);
        Assert.Equal(
            [(0, ErrorCode.None), (7, ErrorCode.UnknownTopicOrPartition)],
            answer.Responses[0].Partitions.Select(p => (p.PartitionIndex, (ErrorCode)p.ErrorCode)));
        Instant before = node.Now;
        client.Fetch(Ask.FetchOf("t", [(7, 0)], maxWaitMs: 700));
        Assert.Equal(before, node.Now);
    }

    /// <summary>A client's side of one session over the partitions of topic t.</summary>
    private sealed class Polling(TestNode node, TestClient client)
    {
        private int _epoch;

        public TestClient Client { get; set; } = client;

        public int Id { get; private set; }

        public int MaxBytes { get; init; } = 1 << 20;

        public FetchResponse Begin(IEnumerable<int> partitions)
        {
            FetchRequest request = Ask.FetchOf("t", partitions.Select(p => (p, 0L)), maxWaitMs: 0, maxBytes: MaxBytes, sessionEpoch: 0);
            FetchResponse answer = Client.Fetch(request);
            (Id, _epoch) = (answer.SessionId, 0);
            return answer;
        }

        public FetchResponse Next(IEnumerable<(int Partition, long Offset)>? asks = null, int[]? forgets = null)
        {
            FetchRequest request = RequestOf(asks ?? [], 0, 1);
            if (forgets is not null) request.ForgottenTopicsData.Add(new() { Topic = "t", Partitions = [.. forgets] });
            return Client.Fetch(request);
        }

        public int Send(int maxWaitMs, int minBytes = 1) => Client.Send(RequestOf([], maxWaitMs, minBytes), Ask.FetchVersion);

        public void End() => Client.Fetch(Ask.FetchOf("t", [], maxWaitMs: 0, sessionId: Id, sessionEpoch: -1));

        public int[] Partitions(FetchResponse answer)
        {
            Assert.Equal(ErrorCode.None, (ErrorCode)answer.ErrorCode);
            return [.. answer.Responses.SelectMany(t => t.Partitions).Select(p => p.PartitionIndex)];
        }

        public long Visits(Action action)
        {
            long before = node.FetchVisits;
            action();
            return node.FetchVisits - before;
        }

        private FetchRequest RequestOf(IEnumerable<(int, long)> asks, int maxWaitMs, int minBytes) =>
            Ask.FetchOf("t", asks, maxWaitMs, minBytes, MaxBytes, sessionId: Id, sessionEpoch: ++_epoch);
    }
}
