using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

public sealed class AdminTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Topic_IsMadeDescribedGrownAndDeleted(string server)
    {
        await using MoldauClient client = new(servers.Get(server).Bootstrap);
        string name = $"admin-{Guid.NewGuid():N}";
        await client.Admin.CreateTopicAsync(
            new NewTopic(name, 2, 1) { Configs = new Dictionary<string, string> { ["retention.ms"] = "60000" } }, Cancel);
        var again = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.CreateTopicAsync(new NewTopic(name, 2, 1), Cancel));
        Assert.Equal(ErrorCode.TopicAlreadyExists, again.Error);

        // The broker hears of it from the controller a moment later.
        await Eventually.UntilAsync(async () => (await client.Admin.DescribeTopicsAsync([name], Cancel))[name].Value is not null);
        TopicInfo topic = (await client.Admin.DescribeTopicsAsync([name], Cancel))[name].Value!;
        Assert.Equal(2, topic.Partitions.Length);
        Assert.False(topic.Id.IsZero);
        Assert.Contains(await client.Admin.ListTopicsAsync(Cancel), t => t.Name == name);
        Assert.Equal("60000", (await client.Admin.DescribeConfigAsync(new ConfigResource(ConfigResourceKind.Topic, name), Cancel))
            .Single(c => c.Name == "retention.ms").Value);

        Assert.Null((await client.Admin.CreatePartitionsAsync(new Dictionary<string, int> { [name] = 5 }, false, Cancel))[name]);
        await Eventually.UntilAsync(async () =>
            (await client.Admin.DescribeTopicsAsync([name], Cancel))[name].Value!.Partitions.Length == 5);
        var shrunk = await client.Admin.CreatePartitionsAsync(new Dictionary<string, int> { [name] = 3 }, false, Cancel);
        Assert.Equal(ErrorCode.InvalidPartitions, shrunk[name]!.Code);

        Assert.Null((await client.Admin.DeleteTopicsAsync([name], Cancel))[name]);
        await Eventually.UntilAsync(async () => (await client.Admin.DescribeTopicsAsync([name], Cancel))[name].Error?.Code
            == ErrorCode.UnknownTopicOrPartition);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await client.Admin.DeleteTopicsAsync([name], Cancel))[name]!.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Config_IsChangedAndPutBack_AndABadValueIsRefused(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string name = TestTopics.Create(node, "admin-config");
        await using MoldauClient client = new(node.Bootstrap);
        ConfigResource topic = new(ConfigResourceKind.Topic, name);
        await client.Admin.ChangeConfigAsync(topic, [new("max.message.bytes", ConfigChangeKind.Set, "2000000")], false, Cancel);
        await Eventually.UntilAsync(async () => await ValueAsync() is { Value: "2000000", Source: ConfigSource.TopicConfig });
        var bad = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.ChangeConfigAsync(
            topic, [new("max.message.bytes", ConfigChangeKind.Set, "many")], false, Cancel));
        Assert.Equal(ErrorCode.InvalidConfig, bad.Error);
        Assert.Contains("max.message.bytes", bad.Message, StringComparison.Ordinal);
        await client.Admin.ChangeConfigAsync(topic, [new("max.message.bytes", ConfigChangeKind.Delete, null)], false, Cancel);
        await Eventually.UntilAsync(async () => (await ValueAsync()).Source != ConfigSource.TopicConfig);

        async Task<ConfigValue> ValueAsync() =>
            (await client.Admin.DescribeConfigAsync(topic, Cancel)).Single(c => c.Name == "max.message.bytes");
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Offsets_AreListedByEndAndTime_AndRecordsTrimmed(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string name = TestTopics.Create(node, "admin-offsets", 2);
        TestTopics.Produce(node, name, ["a", "b", "c"]);
        await using MoldauClient client = new(node.Bootstrap);
        TopicPartition first = new(name, 0);
        TopicPartition second = new(name, 1);
        TopicPartition missing = new(name, 9);
        var found = await client.Admin.ListOffsetsAsync(new Dictionary<TopicPartition, OffsetSpec>
        {
            [first] = OffsetSpec.Latest,
            [second] = OffsetSpec.Latest,
            [missing] = OffsetSpec.Latest,
        }, cancel: Cancel);
        Assert.Equal((3, 0), (found[first].Value.Offset, found[second].Value.Offset));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, found[missing].Error!.Code);
        var byTime = await client.Admin.ListOffsetsAsync(new Dictionary<TopicPartition, OffsetSpec>
        {
            [first] = OffsetSpec.At(DateTimeOffset.FromUnixTimeMilliseconds(1_600_000_000_000)),
        }, cancel: Cancel);
        Assert.Equal((0, 1_700_000_000_000), (byTime[first].Value.Offset, byTime[first].Value.Timestamp));

        var trimmed = await client.Admin.DeleteRecordsAsync(new Dictionary<TopicPartition, long> { [first] = 2 }, Cancel);
        Assert.Equal(2, trimmed[first].Value);
        var tooFar = await client.Admin.DeleteRecordsAsync(new Dictionary<TopicPartition, long> { [first] = 100 }, Cancel);
        Assert.Equal(ErrorCode.OffsetOutOfRange, tooFar[first].Error!.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Group_IsListedDescribedSoughtAndDeleted(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string name = TestTopics.Create(node, "admin-group", 2);
        TestTopics.Produce(node, name, ["a", "b", "c"]);
        TopicPartition partition = new(name, 0);
        string group = $"g-{name}";
        await using MoldauClient client = new(node.Bootstrap);
        Assert.Equal("Dead", (await client.Admin.DescribeGroupAsync(group, Cancel)).State);
        await using (var consumer = client.CreateConsumer(
            new Topic<string, string>(name, Serde.Utf8, Serde.Utf8),
            new ConsumerOptions
            {
                GroupId = group,
                GroupProtocol = GroupProtocol.Classic,
                OffsetReset = OffsetReset.Earliest,
            }))
        {
            await foreach (var record in consumer.ReadAllAsync(Cancel))
            {
                record.Done();
                if (record.Offset == 1) break;
            }

            GroupDescription stable = await client.Admin.DescribeGroupAsync(group, Cancel);
            Assert.Equal(("Stable", "range", 1), (stable.State, stable.Assignor, stable.Members.Count));
            Assert.Equal(2, stable.Members[0].Assignment.Count);
            var busy = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.DeleteGroupAsync(group, Cancel));
            Assert.Equal(ErrorCode.NonEmptyGroup, busy.Error);
        }

        Assert.Contains(await client.Admin.ListGroupsAsync(Cancel), g => g.GroupId == group);
        Assert.Equal(2, (await client.Admin.ListGroupOffsetsAsync(group, Cancel))[partition].Offset);
        await Eventually.UntilAsync(async () => (await client.Admin.DescribeGroupAsync(group, Cancel)).State == "Empty");
        await client.Admin.SetGroupOffsetsAsync(
            group, new Dictionary<TopicPartition, CommittedOffset> { [partition] = new(0) }, Cancel);
        Assert.Equal(0, (await client.Admin.ListGroupOffsetsAsync(group, Cancel))[partition].Offset);
        Assert.Equal(ErrorCode.None, (await client.Admin.DeleteGroupOffsetsAsync(group, [partition], Cancel))[partition]);
        Assert.DoesNotContain(partition, (await client.Admin.ListGroupOffsetsAsync(group, Cancel)).Keys);
        await client.Admin.DeleteGroupAsync(group, Cancel);
        var gone = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.DeleteGroupAsync(group, Cancel));
        Assert.Equal(ErrorCode.GroupIdNotFound, gone.Error);
    }
}
