using System.Globalization;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Interop;

/// <summary>Our client and others on the same topics, in the same groups and transactions.</summary>
public sealed class InteropTests(Servers servers)
{
    private const int Partitions = 12;

    private static CancellationToken Cancel => Patience.Token;

    /// <summary>Of the new protocol only Apache's server and Java's and our client know enough.</summary>
    public static TheoryData<string, string, string[]> Groups => new()
    {
        { "moldau", "range", ["kafka-python", "librdkafka", "java"] },
        { "apache-4.4.0", "range", ["kafka-python", "librdkafka", "java"] },
        { "apache-4.4.0", "roundrobin", ["kafka-python", "librdkafka"] },
        { "moldau", "cooperative-sticky", ["librdkafka", "java"] },
        { "apache-4.4.0", "cooperative-sticky", ["librdkafka", "java"] },
        { "apache-4.4.0", "consumer", ["java"] },
    };

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task MixedGroup_SharesTheTopic_AndReadsEachRecordOnce(string server, string strategy, string[] others)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "mixed", Partitions);
        string group = $"g-{topic}";
        await using MoldauClient client = new(node.Bootstrap);
        await using var ours = client.CreateConsumer(new Topic<string, string>(topic, Serde.Utf8, Serde.Utf8), new ConsumerOptions
        {
            GroupId = group,
            OffsetReset = OffsetReset.Earliest,
            HeartbeatInterval = TimeSpan.FromMilliseconds(300),
            GroupProtocol = strategy == "consumer" ? GroupProtocol.Consumer : null,
            PartitionAssignmentStrategy = strategy == "consumer" ? null : [strategy],
        });
        List<string> read = [];
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task reading = Task.Run(() => ReadAsync(ours, read, end.Token), Cancel);
        List<ForeignMember> members = [];
        try
        {
            foreach (string other in others) members.Add(ForeignMember.Start(other, node.Bootstrap, group, topic, strategy));
            Wait.Until(
                () => Owned(ours, members) is { } owned && owned.Count == Partitions && owned.Distinct().Count() == Partitions
                    && members.TrueForAll(m => m.Assigned.Length > 0) && ours.Assignment.Count > 0,
                TimeSpan.FromSeconds(90), $"each to have its share: {string.Join("; ", members)}");

            for (int p = 0; p < Partitions; p++) TestTopics.Produce(node, topic, [$"v{p}"], p);
            Wait.Until(
                () => AllRead(read, members).Length >= Partitions, TimeSpan.FromSeconds(60),
                $"all records: {string.Join(',', AllRead(read, members))}");
            Assert.Equal(
                Enumerable.Range(0, Partitions).Select(p => $"v{p}").Order(StringComparer.Ordinal),
                AllRead(read, members).Order(StringComparer.Ordinal));

            foreach (ForeignMember member in members) member.Leave();
            Wait.Until(() => ours.Assignment.Count == Partitions, TimeSpan.FromSeconds(90), "all partitions to be ours");
        }
        finally
        {
            foreach (ForeignMember member in members) member.Dispose();
        }

        await end.CancelAsync();
        await reading;
    }

    [Theory]
    [InlineData("partitions_confluent.py")]
    [InlineData("partitions_kafka_python.py")]
    public async Task SameKey_GoesToTheSamePartition(string program)
    {
        if (TestTools.WhyMissing("python") is { } missing) Assert.Skip(missing);
        ServerUnderTest node = servers.Get("moldau");
        string theirs = TestTopics.Create(node, "theirs", Partitions), mine = TestTopics.Create(node, "mine", Partitions);
        string[] keys = [.. Enumerable.Range(0, 500).Select(i => i.ToString(CultureInfo.InvariantCulture) + new string('k', i % 17) + (i % 5 == 0 ? "ß水" : ""))];
        using ScratchFolder scratch = new("keys");
        await File.WriteAllTextAsync(scratch["keys.txt"], string.Join('\n', keys), Cancel);
        ChildProcess.Run(TestTools.Python, [ForeignMember.PathOf(program), node.Bootstrap, theirs, scratch["keys.txt"]]).Succeeded();
        await using MoldauClient client = new(node.Bootstrap);
        await using Producer producer = client.CreateProducer();
        foreach (string key in keys) await producer.EnqueueAsync(new Topic<string, string>(mine, Serde.Utf8, Serde.Utf8), key, key, Cancel);
        await producer.FlushAsync(Cancel);
        Assert.Equal(await PlacesAsync(client, theirs, keys.Length), await PlacesAsync(client, mine, keys.Length));
    }

    [Fact]
    public async Task TransactionsOfLibrdkafka_AreReadAsTheyEnded()
    {
        if (TestTools.WhyMissing("python") is { } missing) Assert.Skip(missing);
        ServerUnderTest node = servers.Get("apache-4.4.0");
        string topic = TestTopics.Create(node, "theirs");
        ChildProcess.Run(TestTools.Python, [ForeignMember.PathOf("confluent_transactions.py"), node.Bootstrap, topic]).Succeeded();
        await using MoldauClient client = new(node.Bootstrap);
        foreach (IsolationLevel level in Enum.GetValues<IsolationLevel>())
        {
            await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8, new ConsumerOptions
            {
                OffsetReset = OffsetReset.Earliest,
                IsolationLevel = level,
            });
            consumer.Assign(new TopicPartition(topic, 0));
            IEnumerable<int> expected = level == IsolationLevel.ReadCommitted ? [0, 2, 4, 6, 8] : Enumerable.Range(0, 10);
            List<string> values = [];
            await foreach (var record in consumer.ReadAllAsync(Cancel))
            {
                values.Add(record.Value!);
                if (record.Value!.EndsWith(level == IsolationLevel.ReadCommitted ? "8" : "9", StringComparison.Ordinal)) break;
            }

            Assert.Equal(expected.Select(i => i % 2 == 0 ? $"committed {i}" : $"aborted {i}"), values);
        }
    }

    [Fact]
    public async Task OurTransactions_AreReadAsTheyEndedByJava()
    {
        if (ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        ServerUnderTest node = servers.Get("apache-4.4.0");
        string topic = TestTopics.Create(node, "ours");
        await using MoldauClient client = new(node.Bootstrap);
        await using (Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = topic }))
        {
            for (int i = 0; i < 10; i++)
            {
                await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
                await transaction.SendAsync(new Topic<string, string>(topic, Serde.Utf8, Serde.Utf8), null, $"v{i}", Cancel);
                if (i % 2 == 0) await transaction.CommitAsync(Cancel);
            }
        }

        string output = KafkaTools.Run("console-consumer",
        [
            "--bootstrap-server", node.Bootstrap, "--topic", topic, "--from-beginning", "--isolation-level", "read_committed",
            "--max-messages", "5", "--timeout-ms", "60000",
        ]).Succeeded();
        Assert.Equal(["v0", "v2", "v4", "v6", "v8"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static List<int> Owned(Consumer<string, string> ours, List<ForeignMember> members) =>
        [.. ours.Assignment.Select(p => p.Partition), .. members.SelectMany(m => m.Assigned)];

    private static string[] AllRead(List<string> read, List<ForeignMember> members)
    {
        lock (read) return [.. read, .. members.SelectMany(m => m.Records)];
    }

    private static async Task ReadAsync(Consumer<string, string> consumer, List<string> into, CancellationToken cancel)
    {
        try
        {
            await foreach (var record in consumer.ReadAllAsync(cancel))
            {
                lock (into) into.Add(record.Value!);
                record.Done();
            }
        }
        catch (OperationCanceledException)
        {
            // The test has seen enough.
        }
    }

    private static async Task<SortedDictionary<string, int>> PlacesAsync(MoldauClient client, string topic, int count)
    {
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign([.. Enumerable.Range(0, Partitions).Select(p => new TopicPartition(topic, p))]);
        SortedDictionary<string, int> places = new(StringComparer.Ordinal);
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            places.Add(record.Key!, record.Partition);
            if (places.Count == count) break;
        }

        return places;
    }
}
