using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Producing;

/// <summary>Transactions against Apache Kafka; kcat reads what is committed.</summary>
public sealed class TransactionTests(Servers servers)
{
    /// <summary>The second one has transactions of the first protocol only.</summary>
    public static TheoryData<string> Versions => new("apache-4.4.0", "apache-3.9.1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task CommittedRecords_AreThere_AbortedOnesAreNot(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client, 2);
        Topic<string, string> topic = new(name, Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = name });
        for (int round = 0; round < 4; round++)
        {
            await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
            await transaction.SendAsync(topic, $"k{round}", $"first {round}", Cancel);
            await transaction.EnqueueAsync(topic, $"x{round}", $"second {round}", Cancel);
            if (round % 2 == 0) await transaction.CommitAsync(Cancel);
        }

        Assert.Equal(
            ["first 0", "first 2", "second 0", "second 2"], Topics.Read(node, name, "%s").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task EmptyTransaction_CommitsAndTheNextOneBegins()
    {
        ServerUnderTest node = servers.Get("apache-4.4.0");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = name });
        Transaction transaction = await producer.BeginTransactionAsync(Cancel);
        await Assert.ThrowsAsync<MoldauException>(() => producer.BeginTransactionAsync(Cancel));
        await transaction.CommitAsync(Cancel);
        transaction = await producer.BeginTransactionAsync(Cancel);
        await transaction.AbortAsync(Cancel);
    }

    [Fact]
    public async Task SendOutsideATransaction_IsRefused()
    {
        ServerUnderTest node = servers.Get("apache-4.4.0");
        await using MoldauClient client = new(node.Bootstrap);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = "outside" });
        var error = await Assert.ThrowsAsync<MoldauException>(
            async () => await producer.SendAsync("t", default, "v"u8, Cancel));
        Assert.Equal(ErrorCode.InvalidTxnState, error.Error);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task NewerProducerOfTheName_FencesTheOlderOne(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        Topic<string, string> topic = new(name, Serde.Utf8, Serde.Utf8);
        ProducerOptions options = new() { TransactionalId = name };
        await using Producer older = client.CreateProducer(options);
        Transaction left = await older.BeginTransactionAsync(Cancel);
        await left.SendAsync(topic, "k", "old", Cancel);
        await using Producer newer = client.CreateProducer(options);
        Transaction transaction = await newer.BeginTransactionAsync(Cancel);
        await transaction.SendAsync(topic, "k", "new", Cancel);
        await transaction.CommitAsync(Cancel);
        var error = await Assert.ThrowsAsync<MoldauException>(() => left.CommitAsync(Cancel));
        Assert.Equal(ErrorCode.ProducerFenced, error.Error);
        Assert.Equal(["new"], Topics.Read(node, name, "%s"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Offsets_AreCommittedWithTheTransactionAlone(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = name });
        ConsumerGroupMetadata group = new($"group of {name}");
        foreach ((long offset, bool isCommit, long expected) in new[] { (5L, true, 5L), (9L, false, 5L) })
        {
            await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
            await transaction.AddOffsetsAsync(
                new Dictionary<TopicPartition, long> { [new TopicPartition(name, 0)] = offset }, group, Cancel);
            if (isCommit) await transaction.CommitAsync(Cancel);
            else await transaction.AbortAsync(Cancel);
            Assert.Equal(expected, await OffsetAsync(client, group.GroupId, name));
        }
    }

    [Fact]
    public async Task NodeWithoutTransactions_SaysSo()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        await using Producer producer = client.CreateProducer(
            new ProducerOptions { TransactionalId = "none", MaxBlock = Duration.FromSeconds(5) });
        var error = await Assert.ThrowsAsync<MoldauException>(() => producer.BeginTransactionAsync(Cancel));
        Assert.NotEmpty(error.Message);
        Assert.NotEqual(ErrorCode.None, error.Error);
    }

    /// <summary>The committed offset, once no transaction is pending on it.</summary>
    private static Task<long> OffsetAsync(MoldauClient client, string group, string topic) => client.Driver.WaitAsync(
        (group, topic),
        static (machine, turn, s) =>
        {
            ClientOperation<long> operation = new();
            ClientCall<OffsetFetchRequest, OffsetFetchResponse> call = new(
                CallTarget.Coordinator(CoordinatorType.Group, s.group),
                _ => new OffsetFetchRequest
                {
                    RequireStable = true,
                    Groups =
                    [
                        new OffsetFetchRequest.OffsetFetchRequestGroup
                        {
                            GroupId = s.group,
                            Topics = [new OffsetFetchRequest.OffsetFetchRequestTopics { Name = s.topic, PartitionIndexes = [0] }],
                        },
                    ],
                },
                (answer, now) =>
                {
                    var partition = answer.Groups[0].Topics[0].Partitions[0];
                    if (ErrorCodes.FromWire(partition.ErrorCode).IsRetriable()) return CallOutcome.Retry;
                    operation.TrySucceed(partition.CommittedOffset, now);
                    return CallOutcome.Done;
                },
                (error, now) => operation.TryFail(error, now))
            {
                From = 8,
                UpTo = 9,
                Deadline = turn.Now + Duration.FromSeconds(60),
            };
            machine.Calls.Start(call, turn);
            return operation;
        },
        Cancel);
}
