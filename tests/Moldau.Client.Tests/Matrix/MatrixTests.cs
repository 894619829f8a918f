using System.Globalization;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.Records;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Matrix;

/// <summary>Every feature against every server: from Apache Kafka 2.8.2 with ZooKeeper to three nodes of 4.4.0, and our own
/// node. Where a server has not got a feature, the client says so at once and clearly; the report has it all.</summary>
public sealed class MatrixTests(Servers servers, MatrixReport report) : IClassFixture<MatrixReport>
{
    private const string Yes = "yes";

    /// <summary>Members hear of a rebalance by their heartbeats.</summary>
    private static readonly TimeSpan _often = TimeSpan.FromMilliseconds(300);

    public static TheoryData<string> All => Servers.All;

    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(All))]
    public Task Records_GoThroughEachCodecAndAcks(string server) => Try("produce: codecs, acks 0, 1, all, idempotent", server, async client =>
    {
        string topic = await MakeTopicAsync(client, 3);
        List<string> sent = [];
        foreach (CompressionCodec codec in Enum.GetValues<CompressionCodec>())
        {
            foreach (Acks acks in Enum.GetValues<Acks>())
            {
                await using Producer producer = client.CreateProducer(new ProducerOptions { Compression = codec, Acks = acks });
                for (int i = 0; i < 10; i++)
                {
                    string value = $"{codec} {acks} {i} {new string('x', 200)}";
                    sent.Add(value);
                    await producer.EnqueueAsync(Texts(topic), $"k{i}", value, Cancel);
                }

                await producer.FlushAsync(Cancel);
            }
        }

        ConsumerOptions fromStart = new() { OffsetReset = OffsetReset.Earliest };
        await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8, fromStart);
        consumer.Assign(PartitionsOf(topic, 3));
        Assert.Equal(sent.Order(StringComparer.Ordinal), (await ReadAsync(consumer, sent.Count)).Order(StringComparer.Ordinal));
        return Yes;
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task Positions_AreFoundByOffsetTimeAndEnd(string server) => Try("consume: assign, seek by offset, time and end, pause", server, async client =>
    {
        string topic = await MakeTopicAsync(client, 1);
        TopicPartition partition = new(topic, 0);
        DateTimeOffset start = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 60_000);
        await using Producer producer = client.CreateProducer();
        for (int i = 0; i < 10; i++)
        {
            ProducerRecord<string, string> record = new(null, $"v{i}") { Timestamp = start.AddSeconds(i) };
            await producer.SendAsync(Texts(topic), record, Cancel);
        }

        var offsets = await client.Admin.ListOffsetsAsync(
            new Dictionary<TopicPartition, OffsetSpec> { [partition] = OffsetSpec.At(start.AddSeconds(4)) }, cancel: Cancel);
        Assert.Equal(4, offsets[partition].Value.Offset);
        ConsumerOptions fromStart = new() { OffsetReset = OffsetReset.Earliest };
        await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8, fromStart);
        consumer.Assign(partition);
        Assert.Equal(["v0", "v1"], await ReadAsync(consumer, 2));
        consumer.SeekToTime(partition, start.AddSeconds(7));
        Assert.Equal(["v7", "v8"], await ReadAsync(consumer, 2));
        consumer.Seek(partition, 3);
        Assert.Equal(["v3"], await ReadAsync(consumer, 1));
        consumer.SeekToEnd(partition);
        ValueTask<RecordMetadata> later = producer.SendAsync(Texts(topic), null, "later", Cancel);
        consumer.SeekToBeginning(partition);
        Assert.Equal(11, (await ReadAsync(consumer, 11)).Length);
        await later;
        return Yes;
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task ClassicGroup_SharesTheTopic_WithEachAssignor(string server) => Try("classic group: range, roundrobin, sticky, cooperative-sticky", server, async client =>
    {
        foreach (string assignor in (string[])["range", "roundrobin", "sticky", "cooperative-sticky"])
        {
            await ShareTopicAsync(client, new ConsumerOptions
            {
                GroupId = $"classic-{Guid.NewGuid():N}",
                OffsetReset = OffsetReset.Earliest,
                PartitionAssignmentStrategy = [assignor],
                HeartbeatInterval = _often,
            });
        }

        return Yes;
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task StaticMember_ComesBackToItsPartitions(string server) => Try("classic group: static member", server, async client =>
    {
        string topic = await MakeTopicAsync(client, 2);
        ConsumerOptions Options(string instance) => new()
        {
            GroupId = $"static-{topic}",
            GroupInstanceId = instance,
            GroupProtocol = GroupProtocol.Classic,
            HeartbeatInterval = _often,
            OffsetReset = OffsetReset.Earliest,
        };
        await using var other = client.CreateConsumer(Texts(topic), Options("other"));
        IReadOnlyList<TopicPartition> before;
        await using (var first = client.CreateConsumer(Texts(topic), Options("one")))
        {
            Wait.Until(() => first.Assignment.Count == 1 && other.Assignment.Count == 1, TimeSpan.FromSeconds(60), "a partition each");
            before = first.Assignment;
        }

        // It left without a word, so nobody else has its partition, and it gets the same again.
        Assert.Single(other.Assignment);
        await using var again = client.CreateConsumer(Texts(topic), Options("one"));
        Wait.Until(() => again.Assignment.Count == 1, TimeSpan.FromSeconds(60), "the partition to come back");
        Assert.Equal(before, again.Assignment);
        return Yes;
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task ConsumerGroup_SharesTheTopic(string server) => Try("consumer group (KIP-848)", server, async client =>
    {
        ConsumerOptions options = new()
        {
            GroupId = $"new-{Guid.NewGuid():N}",
            GroupProtocol = GroupProtocol.Consumer,
            OffsetReset = OffsetReset.Earliest,
        };
        return await OrRefusedAsync(() => ShareTopicAsync(client, options), !server.StartsWith("apache-4", StringComparison.Ordinal));
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task Group_FindsAProtocolThatTheServerHas(string server) => Try("group without a chosen protocol", server, async client =>
    {
        string group = $"any-{Guid.NewGuid():N}";
        await ShareTopicAsync(
            client, new ConsumerOptions { GroupId = group, OffsetReset = OffsetReset.Earliest, HeartbeatInterval = _often });
        return server.StartsWith("apache-4", StringComparison.Ordinal) ? "consumer" : "classic";
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task ShareGroup_GivesEachRecordOnce(string server) => Try("share group (KIP-932)", server, async client =>
    {
        return await OrRefusedAsync(async () =>
        {
            string topic = await MakeTopicAsync(client, 2);
            string group = $"share-{topic}";
            if (!server.StartsWith("apache-4", StringComparison.Ordinal))
            {
                await using var refused = client.CreateShareConsumer(Texts(topic), new ShareConsumerOptions { GroupId = group });
                await foreach (var _ in refused.ReadAllAsync(Cancel)) Assert.Fail("a record without a share group");
            }

            await client.Admin.ChangeConfigAsync(
                new ConfigResource(ConfigResourceKind.Group, group),
                [new ConfigChange("share.auto.offset.reset", ConfigChangeKind.Set, "earliest")], cancel: Cancel);
            await using Producer producer = client.CreateProducer();
            for (int i = 0; i < 20; i++) await producer.SendAsync(Texts(topic), $"k{i}", $"v{i}", Cancel);
            await using var consumer = client.CreateShareConsumer(Texts(topic), new ShareConsumerOptions { GroupId = group });
            HashSet<string> seen = [];
            await foreach (var record in consumer.ReadAllAsync(Cancel))
            {
                Assert.True(seen.Add(record.Value!), $"{record.Value} came twice");
                record.Accept();
                if (seen.Count == 20) break;
            }
        }, !server.StartsWith("apache-4", StringComparison.Ordinal));
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task Transactions_CopyExactlyOnce(string server) => Try("transactions with offsets, read_committed", server, async client =>
    {
        return await OrRefusedAsync(async () =>
        {
            string from = await MakeTopicAsync(client, 1), to = await MakeTopicAsync(client, 1);
            await using (Producer plain = client.CreateProducer())
                for (int i = 0; i < 6; i++) await plain.SendAsync(Texts(from), null, $"v{i}", Cancel);
            await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = $"copy-{from}" });
            await using var reader = client.CreateConsumer(Texts(from), new ConsumerOptions
            {
                GroupId = $"copy-{from}",
                OffsetReset = OffsetReset.Earliest,
                EnableAutoCommit = false,
            });
            int copied = 0;
            await foreach (var record in reader.ReadAllAsync(Cancel))
            {
                await using (Transaction aborted = await producer.BeginTransactionAsync(Cancel))
                    await aborted.SendAsync(Texts(to), null, $"never {record.Value}", Cancel);
                await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
                await transaction.SendAsync(Texts(to), null, record.Value, Cancel);
                record.Done();
                await transaction.AddOffsetsAsync(reader, Cancel);
                await transaction.CommitAsync(Cancel);
                if (++copied == 6) break;
            }

            // The coordinator's marker comes to the offsets' log after the commit is answered.
            await Eventually.UntilAsync(
                async () => (await client.Admin.ListGroupOffsetsAsync($"copy-{from}", Cancel))[new TopicPartition(from, 0)].Offset == 6,
                "the committed offset");
            await using var check = client.CreateConsumer(Serde.Utf8, Serde.Utf8, new ConsumerOptions
            {
                OffsetReset = OffsetReset.Earliest,
                IsolationLevel = IsolationLevel.ReadCommitted,
            });
            check.Assign(new TopicPartition(to, 0));
            Assert.Equal(["v0", "v1", "v2", "v3", "v4", "v5"], await ReadAsync(check, 6));
        }, server == "moldau", ErrorCode.TransactionalIdAuthorizationFailed); // final for every client, until there are transactions
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task Administration_OfTopicsConfigsGroupsAndRecords(string server) => Try("admin: topics, configs, records, groups, offsets", server, async client =>
    {
        string topic = await MakeTopicAsync(client, 2);
        TopicPartition partition = new(topic, 0);
        await client.Admin.CreatePartitionsAsync(new Dictionary<string, int> { [topic] = 4 }, cancel: Cancel);
        await Eventually.UntilAsync(async () => (await client.Admin.DescribeTopicsAsync([topic], Cancel))[topic].Value?.Partitions.Length == 4, "four partitions");
        ConfigResource resource = new(ConfigResourceKind.Topic, topic);
        await client.Admin.ChangeConfigAsync(resource, [new ConfigChange("retention.ms", ConfigChangeKind.Set, "123456789")], cancel: Cancel);
        await Eventually.UntilAsync(
            async () => (await client.Admin.DescribeConfigAsync(resource, Cancel)).Single(c => c.Name == "retention.ms").Value == "123456789",
            "the changed property");
        // A producer that lives on asks for its topic now and then, and the broker makes it anew.
        await using (Producer producer = client.CreateProducer())
        {
            for (int i = 0; i < 5; i++)
                await producer.SendAsync(Texts(topic), new ProducerRecord<string, string>(null, $"v{i}") { Partition = 0 }, Cancel);
        }

        var trimmed = await client.Admin.DeleteRecordsAsync(new Dictionary<TopicPartition, long> { [partition] = 3 }, Cancel);
        Assert.Equal(3, trimmed[partition].Value);
        string group = $"admin-{topic}";
        var set = await client.Admin.SetGroupOffsetsAsync(
            group, new Dictionary<TopicPartition, CommittedOffset> { [partition] = new(4) }, Cancel);
        Assert.Equal(ErrorCode.None, set[partition]);
        Assert.Equal(4, (await client.Admin.ListGroupOffsetsAsync(group, Cancel))[partition].Offset);
        Assert.Contains(await client.Admin.ListGroupsAsync(Cancel), g => g.GroupId == group);
        await client.Admin.DeleteGroupAsync(group, Cancel);
        Assert.Null((await client.Admin.DeleteTopicsAsync([topic], Cancel))[topic]);
        await Eventually.UntilAsync(async () => !(await client.Admin.ListTopicsAsync(Cancel)).Any(t => t.Name == topic), "the topic to go");
        return Yes;
    });

    [Theory]
    [MemberData(nameof(All))]
    public Task BadInput_IsAnErrorThatSaysWhatIsWrong(string server) => Try("errors: no such topic, record too large", server, async client =>
    {
        string topic = await MakeTopicAsync(client, 1, ("max.message.bytes", "2000"));
        await using Producer producer = client.CreateProducer();
        MoldauException error = await Assert.ThrowsAsync<MoldauException>(
            async () => await producer.SendAsync(Texts(topic), null, new string('x', 3000), Cancel));
        Assert.Equal(ErrorCode.MessageTooLarge, error.Error);
        Assert.True((await producer.SendAsync(Texts(topic), null, "small", Cancel)).Offset >= 0);
        var missing = await client.Admin.DescribeTopicsAsync(["no-such-topic"], Cancel);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, missing["no-such-topic"].Error!.Code);
        return Yes;
    });

    /// <summary>Releases before 2.8, by their version tables: nothing that they do not know may be sent.</summary>
    [Theory]
    [MemberData(nameof(Servers.Tables), MemberType = typeof(Servers))]
    public async Task OlderReleases_AreSpokenToInVersionsTheyKnow(string server)
    {
        await Records_GoThroughEachCodecAndAcks(server);
        await Positions_AreFoundByOffsetTimeAndEnd(server);
        await ClassicGroup_SharesTheTopic_WithEachAssignor(server);
        await Group_FindsAProtocolThatTheServerHas(server);
        await ConsumerGroup_SharesTheTopic(server);
        await ShareGroup_GivesEachRecordOnce(server);
        await Transactions_CopyExactlyOnce(server);
        await Administration_OfTopicsConfigsGroupsAndRecords(server);
        await BadInput_IsAnErrorThatSaysWhatIsWrong(server);
        Assert.Empty(servers.GetTable(server).Unknown);
    }

    /// <summary>A broker that dies in the middle: what was acknowledged is there, and the client goes on with the others.</summary>
    [Fact]
    public Task KilledBroker_LosesNothingThatWasAcknowledged() => Try("a broker of three is killed: nothing acknowledged is lost", "apache-4.4.0x3", async client =>
    {
        ApacheCluster cluster = servers.GetCluster("apache-4.4.0x3");
        string topic = await MakeTopicAsync(client, 3);
        await using Producer producer = client.CreateProducer();
        List<string> acknowledged = [];
        ApacheServer victim = cluster.Nodes[1];
        for (int i = 0; i < 600; i++)
        {
            if (i == 200) victim.Kill();
            string value = i.ToString(CultureInfo.InvariantCulture);
            await producer.SendAsync(Texts(topic), $"k{i}", value, Cancel);
            acknowledged.Add(value);
        }

        ConsumerOptions fromStart = new() { OffsetReset = OffsetReset.Earliest };
        await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8, fromStart);
        consumer.Assign(PartitionsOf(topic, 3));
        // Each once: the producer is idempotent.
        Assert.Equal(
            acknowledged.Order(StringComparer.Ordinal), (await ReadAsync(consumer, acknowledged.Count)).Order(StringComparer.Ordinal));
        victim.StartProcess();
        victim.AwaitAnswer();
        return Yes;
    });

    private async Task Try(string feature, string server, Func<MoldauClient, Task<string>> test)
    {
        string bootstrap = servers.BootstrapOf(server);
        await using MoldauClient client = new(bootstrap);
        report.Add(feature, server, "FAILED");
        report.Add(feature, server, await test(client));
    }

    /// <summary>What a server has not got must be refused with the error that says so.</summary>
    private static async Task<string> OrRefusedAsync(
        Func<Task> test, bool isMissing, ErrorCode refusal = ErrorCode.UnsupportedVersion)
    {
        if (!isMissing)
        {
            await test();
            return Yes;
        }

        MoldauException error = await Assert.ThrowsAsync<MoldauException>(test);
        Assert.Equal(refusal, error.Error);
        return $"refused: {refusal}";
    }

    private async Task ShareTopicAsync(MoldauClient client, ConsumerOptions options)
    {
        string topic = await MakeTopicAsync(client, 4);
        await using Producer producer = client.CreateProducer();
        async Task ProduceAsync(string value)
        {
            for (int p = 0; p < 4; p++)
                await producer.SendAsync(Texts(topic), new ProducerRecord<string, string>(null, value) { Partition = p }, Cancel);
        }

        await ProduceAsync("a");
        await using var first = client.CreateConsumer(Texts(topic), options);
        await ReadAsync(first, 4);
        await using (var second = client.CreateConsumer(Texts(topic), options))
        {
            Wait.Until(
                () => first.Assignment.Count == 2 && second.Assignment.Count == 2, TimeSpan.FromSeconds(60), "two partitions each");
            Assert.Empty(first.Assignment.Intersect(second.Assignment));
            await ProduceAsync("b");
            string[][] read = await Task.WhenAll(ReadAsync(first, 2), ReadAsync(second, 2));
            Assert.Equal(["b", "b", "b", "b"], read.SelectMany(r => r));
        }

        Wait.Until(() => first.Assignment.Count == 4, TimeSpan.FromSeconds(60), "the partitions to come back");
        await ProduceAsync("c");
        Assert.Equal(["c", "c", "c", "c"], await ReadAsync(first, 4));
    }

    private static async Task<string> MakeTopicAsync(MoldauClient client, int partitions, params (string Name, string Value)[] configs)
    {
        string name = $"matrix-{Guid.NewGuid():N}";
        await client.Admin.CreateTopicAsync(
            new NewTopic(name, partitions) { Configs = configs.ToDictionary(c => c.Name, c => c.Value) }, Cancel);
        await Eventually.UntilAsync(
            async () => (await client.Admin.ListOffsetsAsync(
                PartitionsOf(name, partitions).ToDictionary(p => p, _ => OffsetSpec.Latest), cancel: Cancel)).Values.All(o => o.IsSuccess),
            $"topic {name}");
        return name;
    }

    private static TopicPartition[] PartitionsOf(string topic, int count) =>
        [.. Enumerable.Range(0, count).Select(p => new TopicPartition(topic, p))];

    private static Topic<string, string> Texts(string topic) => new(topic, Serde.Utf8, Serde.Utf8);

    private static async Task<string[]> ReadAsync(Consumer<string, string> consumer, int count)
    {
        List<string> values = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            values.Add(record.Value!);
            record.Done();
            if (values.Count == count) break;
        }

        return [.. values];
    }
}
