using System.Runtime.InteropServices;
using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Lays a fetch answer out as memory with file slices between.</summary>
internal static class FetchEncoder
{
    public static OutgoingFrame Encode(
        ShardMachine shard,
        RequestContext request,
        int sessionId,
        ErrorCode error,
        List<FetchTarget> targets,
        FetchResult[] results,
        List<int> answered)
    {
        SortedDictionary<int, byte[]> names = [];
        FetchResponseWriter counter = FetchResponseWriter.Counter(request.Version);
        Write(ref counter, request, sessionId, error, targets, results, answered, names, null);
        BufferLease lease = shard.Pool.Rent(counter.Position);
        OutgoingFrame frame = shard.Frames.Rent();
        Splicer splicer = new(frame, lease);
        FetchResponseWriter writer = new(lease.Span, request.Version);
        Write(ref writer, request, sessionId, error, targets, results, answered, names, splicer);
        splicer.Finish(lease.Length);
        // Slices that the answer does not carry (an incremental session that has nothing to say of them) hold no bytes.
        return frame;
    }

    public static OutgoingFrame Failed(ShardMachine shard, RequestContext request, ErrorCode error, int sessionId = 0)
    {
        FetchResponseWriter counter = FetchResponseWriter.Counter(request.Version);
        counter.Begin(request.CorrelationId, 0, error, sessionId, 0);
        counter.End();
        BufferLease lease = shard.Pool.Rent(counter.Position);
        FetchResponseWriter writer = new(lease.Span, request.Version);
        writer.Begin(request.CorrelationId, 0, error, sessionId, 0);
        writer.End();
        OutgoingFrame frame = shard.Frames.Rent();
        frame.Add(lease, 0, lease.Length);
        return frame;
    }

    private static void Write(
        ref FetchResponseWriter writer,
        RequestContext request,
        int sessionId,
        ErrorCode error,
        List<FetchTarget> targets,
        FetchResult[] results,
        List<int> answered,
        SortedDictionary<int, byte[]> names,
        Splicer? splicer)
    {
        writer.Begin(request.CorrelationId, 0, error, sessionId, TopicCount(targets, answered));
        for (int i = 0; i < answered.Count;)
        {
            FetchKey topic = targets[answered[i]].Key;
            int end = i + 1;
            while (end < answered.Count && IsSameTopic(topic, targets[answered[end]].Key)) end++;
            if (topic.Topic is not null && !names.ContainsKey(i)) names.Add(i, Encoding.UTF8.GetBytes(topic.Topic));
            writer.BeginTopic(names.GetValueOrDefault(i), topic.TopicId, end - i);
            for (; i < end; i++) WritePartition(ref writer, request.Version, targets[answered[i]], results[answered[i]], splicer);
            writer.EndTopic();
        }

        writer.End();
    }

    private static void WritePartition(
        ref FetchResponseWriter writer, short version, FetchTarget target, in FetchResult result, Splicer? splicer)
    {
        FetchPartitionResult partition = new()
        {
            PartitionIndex = target.Key.Partition,
            ErrorCode = result.Error,
            HighWatermark = result.HighWatermark,
            LastStableOffset = result.LastStableOffset,
            LogStartOffset = result.LogStartOffset,
            HasAbortedTransactions = result.AbortedTransactions is not null,
            AbortedTransactions = result.AbortedTransactions is { } aborted ? CollectionsMarshal.AsSpan(aborted) : default,
            DivergingEpoch = result.HasDivergingEpoch
                ? new EpochAndOffset(result.DivergingEpoch, result.DivergingEndOffset)
                : EpochAndOffset.None,
            // The client looks for it from version 16 on (KIP-951).
            CurrentLeader = version >= 16 ? result.CurrentLeader : LeaderAndEpoch.None,
        };
        writer.BeginPartition(partition, result.RecordBytes);
        if (result.RecordBytes > 0) splicer?.Splice(writer.Position, result);
        writer.EndPartition(partition);
    }

    private static int TopicCount(List<FetchTarget> targets, List<int> answered)
    {
        int count = 0;
        for (int i = 0; i < answered.Count; i++)
            if (i == 0 || !IsSameTopic(targets[answered[i - 1]].Key, targets[answered[i]].Key)) count++;
        return count;
    }

    private static bool IsSameTopic(in FetchKey left, in FetchKey right) =>
        left.TopicId == right.TopicId && string.Equals(left.Topic, right.Topic, StringComparison.Ordinal);

    /// <summary>Cuts the memory part wherever records go between.</summary>
    private sealed class Splicer(OutgoingFrame frame, BufferLease lease)
    {
        private int _from;

        public void Splice(int position, in FetchResult result)
        {
            lease.Retain();
            frame.Add(lease, _from, position - _from);
            frame.Add(result.Slice);
            _from = position;
        }

        /// <summary>The last part takes over the hold that the lease was rented with.</summary>
        public void Finish(int length) => frame.Add(lease, _from, length - _from);
    }
}
