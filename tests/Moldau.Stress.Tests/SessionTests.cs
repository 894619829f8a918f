using System.Diagnostics;
using Moldau.Protocol;

namespace Moldau.Stress.Tests;

/// <summary>Fetch sessions over all partitions of all shards, while records come, topics go, and the sessions' clients
/// change connections: nothing is missed, nothing is told of what is not there.</summary>
[Trait("Category", "Stress")]
public sealed class SessionTests
{
    private const int Partitions = 32, Readers = 8, Producers = 3;
    private const short ProduceVersion = 12, FetchVersion = 12;
    private const string Kept = "kept", Passing = "passing";
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_session_misses_nothing_while_topics_go(int shards)
    {
        using StressNode node = new(shards);
        using (StressClient admin = node.Connect()) admin.CreateTopic(Kept, Partitions);
        long[] written = new long[Partitions];
        using ManualResetEventSlim writersDone = new();
        Stopwatch clock = Stopwatch.StartNew();
        List<Action> writers = [() => MakeAndDelete(node, clock)];
        for (int i = 0; i < Producers; i++)
        {
            int number = i;
            writers.Add(() => Produce(node, number, clock, written));
        }

        List<Exception> failures = [];
        List<Thread> writing = Start(writers, failures);
        List<Thread> reading = Start(
            [.. Enumerable.Range(0, Readers).Select<int, Action>(n => () => Read(node, n, written, writersDone))], failures);
        Join(writing);
        writersDone.Set();
        Join(reading);
        Assert.Empty(failures);
        node.Stop();
    }

    private static void Produce(StressNode node, int number, Stopwatch clock, long[] written)
    {
        Random random = new(number);
        using StressClient client = node.Connect();
        while (clock.Elapsed < Length)
        {
            int partition = random.Next(Partitions / Producers) * Producers + number;
            string[] values = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(n => new string('v', random.Next(200)))];
            ProduceResponse.PartitionProduceResponse answer = client.Call<ProduceRequest, ProduceResponse>(
                StressAsk.ProduceOf(Kept, partition, StressAsk.Batch(values)), ProduceVersion).Responses[0].PartitionResponses[0];
            Assert.Equal(ErrorCode.None, (ErrorCode)answer.ErrorCode);
            Volatile.Write(ref written[partition], answer.BaseOffset + values.Length);
        }
    }

    private static void MakeAndDelete(StressNode node, Stopwatch clock)
    {
        using StressClient client = node.Connect();
        while (clock.Elapsed < Length)
        {
            client.CreateTopic(Passing, Partitions);
            for (int p = 0; p < Partitions; p += 5)
                client.Call<ProduceRequest, ProduceResponse>(
                    StressAsk.ProduceOf(Passing, p, StressAsk.Batch(["x"])), ProduceVersion);
            DeleteTopicsRequest request = new() { TimeoutMs = 10_000 };
            request.Topics.Add(new() { Name = Passing });
            DeleteTopicsResponse answer = client.Call<DeleteTopicsRequest, DeleteTopicsResponse>(request, 6);
            Assert.Equal(ErrorCode.None, (ErrorCode)answer.Responses[0].ErrorCode);
        }
    }

    /// <summary>Reads both topics with one session, by two connections in turn, until it has all that was written.</summary>
    private static void Read(StressNode node, int number, long[] written, ManualResetEventSlim writersDone)
    {
        Random random = new(number);
        using StressClient first = node.Connect();
        using StressClient second = node.Connect();
        long[] next = new long[Partitions];
        SortedSet<int> changed = [.. Enumerable.Range(0, Partitions)];
        int session = 0, epoch = 0;
        while (!writersDone.IsSet || !HasAll(next, written))
        {
            FetchRequest request = FetchOf(changed, next, session, epoch, random);
            StressClient client = random.Next(4) == 0 ? second : first;
            FetchResponse answer = client.Call<FetchRequest, FetchResponse>(request, FetchVersion);
            Assert.Equal(ErrorCode.None, (ErrorCode)answer.ErrorCode);
            Assert.NotEqual(0, answer.SessionId);
            (session, epoch) = (answer.SessionId, epoch + 1);
            changed.Clear();
            foreach (FetchResponse.FetchableTopicResponse topic in answer.Responses)
                foreach (FetchResponse.PartitionData data in topic.Partitions) Check(topic.Topic, data, next, changed);
        }
    }

    private static void Check(string topic, FetchResponse.PartitionData data, long[] next, SortedSet<int> changed)
    {
        ErrorCode error = (ErrorCode)data.ErrorCode;
        if (topic == Passing)
        {
            Assert.True(
                error is ErrorCode.None or ErrorCode.UnknownTopicOrPartition or ErrorCode.NotLeaderOrFollower, $"{error}");
            return;
        }

        Assert.Equal(ErrorCode.None, error);
        foreach ((long offset, _) in StressAsk.Values(data.Records))
        {
            if (offset < next[data.PartitionIndex]) continue;
            Assert.Equal(next[data.PartitionIndex]++, offset);
            changed.Add(data.PartitionIndex);
        }
    }

    private static bool HasAll(long[] next, long[] written)
    {
        for (int p = 0; p < Partitions; p++)
            if (next[p] < Volatile.Read(ref written[p])) return false;
        return true;
    }

    private static FetchRequest FetchOf(IEnumerable<int> changed, long[] next, int session, int epoch, Random random)
    {
        FetchRequest request = new()
        {
            MaxWaitMs = 50,
            MinBytes = random.Next(3) == 0 ? 2_000 : 1,
            MaxBytes = random.Next(3) == 0 ? 3_000 : 1 << 20,
            SessionId = session,
            SessionEpoch = epoch,
        };
        FetchRequest.FetchTopic kept = new() { Topic = Kept };
        foreach (int p in changed)
            kept.Partitions.Add(new() { Partition = p, FetchOffset = next[p], PartitionMaxBytes = 1 << 18 });
        if (kept.Partitions.Count > 0) request.Topics.Add(kept);
        if (epoch > 0) return request;
        FetchRequest.FetchTopic passing = new() { Topic = Passing };
        for (int p = 0; p < Partitions; p++)
            passing.Partitions.Add(new() { Partition = p, FetchOffset = 0, PartitionMaxBytes = 1 << 18 });
        request.Topics.Add(passing);
        return request;
    }

    private static List<Thread> Start(List<Action> actions, List<Exception> failures)
    {
        List<Thread> threads = [];
        foreach (Action action in actions)
        {
            Thread thread = new(() =>
            {
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    lock (failures) failures.Add(e);
                }
            });
            thread.Start();
            threads.Add(thread);
        }

        return threads;
    }

    private static void Join(List<Thread> threads)
    {
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromSeconds(60)), "a client hangs");
    }
}
