using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Both group protocols against real coordinators: who reads what, and what the user is told.</summary>
public sealed class GroupProtocolTests(Servers servers)
{
    private const string Apache = "apache-4.4.0";

    /// <summary>Server, the options' protocol and assignor, and the type that the server has for the group.</summary>
    public static TheoryData<string, string, string> Protocols => new()
    {
        { Apache, "default", "Consumer" },
        { Apache, "consumer", "Consumer" },
        { Apache, "classic", "Classic" },
        { Apache, "cooperative-sticky", "Classic" },
        { Apache, "range", "Classic" },
        { "moldau", "default", "Classic" },
        { "moldau", "cooperative-sticky", "Classic" },
        { "moldau", "roundrobin", "Classic" },
    };

    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task PartitionsMove_OnlyAfterTheirOwnerWasTold_AndNothingIsReadTwice(string server, string protocol, string type)
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic(server, $"move-{protocol}", 4);
        ConcurrentDictionary<TopicPartition, string> owners = [];
        await using MoldauClient client = new(node.Bootstrap);
        ConsumerOptions options = Options(topic, protocol);
        Owner one = new("one", owners);
        Owner two = new("two", owners);
        await using var first = client.CreateConsumer(topic, options with { Listener = one });
        for (int p = 0; p < 4; p++) TestTopics.Produce(node, topic.Name, ["a"], p);
        await ReadAsync(first, 4, "a");
        Assert.Equal(type, TypeOf(node, options.GroupId!));
        Assert.Equal(4, owners.Count);

        await using (var second = client.CreateConsumer(topic, options with { Listener = two }))
        {
            Wait.Until(() => first.Assignment.Count == 2 && second.Assignment.Count == 2,
                TimeSpan.FromSeconds(60), "both to have two partitions");
            for (int p = 0; p < 4; p++) TestTopics.Produce(node, topic.Name, ["b"], p);
            await Task.WhenAll(ReadAsync(first, 2, "b"), ReadAsync(second, 2, "b"));
        }

        Assert.Empty(two.Owned);
        Wait.Until(() => one.Owned.Count == 4, TimeSpan.FromSeconds(60), "the partitions to come back");
        for (int p = 0; p < 4; p++) TestTopics.Produce(node, topic.Name, ["c"], p);
        await ReadAsync(first, 4, "c");
        Assert.Empty(one.Clashes.Concat(two.Clashes));
    }

    [Theory]
    [InlineData(Apache, "default")]
    [InlineData(Apache, "classic")]
    [InlineData("moldau", "classic")]
    public async Task StaticMember_ComesBackToItsPartitions_WithoutTheOthersNotice(string server, string protocol)
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic(server, $"static-{protocol}", 4);
        ConcurrentDictionary<TopicPartition, string> owners = [];
        await using MoldauClient client = new(node.Bootstrap);
        ConsumerOptions options = Options(topic, protocol);
        Owner other = new("other", owners);
        await using var stays = client.CreateConsumer(topic, options with { GroupInstanceId = "stays", Listener = other });
        var goes = client.CreateConsumer(topic, options with { GroupInstanceId = "goes" });
        Wait.Until(() => stays.Assignment.Count == 2 && goes.Assignment.Count == 2 && other.Owned.Count == 2,
            TimeSpan.FromSeconds(60), "both to have two partitions, and the listener to have heard of it");
        IReadOnlyList<TopicPartition> had = goes.Assignment;
        int calls = other.Calls;
        await goes.DisposeAsync();
        await using var back = client.CreateConsumer(topic, options with { GroupInstanceId = "goes" });
        Wait.Until(() => back.Assignment.Count == 2, TimeSpan.FromSeconds(60), "the partitions to be there again");
        Assert.Equal(had, back.Assignment);
        Assert.Equal(calls, other.Calls);
    }

    [Fact]
    public async Task StaticMemberOfAName_ThatIsTaken_IsRefusedWithTheBrokersWord()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic(Apache, "static-taken", 1);
        await using MoldauClient client = new(node.Bootstrap);
        ConsumerOptions options = Options(topic, "consumer") with { GroupInstanceId = "me" };
        await using var first = client.CreateConsumer(topic, options);
        Wait.Until(() => first.Assignment.Count == 1, TimeSpan.FromSeconds(60), "the first to be a member");
        await using var second = client.CreateConsumer(topic, options);
        var error = await Assert.ThrowsAsync<MoldauException>(() => ReadAsync(second, 1));
        Assert.Equal(ErrorCode.UnreleasedInstanceId, error.Error);
    }

    [Fact]
    public async Task Kip848_WhereItIsChosenAndNotThere_IsAnError()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic("moldau", "chosen", 1);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(topic, Options(topic, "consumer"));
        var error = await Assert.ThrowsAsync<MoldauException>(() => ReadAsync(consumer, 1));
        Assert.Equal(ErrorCode.UnsupportedVersion, error.Error);
        Assert.Contains("group.protocol=consumer", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => client.CreateConsumer(
            topic, Options(topic, "consumer") with { PartitionAssignmentStrategy = ["range"] }));
    }

    [Theory]
    [InlineData("apache-3.9.1")]
    public async Task OlderCluster_IsJoinedByTheClassicProtocol(string server)
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic(server, "older", 1);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(topic, Options(topic, "default"));
        TestTopics.Produce(node, topic.Name, ["a"]);
        await ReadAsync(consumer, 1, "a");
    }

    [Fact]
    public async Task BrokersPattern_ReadsTopicsThatAppearLater_AndABadOneIsRefused()
    {
        ServerUnderTest node = servers.Get(Apache);
        string prefix = $"pat{Guid.NewGuid():N}";
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8, new ConsumerOptions
        {
            GroupId = prefix,
            OffsetReset = OffsetReset.Earliest,
            GroupRemoteAssignor = "range",
        });
        consumer.Subscribe(new SubscriptionPattern($"{prefix}-.*"));
        string topic = TestTopics.Create(node, $"{prefix}-1");
        TestTopics.Produce(node, topic, ["a"]);
        await ReadAsync(consumer, 1, "a");

        await using var bad = client.CreateConsumer(Serde.Utf8, Serde.Utf8, new ConsumerOptions { GroupId = $"{prefix}-bad" });
        bad.Subscribe(new SubscriptionPattern("(("));
        var error = await Assert.ThrowsAsync<MoldauException>(() => ReadAsync(bad, 1));
        Assert.Equal(ErrorCode.InvalidRegularExpression, error.Error);
    }

    [Fact]
    public async Task UnknownAssignor_IsRefusedWithTheBrokersWord()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic(Apache, "assignor", 1);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(topic, Options(topic, "consumer") with { GroupRemoteAssignor = "best" });
        var error = await Assert.ThrowsAsync<MoldauException>(() => ReadAsync(consumer, 1));
        Assert.Equal(ErrorCode.UnsupportedAssignor, error.Error);
    }

    [Theory]
    [InlineData(Apache, "consumer")]
    [InlineData(Apache, "classic")]
    [InlineData("moldau", "classic")]
    public async Task Listener_MaySeekWhatCame_AndItsErrorIsTheReaders(string server, string protocol)
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic(server, $"listener-{protocol}", 1);
        TestTopics.Produce(node, topic.Name, ["a", "b", "c", "d"]);
        await using MoldauClient client = new(node.Bootstrap);
        Seeker seeker = new();
        await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8, Options(topic, protocol) with { Listener = seeker });
        seeker.Consumer = consumer;
        consumer.Subscribe(topic.Name);
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            Assert.Equal("c", record.Value);
            break;
        }

        await using var failing = client.CreateConsumer(
            topic, Options(topic, protocol) with { GroupId = $"failing-{topic.Name}", Listener = new Seeker() });
        var error = await Assert.ThrowsAsync<MoldauException>(() => ReadAsync(failing, 1));
        Assert.Contains("no consumer", error.Message, StringComparison.Ordinal);
    }

    private static ConsumerOptions Options(Topic<string, string> topic, string protocol)
    {
        ConsumerOptions options = new() { GroupId = $"g-{topic.Name}", OffsetReset = OffsetReset.Earliest };
        return protocol switch
        {
            "default" => options,
            "consumer" => options with { GroupProtocol = GroupProtocol.Consumer },
            "classic" => options with { GroupProtocol = GroupProtocol.Classic },
            _ => options with { PartitionAssignmentStrategy = [protocol] },
        };
    }

    private static string TypeOf(ServerUnderTest node, string group)
    {
        using WireClient wire = new(node.Port);
        JsonObject answer = wire.Ask("ListGroups", 5, JsonNode.Parse("""{"StatesFilter":[],"TypesFilter":[]}""")!.AsObject())!;
        JsonNode found = answer["Groups"]!.AsArray().Single(g => (string)g!["GroupId"]! == group)!;
        return char.ToUpperInvariant(((string)found["GroupType"]!)[0]) + ((string)found["GroupType"]!)[1..];
    }

    private static async Task ReadAsync(Consumer<string, string> consumer, int count, string? value = null)
    {
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            if (value is not null) Assert.Equal(value, record.Value);
            record.Done();
            if (--count == 0) break;
        }
    }

    private (ServerUnderTest Node, Topic<string, string> Topic) Topic(string server, string name, int partitions)
    {
        ServerUnderTest node = servers.Get(server);
        return (node, new Topic<string, string>(TestTopics.Create(node, name, partitions), Serde.Utf8, Serde.Utf8));
    }

    /// <summary>Notes who has which partition: two at once would be a clash. It takes its time, so that whoever does not wait
    /// for it is caught.</summary>
    private sealed class Owner(string name, ConcurrentDictionary<TopicPartition, string> owners) : IConsumerListener
    {
        public ConcurrentQueue<string> Clashes { get; } = [];

        public int Calls { get; private set; }

        public IReadOnlyList<TopicPartition> Owned => [.. owners.Where(o => o.Value == name).Select(o => o.Key)];

        public ValueTask OnAssignedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel)
        {
            Calls++;
            foreach (TopicPartition partition in partitions)
                if (!owners.TryAdd(partition, name)) Clashes.Enqueue($"{partition} came to {name}, {owners[partition]} has it");
            return default;
        }

        public async ValueTask OnRevokedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel)
        {
            Calls++;
            await Task.Delay(300, cancel);
            foreach (TopicPartition partition in partitions)
                if (!owners.TryRemove(new(partition, name))) Clashes.Enqueue($"{partition} went from {name}, which had it not");
        }
    }

    private sealed class Seeker : IConsumerListener
    {
        public Consumer<string, string>? Consumer { get; set; }

        public ValueTask OnAssignedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel)
        {
            Consumer<string, string> consumer = Consumer ?? throw new InvalidOperationException("no consumer");
            foreach (TopicPartition partition in partitions) consumer.Seek(partition, 2);
            return default;
        }
    }
}
