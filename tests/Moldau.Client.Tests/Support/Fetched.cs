using System.Text;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client.Tests.Support;

/// <summary>Answers of a broker to fetches.</summary>
internal static class Fetched
{
    /// <summary>One record of each partition that is asked for, at the offset that is asked for.</summary>
    public static FetchResponse Answer(ScriptedBroker broker, FetchRequest request) => new()
    {
        Responses = [.. request.Topics.Select(topic => new FetchResponse.FetchableTopicResponse
        {
            Topic = broker.Topics.Values.First(t => t.TopicId == topic.TopicId).Name!,
            TopicId = topic.TopicId,
            Partitions = [.. topic.Partitions.Select(p => new FetchResponse.PartitionData
            {
                PartitionIndex = p.Partition,
                HighWatermark = p.FetchOffset + 1,
                LastStableOffset = p.FetchOffset + 1,
                Records = Batch(p.FetchOffset, $"v{p.FetchOffset}"),
            })],
        })],
    };

    /// <summary>A batch of one record a value, from an offset on.</summary>
    public static byte[] Batch(long offset, params string[] values)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions { BaseOffset = offset });
        foreach (string value in values)
            Assert.True(builder.TryAppend(1_700_000_000_000, OptionalBytes.Null, Encoding.UTF8.GetBytes(value)));
        return builder.BuildArray();
    }
}
