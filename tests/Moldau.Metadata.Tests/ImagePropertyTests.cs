using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata.Tests;

public sealed class ImagePropertyTests
{
    /// <summary>Random requests to the controller make a random but possible log.</summary>
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Image_BatchByBatch_EqualsReplayAtOnce_AndSurvivesASnapshot(int seed)
    {
        (List<MetadataRecord> log, MetadataImage controllers) = RandomLog(seed);
        var random = new Prng((ulong)seed);
        var loader = new MetadataLoader();
        for (int at = 0; at < log.Count;)
        {
            int count = Math.Min(1 + random.Next(9), log.Count - at);
            var batch = new MetadataBatch(at, at + count - 1, 1, at, log.GetRange(at, count));
            Assert.Null(loader.Load(batch, out _));
            at += count;
            if (random.Chance(0.05) && !loader.IsInTransaction)
            {
                var again = new MetadataLoader();
                Assert.Null(again.LoadSnapshot(loader.Image.ToRecords(), loader.Image.Provenance, out _));
                Assert.Equal(loader.Image, again.Image);
                loader = again;
            }
        }

        var whole = new MetadataDelta(MetadataImage.Empty);
        foreach (MetadataRecord record in log) Assert.Null(whole.Replay(record));
        MetadataImage atOnce = whole.Apply(loader.Image.Provenance);
        Assert.Equal(atOnce, loader.Image);
        Assert.Equal(controllers with { Provenance = default }, atOnce with { Provenance = default });
        Assert.Equal(Bytes(atOnce), Bytes(loader.Image));
    }

    [Fact]
    public void CreatingOneTopic_AmongTenThousand_SharesTheRest()
    {
        var delta = new MetadataDelta(MetadataImage.Empty);
        var random = new Prng(5);
        for (int i = 0; i < 10_000; i++)
            Assert.Null(delta.Replay(new MetadataRecord(new TopicRecord
            {
                Name = $"t{i}",
                TopicId = random.NextUuid()
            }, 0)));
        MetadataImage large = delta.Apply(default);
        var next = new MetadataDelta(large);
        Uuid id = random.NextUuid();
        Assert.Null(next.Replay(new MetadataRecord(new TopicRecord { Name = "new", TopicId = id }, 0)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        MetadataImage after = next.Apply(default);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 20_000);
        Assert.Equal(10_001, after.Topics.Count);
        Assert.Equal(10_000, large.Topics.Count);
        Assert.Same(large.Topics.Find("t77"), after.Topics.Find("t77"));
        Assert.Equal([id], next.ChangedTopics);
    }

    [Fact]
    public void Transaction_IsNotPublishedBeforeItsEnd_AndAnAbortLeavesNothing()
    {
        var loader = new MetadataLoader();
        MetadataRecord topic = new(new TopicRecord { Name = "t", TopicId = new Uuid(1, 2) }, 0);
        Assert.Null(loader.Load(new MetadataBatch(0, 0, 1, 0, [new(new BeginTransactionRecord(), 0)]),
            out MetadataUpdate? update));
        Assert.Null(update);
        Assert.Null(loader.Load(new MetadataBatch(1, 1, 1, 0, [topic]), out update));
        Assert.Null(update);
        Assert.True(loader.IsInTransaction);
        Assert.Null(loader.Load(new MetadataBatch(2, 2, 1, 0, [new(new AbortTransactionRecord(), 0)]), out update));
        Assert.Equal(0, update!.Image.Topics.Count);
        Assert.Null(loader.Load(
            new MetadataBatch(3, 5, 1, 0, [new(new BeginTransactionRecord(), 0), topic,
                new(new EndTransactionRecord(), 0)]),
            out update));
        Assert.Equal(1, update!.Image.Topics.Count);
    }

    [Fact]
    public void Replay_OfWhatDoesNotFit_SaysSo()
    {
        MetadataRecord[] bad =
        [
            new(new PartitionRecord { TopicId = new Uuid(1, 1) }, 2),
            new(new PartitionChangeRecord { TopicId = new Uuid(1, 1) }, 2),
            new(new RemoveTopicRecord { TopicId = new Uuid(1, 1) }, 0),
            new(new BrokerRegistrationChangeRecord { BrokerId = 4 }, 0),
            new(new UnregisterBrokerRecord { BrokerId = 4 }, 0),
            new(new EndTransactionRecord(), 0),
            new(new RemoveAccessControlEntryRecord(), 0),
        ];
        foreach (MetadataRecord record in bad) Assert.NotNull(new MetadataDelta(MetadataImage.Empty).Replay(record));
    }

    private static (List<MetadataRecord> Log, MetadataImage Image) RandomLog(int seed)
    {
        var random = new Prng((ulong)seed * 31);
        var controller = new TestController();
        SortedDictionary<int, long> epochs = [];
        for (int i = 0; i < 200; i++)
        {
            int broker = 1 + random.Next(4);
            string topic = $"topic-{random.Next(12)}";
            switch (random.Next(8))
            {
                case 0 when controller.Image.Cluster.Broker(broker) is null or { IsFenced: true }:
                    epochs[broker] = controller.AddBroker(broker, random.Chance(0.5)
                        ? epochs.GetValueOrDefault(broker, -1) : -1);
                    break;
                case 1 when epochs.TryGetValue(broker, out long epoch):
                    controller.Heartbeat(broker, epoch, wantFence: random.Chance(0.3),
                        wantShutDown: random.Chance(0.3));
                    break;
                case 2:
                    controller.Advance(random.Next(4_000));
                    controller.RunTimers();
                    break;
                case 3:
                    var delete = new DeleteTopicsRequest();
                    delete.Topics.Add(new DeleteTopicsRequest.DeleteTopicState { Name = topic });
                    controller.Ask<DeleteTopicsResponse>(delete, 6);
                    break;
                case 4:
                    var alter = new IncrementalAlterConfigsRequest();
                    alter.Resources.Add(new()
                    {
                        ResourceType = 2,
                        ResourceName = topic,
                        Configs = [new() { Name = "retention.ms", ConfigOperation = (sbyte)random.Next(2),
                            Value = "7" }],
                    });
                    controller.Ask<IncrementalAlterConfigsResponse>(alter, 1);
                    break;
                case 5:
                    var grow = new CreatePartitionsRequest();
                    grow.Topics.Add(new() { Name = topic, Count = 1 + random.Next(8), Assignments = null });
                    controller.Ask<CreatePartitionsResponse>(grow, 3);
                    break;
                default:
                    controller.CreateTopic(topic, 1 + random.Next(4), (short)(1 + random.Next(3)));
                    break;
            }
        }

        return (controller.Log, controller.Image);
    }

    private static byte[] Bytes(MetadataImage image) =>
        [.. image.ToRecords().SelectMany(r => MetadataRecords.Write(r))];
}
