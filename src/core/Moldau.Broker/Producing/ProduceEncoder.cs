using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Lays a produce answer out.</summary>
internal static class ProduceEncoder
{
    public static OutgoingFrame Response(ShardMachine shard, ProduceOperation operation)
    {
        RequestContext request = operation.Request;
        ProduceResponseWriter counter = ProduceResponseWriter.Counter(request.Version);
        Write(ref counter, operation, shard);
        BufferLease lease = shard.Pool.Rent(counter.Position);
        ProduceResponseWriter writer = new(lease.Span, request.Version);
        Write(ref writer, operation, shard);
        OutgoingFrame frame = shard.Frames.Rent();
        frame.Add(lease, 0, lease.Length);
        return frame;
    }

    private static void Write(ref ProduceResponseWriter writer, ProduceOperation operation, ShardMachine shard)
    {
        bool hasWrongLeader = false;
        writer.Begin(operation.Request.CorrelationId, operation.Topics.Count);
        foreach (ProduceOperation.Topic topic in operation.Topics)
        {
            ReadOnlySpan<byte> name = operation.Request.Version < 13 ? Encoding.UTF8.GetBytes(topic.Name) : default;
            writer.BeginTopic(name, topic.Id, topic.Partitions.Count);
            foreach (ProduceCall.Entry entry in topic.Partitions)
            {
                bool isWrongLeader = entry.Error == ErrorCode.NotLeaderOrFollower;
                hasWrongLeader |= isWrongLeader;
                writer.Partition(new ProducePartitionResult
                {
                    Index = entry.Index,
                    ErrorCode = entry.Error,
                    BaseOffset = entry.BaseOffset,
                    LogAppendTimeMs = entry.LogAppendTimeMs,
                    LogStartOffset = entry.LogStartOffset,
                    RecordErrors = RecordErrors(entry),
                    ErrorMessage = entry.ErrorMessage,
                    CurrentLeader = isWrongLeader ? shard.LeaderOf(entry.Partition) : LeaderAndEpoch.None,
                });
            }

            writer.EndTopic();
        }

        writer.End(0, hasWrongLeader ? shard.BrokerEndpoints(operation.Request.Connection.Info.ListenerName) : default);
    }

    private static List<ProduceResponse.BatchIndexAndErrorMessage>? RecordErrors(ProduceCall.Entry entry)
    {
        if (entry.RecordErrors is null) return null;
        List<ProduceResponse.BatchIndexAndErrorMessage> errors = [];
        foreach ((int index, string? message) in entry.RecordErrors)
            errors.Add(new() { BatchIndex = index, BatchIndexErrorMessage = message });
        return errors;
    }
}
