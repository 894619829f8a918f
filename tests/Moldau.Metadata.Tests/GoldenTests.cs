using Moldau.Base;
using Moldau.Config;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Metadata.Tests;

public sealed class GoldenTests
{
    [Fact]
    public void Records_OfKafka_AreWrittenBackIdentically()
    {
        int count = 0;
        foreach (byte[] file in new[] { Golden.Log, Golden.Bootstrap })
        {
            var enumerator = new RecordBatchEnumerator(file);
            while (enumerator.MoveNext())
            {
                Assert.True(enumerator.Current.IsCrcValid);
                if (enumerator.Current.IsControl) continue;
                RecordEnumerator records = enumerator.Current.ReadRecords();
                while (records.MoveNext())
                {
                    Assert.Equal(MetadataReadStatus.Ok,
                        MetadataRecords.Read(records.Current.Value, out MetadataRecord record));
                    Assert.Equal(records.Current.Value.ToArray(), MetadataRecords.Write(record));
                    count++;
                }
            }

            Assert.Equal(0, enumerator.RemainingBytes);
        }

        Assert.Equal(90, count);
    }

    [Fact]
    public void Image_OfKafkasLog_HoldsWhatWasDone()
    {
        MetadataImage image = Golden.ImageAt(87);
        Assert.Equal("4.4-IV2", image.Features.Version.ToString());
        Assert.True(image.Features.IsElrEnabled);
        Assert.Equal(["first", "second.topic"], image.Topics.ByName.Keys);
        TopicImage first = image.Topics.Find("first")!;
        Assert.Equal(4, first.Partitions.Length);
        Assert.Equal("compact,delete", image.Configs.Value(ConfigResource.Topic("first"), "cleanup.policy"));
        Assert.Null(image.Configs.Value(ConfigResource.Topic("first"), "retention.ms"));
        Assert.Equal("1", image.Configs.Value(ConfigResource.ClusterDefault, "min.insync.replicas"));
        Assert.Equal("3", image.Configs.Value(new ConfigResource(ConfigResourceType.Broker, "1"),
            "log.cleaner.threads"));
        Assert.Equal(2, image.ClientQuotas.ByEntity.Count);
        Assert.Equal(2, image.Security.Acls.Count);
        Assert.Equal(["alice", "carol"], image.Security.Scram.Keys.Select(k => k.User));
        Assert.Equal(1000, image.NextProducerId);
        BrokerRegistration broker = image.Cluster.Broker(1)!;
        Assert.Equal(68, broker.Epoch);
        Assert.True(broker.IsFenced);
        Assert.True(broker.IsInControlledShutdown);
        Assert.Single(image.Cluster.Controllers);

        // After a clean stop nobody leads, and the last leader stays eligible.
        foreach (PartitionImage partition in first.Partitions)
        {
            Assert.Equal(LeaderConstants.NoLeader, partition.Leader);
            Assert.Empty(partition.Isr);
            Assert.Equal([1], partition.Elr);
            Assert.Equal([1], partition.LastKnownElr);
        }
    }

    [Fact]
    public void Image_AfterKill_HasLastLeaderRecovering()
    {
        PartitionImage partition = Golden.ImageAt(80).Topics.Find("first")!.Partitions[0];
        Assert.Equal(1, partition.Leader);
        Assert.Equal([1], partition.Isr);
        Assert.Equal(LeaderRecoveryState.Recovering, partition.LeaderRecoveryState);
        Assert.Empty(partition.Elr);
    }

    [Fact]
    public void Image_ThroughSnapshotRecords_ComesBackEqual()
    {
        MetadataImage image = Golden.ImageAt(87);
        var records = image.ToRecords().Select(r =>
        {
            Assert.Equal(MetadataReadStatus.Ok,
                MetadataRecords.Read(MetadataRecords.Write(r), out MetadataRecord read));
            return read;
        });
        var loader = new MetadataLoader();
        Assert.Null(loader.LoadSnapshot(records, image.Provenance, out _));
        Assert.Equal(image, loader.Image);
        Assert.Equal(Bytes(image), Bytes(loader.Image));
    }

    [Fact]
    public void Read_OfEveryTruncation_IsAnErrorAndNoException()
    {
        foreach (MetadataRecord record in Golden.LogBatches.SelectMany(b => b.Records))
        {
            byte[] bytes = MetadataRecords.Write(record);
            for (int i = 0; i < bytes.Length; i++)
                Assert.NotEqual(MetadataReadStatus.Ok, MetadataRecords.Read(bytes.AsSpan(0, i), out _));
        }

        Assert.Equal(MetadataReadStatus.UnknownRecord, MetadataRecords.Read([1, 99, 0], out _));
        Assert.Equal(MetadataReadStatus.UnknownFrame, MetadataRecords.Read([7, 2, 0], out _));
    }

    private static byte[] Bytes(MetadataImage image) =>
        [.. image.ToRecords().SelectMany(r => MetadataRecords.Write(r))];
}
