using System.Collections.Concurrent;
using System.Diagnostics;
using Moldau.Protocol;

namespace Moldau.Stress.Tests;

/// <summary>Many clients at once against real threads, sockets and files: what was acknowledged is there, once, in
/// order.</summary>
[Trait("Category", "Stress")]
public sealed class ManyClientsTests
{
    private const int Partitions = 24, Producers = 24, Readers = 12, Committers = 4;
    private const short ProduceVersion = 12, FetchVersion = 12;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Every_acknowledged_record_is_there_once_and_in_order(int shards)
    {
        using StressNode node = new(shards);
        using (StressClient admin = node.Connect()) admin.CreateTopic("t", Partitions);
        ConcurrentQueue<(int Partition, long Offset, string Value)> acknowledged = new();
        Stopwatch clock = Stopwatch.StartNew();
        List<Exception> failures = [];
        List<Thread> threads = [];
        for (int i = 0; i < Producers + Readers + Committers; i++)
        {
            int number = i;
            threads.Add(new Thread(() =>
            {
                try
                {
                    if (number < Producers) Produce(node, number, clock, acknowledged);
                    else if (number < Producers + Readers) Read(node, number, clock);
                    else Commit(node, $"group-{number}", clock);
                }
                catch (Exception e)
                {
                    lock (failures) failures.Add(e);
                }
            }));
        }

        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromSeconds(60)), "a client hangs");
        Assert.Empty(failures);
        Check(node, acknowledged);
        node.Stop();
    }

    /// <summary>One producer to one partition, pipelining up to five batches; hangs up now and then and sends again
    /// what was not acknowledged, with the same sequence numbers.</summary>
    private static void Produce(
        StressNode node,
        int number,
        Stopwatch clock,
        ConcurrentQueue<(int Partition, long Offset, string Value)> acknowledged)
    {
        Random random = new(number);
        int partition = number % Partitions;
        StressClient client = node.Connect();
        long id = NewProducer(client);
        Queue<(int Sequence, string[] Values)> unacknowledged = new();
        int sequence = 0;
        while (clock.Elapsed < Length || unacknowledged.Count > 0)
        {
            List<int> sent = [];
            while (unacknowledged.Count < 5 && clock.Elapsed < Length)
            {
                string[] values = [.. Enumerable.Range(sequence, 1 + random.Next(4)).Select(n => $"p{number}-{n}")];
                unacknowledged.Enqueue((sequence, values));
                sequence += values.Length;
            }

            foreach ((int first, string[] values) in unacknowledged)
                sent.Add(client.Send(StressAsk.ProduceOf("t", partition, StressAsk.Batch(values, id, first)), ProduceVersion));
            int answers = random.Next(12) == 0 ? random.Next(sent.Count) : sent.Count;
            foreach (int correlation in sent.Take(answers))
            {
                ProduceResponse.PartitionProduceResponse answer =
                    client.Receive<ProduceResponse>(correlation, ProduceVersion).Responses[0].PartitionResponses[0];
                Assert.Equal(ErrorCode.None, (ErrorCode)answer.ErrorCode);
                string[] values = unacknowledged.Dequeue().Values;
                for (int i = 0; i < values.Length; i++)
                    acknowledged.Enqueue((partition, answer.BaseOffset + i, values[i]));
            }

            if (answers == sent.Count) continue;
            client.Dispose();
            client = node.Connect();
        }

        client.Dispose();
    }

    /// <summary>Follows all partitions with a session; every partition's offsets must come without a gap.</summary>
    private static void Read(StressNode node, int number, Stopwatch clock)
    {
        Random random = new(number);
        StressClient client = node.Connect();
        long[] next = new long[Partitions];
        int session = 0, epoch = 0;
        SortedSet<int> changed = [.. Enumerable.Range(0, Partitions)];
        while (clock.Elapsed < Length)
        {
            FetchRequest request = FetchOf(changed, next, session, epoch);
            changed.Clear();
            if (random.Next(20) == 0)
            {
                client.Send(request, FetchVersion);
                client.Dispose();
                client = node.Connect();
                (session, epoch) = (0, 0);
                changed.UnionWith(Enumerable.Range(0, Partitions));
                continue;
            }

            FetchResponse answer = client.Call<FetchRequest, FetchResponse>(request, FetchVersion);
            Assert.Equal(ErrorCode.None, (ErrorCode)answer.ErrorCode);
            session = answer.SessionId;
            epoch = session == 0 ? 0 : epoch + 1;
            foreach (FetchResponse.PartitionData data in answer.Responses.SelectMany(t => t.Partitions))
            {
                Assert.Equal(ErrorCode.None, (ErrorCode)data.ErrorCode);
                foreach ((long offset, _) in StressAsk.Values(data.Records))
                {
                    if (offset < next[data.PartitionIndex]) continue;
                    Assert.Equal(next[data.PartitionIndex]++, offset);
                    changed.Add(data.PartitionIndex);
                }
            }

            if (session == 0) changed.UnionWith(Enumerable.Range(0, Partitions));
        }

        client.Dispose();
    }

    private static void Commit(StressNode node, string group, Stopwatch clock)
    {
        using StressClient client = node.Connect();
        long committed = -1;
        for (long offset = 0; clock.Elapsed < Length; offset++)
        {
            client.Call<FindCoordinatorRequest, FindCoordinatorResponse>(new() { CoordinatorKeys = [group] }, 4);
            OffsetCommitRequest request = new() { GroupId = group, GenerationIdOrMemberEpoch = -1 };
            OffsetCommitRequest.OffsetCommitRequestTopic topic = new() { Name = "t" };
            topic.Partitions.Add(new() { PartitionIndex = 0, CommittedOffset = offset, CommittedMetadata = "" });
            request.Topics.Add(topic);
            OffsetCommitResponse answer = client.Call<OffsetCommitRequest, OffsetCommitResponse>(request, 8);
            ErrorCode error = (ErrorCode)answer.Topics[0].Partitions[0].ErrorCode;
            Assert.True(
                error is ErrorCode.None or ErrorCode.NotCoordinator or ErrorCode.CoordinatorLoadInProgress, $"{error}");
            if (error == ErrorCode.None) committed = offset;
        }

        Assert.True(committed >= 0);
        OffsetFetchRequest ask = new();
        OffsetFetchRequest.OffsetFetchRequestGroup wanted = new() { GroupId = group, Topics = [] };
        wanted.Topics.Add(new() { Name = "t", PartitionIndexes = [0] });
        ask.Groups.Add(wanted);
        OffsetFetchResponse told = client.Call<OffsetFetchRequest, OffsetFetchResponse>(ask, 8);
        Assert.Equal(committed, told.Groups[0].Topics[0].Partitions[0].CommittedOffset);
    }

    private static void Check(
        StressNode node, ConcurrentQueue<(int Partition, long Offset, string Value)> acknowledged)
    {
        using StressClient client = node.Connect();
        Dictionary<(int, long), string> found = [];
        for (int p = 0; p < Partitions; p++)
        {
            long[] next = new long[Partitions];
            HashSet<string> values = [];
            Dictionary<string, int> last = [];
            while (true)
            {
                FetchResponse answer =
                    client.Call<FetchRequest, FetchResponse>(FetchOf([p], next, 0, -1), FetchVersion);
                List<(long Offset, string Value)> records = StressAsk.Values(answer.Responses[0].Partitions[0].Records);
                if (records.Count == 0) break;
                foreach ((long offset, string value) in records)
                {
                    if (offset < next[p]) continue;
                    Assert.Equal(next[p]++, offset);
                    Assert.True(values.Add(value), $"{value} is there twice");
                    string[] parts = value.Split('-');
                    int sequence = int.Parse(parts[1]);
                    Assert.Equal(last.GetValueOrDefault(parts[0], -1) + 1, sequence);
                    last[parts[0]] = sequence;
                    found.Add((p, offset), value);
                }
            }
        }

        Assert.NotEmpty(acknowledged);
        foreach ((int partition, long offset, string value) in acknowledged)
            Assert.Equal(value, found[(partition, offset)]);
    }

    private static long NewProducer(StressClient client)
    {
        InitProducerIdRequest request = new() { TransactionalId = null, TransactionTimeoutMs = 1000 };
        while (true)
        {
            InitProducerIdResponse answer = client.Call<InitProducerIdRequest, InitProducerIdResponse>(request, 4);
            if ((ErrorCode)answer.ErrorCode == ErrorCode.CoordinatorLoadInProgress) continue;
            Assert.Equal((short)0, answer.ErrorCode);
            return answer.ProducerId;
        }
    }

    private static FetchRequest FetchOf(IEnumerable<int> partitions, long[] next, int session, int epoch)
    {
        FetchRequest request = new()
        {
            MaxWaitMs = epoch < 0 ? 0 : 100,
            MinBytes = 1,
            MaxBytes = 1 << 20,
            SessionId = session,
            SessionEpoch = epoch,
        };
        FetchRequest.FetchTopic topic = new() { Topic = "t" };
        foreach (int p in partitions)
            topic.Partitions.Add(new() { Partition = p, FetchOffset = next[p], PartitionMaxBytes = 1 << 18 });
        if (topic.Partitions.Count > 0) request.Topics.Add(topic);
        return request;
    }
}
