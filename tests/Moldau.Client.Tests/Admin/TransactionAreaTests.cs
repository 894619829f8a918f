using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

public sealed class TransactionAreaTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task OpenTransaction_IsListedDescribedAndEndedByFencing(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        TransactionArea transactions = client.Admin.Transactions;
        if (!await Offered.HasAsync(node, ApiKey.ListTransactions, () => transactions.ListAsync(null, Cancel)))
        {
            // There is no coordinator to ask, and the node says so.
            const string reason = "does not serve transactions";
            Assert.Contains(reason, (await transactions.DescribeAsync(["x"], Cancel))["x"].Error!.Text, StringComparison.Ordinal);
            Assert.Contains(reason, (await transactions.FenceProducersAsync(["x"], Cancel))["x"].Error!.Text, StringComparison.Ordinal);
            return;
        }

        string topic = TestTopics.Create(node, "txn-admin");
        string id = $"id-{topic}";
        TopicPartition partition = new(topic, 0);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = id });
        Transaction transaction = await producer.BeginTransactionAsync(Cancel);
        await transaction.SendAsync(Texts(topic), "a", "b", Cancel);

        TransactionDescription open = (await transactions.DescribeAsync([id], Cancel))[id].Value!;
        Assert.Equal(("Ongoing", 1), (open.State, open.CoordinatorId));
        Assert.Equal([partition], open.Partitions);
        Assert.NotNull(open.StartedAt);
        TransactionListing listed = Assert.Single(await transactions.ListAsync(
            new TransactionFilter { States = ["Ongoing"], ProducerIds = [open.ProducerId], IdPattern = "id-txn.*" }, Cancel));
        Assert.Equal((id, open.ProducerId, "Ongoing", 1), (listed.TransactionalId, listed.ProducerId, listed.State, listed.CoordinatorId));
        Assert.DoesNotContain(
            await transactions.ListAsync(new TransactionFilter { LongerThan = TimeSpan.FromHours(1) }, Cancel),
            t => t.TransactionalId == id);
        var wrongState = await Assert.ThrowsAsync<MoldauException>(() => transactions.ListAsync(new TransactionFilter { States = ["Odd"] }, Cancel));
        Assert.Contains("'Odd'", wrongState.Message, StringComparison.Ordinal);

        ProducerState state = Assert.Single((await transactions.DescribeProducersAsync([partition], null, Cancel))[partition].Value!);
        Assert.Equal((open.ProducerId, 0, 0L), (state.ProducerId, state.LastSequence, state.TransactionStartOffset));
        await transactions.ForceTerminateAsync(id, Cancel);
        await Eventually.UntilAsync(async () => (await transactions.DescribeAsync([id], Cancel))[id].Value!.State is not "Ongoing" and not "PrepareAbort");
        Assert.Equal([], (await transactions.DescribeAsync([id], Cancel))[id].Value!.Partitions);
        state = Assert.Single((await transactions.DescribeProducersAsync([partition], 1, Cancel))[partition].Value!);
        Assert.Null(state.TransactionStartOffset);
        await Assert.ThrowsAsync<MoldauException>(() => transaction.CommitAsync(Cancel));
        Assert.Equal(
            ErrorCode.TransactionalIdNotFound, (await transactions.DescribeAsync(["nobody"], Cancel))["nobody"].Error!.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task OpenTransaction_IsAbortedInItsPartitionAlone(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "txn-abort");
        TopicPartition partition = new(topic, 0);
        await using MoldauClient client = new(node.Bootstrap);
        TransactionArea transactions = client.Admin.Transactions;
        if (!await Offered.HasAsync(node, ApiKey.WriteTxnMarkers, () => transactions.AbortAsync(partition, 1, 0, 0, Cancel))) return;
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = $"id-{topic}" });
        Transaction transaction = await producer.BeginTransactionAsync(Cancel);
        await transaction.SendAsync(Texts(topic), "a", "b", Cancel);
        ProducerState state = Assert.Single((await transactions.DescribeProducersAsync([partition], null, Cancel))[partition].Value!);
        await transactions.AbortAsync(partition, state.ProducerId, (short)state.ProducerEpoch, state.CoordinatorEpoch ?? 0, Cancel);
        await Eventually.UntilAsync(async () => Assert.Single(
            (await transactions.DescribeProducersAsync([partition], null, Cancel))[partition].Value!).TransactionStartOffset is null);
        var end = await client.Admin.ListOffsetsAsync(
            new Dictionary<TopicPartition, OffsetSpec> { [partition] = OffsetSpec.Latest }, IsolationLevel.ReadCommitted, Cancel);
        Assert.Equal(2, end[partition].Value.Offset);
        var stale = await Assert.ThrowsAsync<MoldauException>(() => transactions.AbortAsync(partition, state.ProducerId, -1, 0, Cancel));
        Assert.Contains($"producer {state.ProducerId}", stale.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Producers_ArePartitionsMemory(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "txn-producers");
        await using MoldauClient client = new(node.Bootstrap);
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync(Texts(topic), "a", "b", Cancel);
        TopicPartition there = new(topic, 0);
        TopicPartition missing = new(topic, 7);
        var described = await client.Admin.Transactions.DescribeProducersAsync([there, missing], null, Cancel);
        ProducerState state = Assert.Single(described[there].Value!);
        Assert.Equal((0, 0, null, null), (state.ProducerEpoch, state.LastSequence, state.CoordinatorEpoch, state.TransactionStartOffset));
        Assert.True(DateTimeOffset.UtcNow - state.LastWrite < TimeSpan.FromHours(1));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, described[missing].Error!.Code);
    }

    private static Topic<string, string> Texts(string topic) => new(topic, Serde.Utf8, Serde.Utf8);

    [Fact]
    public void Filter_ThatAnOldBrokerDoesNotKnow_IsUnsupported_AndTheRestIsNot()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one").On(ApiKey.ListTransactions, _ => new ListTransactionsResponse());
        broker.HighestVersions[ApiKey.ListTransactions] = 0;
        var all = world.Do((m, t) => TransactionAdmin.List(m, t, new TransactionFilter()));
        world.RunUntil(() => all.IsDone);
        Assert.Empty(all.Result);
        var longer = world.Do((m, t) => TransactionAdmin.List(m, t, new TransactionFilter { LongerThan = TimeSpan.FromSeconds(1) }));
        world.RunUntil(() => longer.IsDone);
        Assert.Equal(ErrorCode.UnsupportedVersion, longer.Error!.Code);
        Assert.Contains("ListTransactions", longer.Error.Text, StringComparison.Ordinal);
    }
}
