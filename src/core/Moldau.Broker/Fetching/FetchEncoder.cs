using System.Runtime.InteropServices;
using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>What a client is told of one partition.</summary>
internal readonly struct FetchAnswer(in FetchKey key, in FetchResult result)
{
    public readonly FetchKey Key = key;
    public readonly FetchResult Result = result;
}

/// <summary>Lays a fetch answer out as memory with file slices between.</summary>
internal static class FetchEncoder
{
    public static OutgoingFrame Encode(
        ShardMachine shard,
        RequestContext request,
        int sessionId,
        ErrorCode error,
        List<FetchAnswer> answers)
    {
        SortedDictionary<int, byte[]> names = [];
        FetchResponseWriter counter = FetchResponseWriter.Counter(request.Version);
        Write(ref counter, request, sessionId, error, answers, names, null);
        BufferLease lease = shard.Pool.Rent(counter.Position);
        OutgoingFrame frame = shard.Frames.Rent();
        Splicer splicer = new(frame, lease);
        FetchResponseWriter writer = new(lease.Span, request.Version);
        Write(ref writer, request, sessionId, error, answers, names, splicer);
        splicer.Finish(lease.Length);
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
        List<FetchAnswer> answers,
        SortedDictionary<int, byte[]> names,
        Splicer? splicer)
    {
        ReadOnlySpan<FetchAnswer> all = CollectionsMarshal.AsSpan(answers);
        writer.Begin(request.CorrelationId, 0, error, sessionId, TopicCount(all));
        for (int i = 0; i < all.Length;)
        {
            FetchKey topic = all[i].Key;
            int end = i + 1;
            while (end < all.Length && topic.IsSameTopic(all[end].Key)) end++;
            if (topic.Topic is not null && !names.ContainsKey(i)) names.Add(i, Encoding.UTF8.GetBytes(topic.Topic));
            writer.BeginTopic(names.GetValueOrDefault(i), topic.TopicId, end - i);
            for (; i < end; i++) WritePartition(ref writer, request.Version, all[i], splicer);
            writer.EndTopic();
        }

        writer.End();
    }

    private static void WritePartition(
        ref FetchResponseWriter writer, short version, in FetchAnswer answer, Splicer? splicer)
    {
        ref readonly FetchResult result = ref answer.Result;
        FetchPartitionResult partition = new()
        {
            PartitionIndex = answer.Key.Partition,
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

    private static int TopicCount(ReadOnlySpan<FetchAnswer> answers)
    {
        int count = 0;
        for (int i = 0; i < answers.Length; i++)
            if (i == 0 || !answers[i - 1].Key.IsSameTopic(answers[i].Key)) count++;
        return count;
    }

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
