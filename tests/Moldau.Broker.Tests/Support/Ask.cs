using System.Text;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Broker.Tests;

/// <summary>What a test asks of a node most often.</summary>
internal static class Ask
{
    public const short ProduceVersion = 12, FetchVersion = 12;

    public static Uuid CreateTopic(this TestClient client, string name, int partitions = 1, params (string Name, string Value)[] configs)
    {
        CreateTopicsRequest request = new() { TimeoutMs = 1000 };
        CreateTopicsRequest.CreatableTopic topic = new() { Name = name, NumPartitions = partitions, ReplicationFactor = 1 };
        foreach ((string key, string value) in configs) topic.Configs.Add(new() { Name = key, Value = value });
        request.Topics.Add(topic);
        CreateTopicsResponse answer = client.Call<CreateTopicsRequest, CreateTopicsResponse>(request, 7);
        Assert.Equal(ErrorCode.None, (ErrorCode)answer.Topics[0].ErrorCode);
        return answer.Topics[0].TopicId;
    }

    public static void DeleteTopic(this TestClient client, string name)
    {
        DeleteTopicsRequest request = new() { TimeoutMs = 1000 };
        request.Topics.Add(new() { Name = name });
        DeleteTopicsResponse answer = client.Call<DeleteTopicsRequest, DeleteTopicsResponse>(request, 6);
        Assert.Equal(ErrorCode.None, (ErrorCode)answer.Responses[0].ErrorCode);
    }

    public static ProduceRequest ProduceOf(string topic, short acks, params (int Partition, byte[] Records)[] data)
    {
        ProduceRequest request = new() { Acks = acks, TimeoutMs = 1000 };
        ProduceRequest.TopicProduceData target = new() { Name = topic };
        foreach ((int partition, byte[] records) in data) target.PartitionData.Add(new() { Index = partition, Records = records });
        request.TopicData.Add(target);
        return request;
    }

    /// <summary>Produces one batch and returns what the node says of its partition.</summary>
    public static ProduceResponse.PartitionProduceResponse Produce(
        this TestClient client, string topic, int partition, byte[] records, short acks = -1) =>
        client.Call<ProduceRequest, ProduceResponse>(ProduceOf(topic, acks, (partition, records)), ProduceVersion)
            .Responses[0].PartitionResponses[0];

    public static long Produced(this TestClient client, string topic, int partition, params string[] values)
    {
        ProduceResponse.PartitionProduceResponse answer = client.Produce(topic, partition, Batch(values));
        Assert.Equal(ErrorCode.None, (ErrorCode)answer.ErrorCode);
        return answer.BaseOffset;
    }

    public static FetchRequest FetchOf(
        string topic, IEnumerable<(int Partition, long Offset)> partitions, int maxWaitMs = 500, int minBytes = 1,
        int maxBytes = 1 << 20, int partitionBytes = 1 << 20, int sessionId = 0, int sessionEpoch = -1)
    {
        FetchRequest request = new()
        {
            MaxWaitMs = maxWaitMs,
            MinBytes = minBytes,
            MaxBytes = maxBytes,
            SessionId = sessionId,
            SessionEpoch = sessionEpoch,
        };
        FetchRequest.FetchTopic target = new() { Topic = topic };
        foreach ((int partition, long offset) in partitions)
            target.Partitions.Add(new() { Partition = partition, FetchOffset = offset, PartitionMaxBytes = partitionBytes });
        if (target.Partitions.Count > 0) request.Topics.Add(target);
        return request;
    }

    public static FetchResponse Fetch(this TestClient client, FetchRequest request) =>
        client.Call<FetchRequest, FetchResponse>(request, FetchVersion);

    public static FetchResponse.PartitionData FetchOne(
        this TestClient client, string topic, int partition, long offset, int maxWaitMs = 0) =>
        client.Fetch(FetchOf(topic, [(partition, offset)], maxWaitMs)).Responses[0].Partitions[0];

    /// <summary>The values of a whole partition.</summary>
    public static List<string> ReadAll(this TestClient client, string topic, int partition, long from = 0)
    {
        List<string> values = [];
        while (true)
        {
            FetchResponse.PartitionData data = client.FetchOne(topic, partition, from);
            Assert.Equal(ErrorCode.None, (ErrorCode)data.ErrorCode);
            if (data.Records is not { Length: > 0 } bytes) return values;
            foreach ((long offset, string value) in Values(bytes))
            {
                if (offset < from) continue;
                Assert.Equal(from, offset);
                values.Add(value);
                from++;
            }
        }
    }

    public static List<(long Offset, string Value)> Values(ReadOnlySpan<byte> bytes)
    {
        List<(long, string)> values = [];
        RecordBatchEnumerator batches = new(bytes);
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            using RecordEnumerator records = batch.ReadRecords();
            while (records.MoveNext()) values.Add((records.Current.Offset, Encoding.UTF8.GetString(records.Current.Value)));
        }

        return values;
    }

    public static byte[] Batch(params string[] values) => Build(RecordBatchOptions.Default, 1_767_225_600_000, values);

    public static byte[] Sized(int valueBytes) => Batch(new string('v', valueBytes));

    public static byte[] Idempotent(long producerId, int sequence, params string[] values) =>
        Build(
            RecordBatchOptions.Default with { Producer = new ProducerIdAndEpoch(producerId, 0), BaseSequence = sequence },
            1_767_225_600_000, values);

    public static byte[] Build(RecordBatchOptions options, long timestamp, params string[] values)
    {
        using RecordBatchBuilder builder = new(options);
        foreach (string value in values)
            Assert.True(builder.TryAppend(timestamp, default, new OptionalBytes(Encoding.UTF8.GetBytes(value))));
        return builder.BuildArray();
    }

    public static ListOffsetsResponse.ListOffsetsPartitionResponse ListOffset(
        this TestClient client, string topic, int partition, long timestamp, short version = 10)
    {
        ListOffsetsRequest request = new() { ReplicaId = -1 };
        ListOffsetsRequest.ListOffsetsTopic target = new() { Name = topic };
        target.Partitions.Add(new() { PartitionIndex = partition, Timestamp = timestamp });
        request.Topics.Add(target);
        return client.Call<ListOffsetsRequest, ListOffsetsResponse>(request, version).Topics[0].Partitions[0];
    }

    public static void SetConfig(this TestClient client, sbyte type, string resource, string name, string? value)
    {
        IncrementalAlterConfigsRequest request = new();
        IncrementalAlterConfigsRequest.AlterConfigsResource target = new() { ResourceType = type, ResourceName = resource };
        target.Configs.Add(new() { Name = name, Value = value, ConfigOperation = (sbyte)(value is null ? 1 : 0) });
        request.Resources.Add(target);
        IncrementalAlterConfigsResponse answer =
            client.Call<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(request, 1);
        Assert.Equal(ErrorCode.None, (ErrorCode)answer.Responses[0].ErrorCode);
    }
}
