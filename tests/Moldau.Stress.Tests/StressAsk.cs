using System.Text;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Stress.Tests;

/// <summary>What the tests ask for most often, and what they read.</summary>
internal static class StressAsk
{
    /// <summary>Returns when all partitions have a leader.</summary>
    public static void CreateTopic(this StressClient client, string name, int partitions)
    {
        CreateTopicsRequest request = new() { TimeoutMs = 10_000 };
        request.Topics.Add(new() { Name = name, NumPartitions = partitions, ReplicationFactor = 1 });
        Assert.Equal((short)0, client.Call<CreateTopicsRequest, CreateTopicsResponse>(request, 7).Topics[0].ErrorCode);
        MetadataRequest metadata = new() { Topics = [new() { Name = name }] };
        for (int i = 0; i < 10_000; i++)
        {
            MetadataResponse answer = client.Call<MetadataRequest, MetadataResponse>(metadata, 12);
            List<MetadataResponse.MetadataResponsePartition> found = answer.Topics[0].Partitions;
            if (found.Count == partitions && found.TrueForAll(p => p.LeaderId == 1)) return;
        }

        Assert.Fail("the topic has no leaders");
    }

    public static ProduceRequest ProduceOf(string topic, int partition, byte[] records)
    {
        ProduceRequest request = new() { Acks = -1, TimeoutMs = 20_000 };
        ProduceRequest.TopicProduceData data = new() { Name = topic };
        data.PartitionData.Add(new() { Index = partition, Records = records });
        request.TopicData.Add(data);
        return request;
    }

    public static List<(long Offset, string Value)> Values(ReadOnlySpan<byte> bytes)
    {
        List<(long, string)> values = [];
        RecordBatchEnumerator batches = new(bytes);
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            using RecordEnumerator records = batch.ReadRecords();
            while (records.MoveNext())
                values.Add((records.Current.Offset, Encoding.UTF8.GetString(records.Current.Value)));
        }

        return values;
    }

    /// <summary>With a producer id the batch can be sent again.</summary>
    public static byte[] Batch(string[] values, long producerId = -1, int sequence = -1)
    {
        RecordBatchOptions options = RecordBatchOptions.Default;
        if (producerId >= 0)
            options = options with { Producer = new ProducerIdAndEpoch(producerId, 0), BaseSequence = sequence };
        using RecordBatchBuilder builder = new(options);
        foreach (string value in values)
        {
            OptionalBytes bytes = new(Encoding.UTF8.GetBytes(value));
            Assert.True(builder.TryAppend(1_767_225_600_000, default, bytes));
        }

        return builder.BuildArray();
    }
}
