using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Share groups (KIP-932) against Apache Kafka.</summary>
public sealed class ShareConsumerTests(Servers servers)
{
    private const string Apache = "apache-4.4.0";

    private static CancellationToken Cancel => Patience.Token;

    [Fact]
    public async Task Explicit_AcceptedAndRejectedRecordsAreOver_ReleasedOnesComeAgain()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic("share-explicit", ["a", "b", "c", "d"]);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateShareConsumer(topic, Options(node, topic) with
        {
            AcknowledgementMode = ShareAcknowledgementMode.Explicit,
        });
        List<string> seen = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            seen.Add($"{record.Value}{record.DeliveryCount}");
            if (record.DeliveryCount == 2) record.Accept();
            else if (record.Value == "b") record.Reject();
            else if (record.Value == "c") record.Release();
            else record.Accept();
            if (seen.Count == 5) break;
        }

        Assert.Equal(["a1", "b1", "c1", "d1", "c2"], seen);
        await consumer.CommitAsync(Cancel);
        TestTopics.Produce(node, topic.Name, ["e"]);
        Assert.Equal(["e1"], await ReadAsync(consumer, 1));
    }

    [Fact]
    public async Task Implicit_ARecordIsAcceptedWhenTheNextIsAskedFor_AndTheLastComesAgain()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic("share-implicit", ["a", "b", "c", "d"]);
        await using MoldauClient client = new(node.Bootstrap);
        await using (var first = client.CreateShareConsumer(topic, Options(node, topic)))
            Assert.Equal(["a1", "b1"], await ReadAsync(first, 2));

        // What the first one had locked is free as soon as it is disposed; "c" and "d" it never came to.
        await using var second = client.CreateShareConsumer(topic, Options(node, topic));
        string[] rest = await ReadAsync(second, 3);
        Assert.Equal("b2", rest[0]);
        Assert.Equal(["c", "d"], rest[1..].Select(v => v[..1]));
    }

    [Fact]
    public async Task TwoConsumers_ShareOnePartition_AndNoRecordIsWorkedOnTwice()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic("share-two", []);
        for (int i = 0; i < 20; i++) TestTopics.Produce(node, topic.Name, [.. Enumerable.Range(i * 10, 10).Select(n => $"{n}")]);
        await using MoldauClient client = new(node.Bootstrap);
        ShareConsumerOptions options = Options(node, topic) with { MaxPollRecords = 10 };
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        List<string> all = [];
        int[] read = new int[2];
        await Task.WhenAll(Enumerable.Range(0, 2).Select(async me =>
        {
            await using var consumer = client.CreateShareConsumer(topic, options);
            try
            {
                await foreach (var record in consumer.ReadAllAsync(stop.Token))
                {
                    record.Accept();
                    await Task.Yield();
                    read[me]++;
                    lock (all)
                    {
                        all.Add(record.Value!);
                        if (all.Count >= 200 && read.All(n => n > 0)) stop.Cancel();
                        else if (all.Count >= 200) TestTopics.Produce(node, topic.Name, [$"{all.Count}"]);
                    }
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // All are read.
            }
        }));
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.Superset(Enumerable.Range(0, 200).Select(n => $"{n}").ToHashSet(), all.ToHashSet());
        Assert.All(read, n => Assert.True(n > 0));
    }

    [Fact]
    public async Task LockThatEnds_GivesTheRecordToAnother_AndTheLateWordIsRefused()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic("share-lock", ["a"]);
        ShareConsumerOptions options = Options(node, topic, ("share.record.lock.duration.ms", "1500")) with
        {
            AcknowledgementMode = ShareAcknowledgementMode.Explicit,
        };
        List<AcknowledgementFailure> failures = [];
        await using MoldauClient client = new(node.Bootstrap);
        await using var slow = client.CreateShareConsumer(topic, options with
        {
            AcknowledgementFailed = failure =>
            {
                lock (failures) failures.Add(failure);
            },
        });
        SharedRecord<string, string> locked = await FirstAsync(slow);
        Assert.Equal(TimeSpan.FromMilliseconds(1500), slow.AcquisitionLockTimeout);
        await using var other = client.CreateShareConsumer(topic, options);
        SharedRecord<string, string> again = await FirstAsync(other);
        Assert.Equal((locked.Offset, 2), (again.Offset, again.DeliveryCount));
        locked.Accept();
        Assert.Throws<InvalidOperationException>(locked.Accept);
        var refused = await Assert.ThrowsAsync<MoldauException>(() => slow.CommitAsync(Cancel));
        Assert.Equal(ErrorCode.InvalidRecordState, refused.Error);
        await slow.CommitAsync(Cancel);
        again.Accept();
        await other.CommitAsync(Cancel);
        Wait.Until(
            () =>
            {
                lock (failures) return failures.Count == 1;
            },
            TimeSpan.FromSeconds(20), "the failure to be told");
        Assert.Equal([locked.Offset], failures[0].Offsets);
    }

    [Fact]
    public async Task RenewedLock_HoldsUntilTheRecordIsAccepted()
    {
        (ServerUnderTest node, Topic<string, string> topic) = Topic("share-renew", ["a"]);
        ShareConsumerOptions options = Options(node, topic, ("share.record.lock.duration.ms", "2000")) with
        {
            AcknowledgementMode = ShareAcknowledgementMode.Explicit,
        };
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateShareConsumer(topic, options);
        SharedRecord<string, string> record = await FirstAsync(consumer);
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(5);
        while (DateTime.UtcNow < end)
        {
            record.Renew();
            await consumer.CommitAsync(Cancel);
            await Task.Delay(300, Cancel);
        }

        record.Accept();
        await consumer.CommitAsync(Cancel);
    }

    [Fact]
    public async Task NodeWithoutShareGroups_IsAnErrorThatSaysSo()
    {
        ServerUnderTest node = servers.Get("moldau");
        string name = TestTopics.Create(node, "share-none");
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateShareConsumer(
            new Topic<string, string>(name, Serde.Utf8, Serde.Utf8), new ShareConsumerOptions { GroupId = name });
        var error = await Assert.ThrowsAsync<MoldauException>(() => ReadAsync(consumer, 1));
        Assert.Equal(ErrorCode.UnsupportedVersion, error.Error);
        Assert.Contains("KIP-932", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string[]> ReadAsync(ShareConsumer<string, string> consumer, int count)
    {
        List<string> read = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            read.Add($"{record.Value}{record.DeliveryCount}");
            if (read.Count == count) break;
        }

        return [.. read];
    }

    private static async Task<SharedRecord<string, string>> FirstAsync(ShareConsumer<string, string> consumer)
    {
        await foreach (var record in consumer.ReadAllAsync(Cancel)) return record;
        throw new InvalidOperationException("no record came");
    }

    private static ShareConsumerOptions Options(
        ServerUnderTest node, Topic<string, string> topic, params (string, string)[] configs)
    {
        string group = $"share-{topic.Name}";
        TestTopics.ConfigureGroup(node, group, [("share.auto.offset.reset", "earliest"), .. configs]);
        return new ShareConsumerOptions { GroupId = group };
    }

    private (ServerUnderTest Node, Topic<string, string> Topic) Topic(string name, string[] values)
    {
        ServerUnderTest node = servers.Get(Apache);
        string topic = TestTopics.Create(node, name);
        if (values.Length > 0) TestTopics.Produce(node, topic, values);
        return (node, new Topic<string, string>(topic, Serde.Utf8, Serde.Utf8));
    }
}
