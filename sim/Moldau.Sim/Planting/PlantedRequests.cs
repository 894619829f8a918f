using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>Requests that a node takes for other ones: what it then does is what a node with the bug would do. Lives as long
/// as the node, over all its processes.</summary>
public sealed class PlantedRequests(PlantedBug bug, StaleIds stale, Prng prng)
{
    private readonly HashSet<(long Producer, uint Crc)> _written = [];
    private readonly Dictionary<(long Producer, string Topic, int Partition), int> _nextSequences = [];
    private readonly Dictionary<string, int> _generations = new(StringComparer.Ordinal);

    internal void Change(Span<byte> frame)
    {
        // The stranger sends what is no request.
        if (frame.Length < FrameParts.HeaderBytes + 2) return;
        ApiKey api = FrameParts.ApiOf(frame);
        switch (bug)
        {
            case PlantedBug.StaleTopicIdsServed: stale.Renew(frame); break;
            case PlantedBug.FetchSkips when api == ApiKey.Fetch && prng.Chance(0.05): Rewrite<FetchRequest>(frame, Skip); break;
            case PlantedBug.CommitsOff when api == ApiKey.OffsetCommit: Rewrite<OffsetCommitRequest>(frame, MoveOn); break;
            case PlantedBug.StaleCommitsAccepted when api == ApiKey.Heartbeat: Rewrite<HeartbeatRequest>(frame, Note); break;
            case PlantedBug.StaleCommitsAccepted when api == ApiKey.OffsetCommit: Rewrite<OffsetCommitRequest>(frame, Renew); break;
            case PlantedBug.DuplicateRefused or PlantedBug.DuplicateWritten or PlantedBug.GapWritten when api == ApiKey.Produce:
                Produced(frame);
                break;
        }
    }

    private static void Skip(FetchRequest request)
    {
        foreach (FetchRequest.FetchTopic topic in request.Topics)
            foreach (FetchRequest.FetchPartition partition in topic.Partitions) partition.FetchOffset++;
    }

    private static void MoveOn(OffsetCommitRequest request)
    {
        foreach (OffsetCommitRequest.OffsetCommitRequestTopic topic in request.Topics)
            foreach (OffsetCommitRequest.OffsetCommitRequestPartition partition in topic.Partitions) partition.CommittedOffset++;
    }

    private void Note(HeartbeatRequest request) =>
        _generations[request.GroupId] = Math.Max(_generations.GetValueOrDefault(request.GroupId), request.GenerationId);

    private void Renew(OffsetCommitRequest request)
    {
        int known = _generations.GetValueOrDefault(request.GroupId);
        if (request.GenerationIdOrMemberEpoch >= 0) request.GenerationIdOrMemberEpoch = Math.Max(request.GenerationIdOrMemberEpoch, known);
    }

    /// <summary>Reads the request, changes it, and writes it where it was: nothing that is changed here has another
    /// length.</summary>
    private static void Rewrite<TRequest>(Span<byte> frame, Action<TRequest> change)
        where TRequest : IRequest, IMessage<TRequest>
    {
        Span<byte> body = FrameParts.BodyOf(frame, out short version);
        KafkaReader reader = new(body);
        TRequest request = TRequest.Read(ref reader, version);
        if (!reader.IsComplete) return;
        change(request);
        byte[] changed = KafkaWriter.ToArray(request, version);
        Verify.That(changed.Length == body.Length);
        changed.CopyTo(body);
    }

    private void Produced(Span<byte> frame)
    {
        Span<byte> body = FrameParts.BodyOf(frame, out short version);
        KafkaReader reader = new(body);
        ProduceRequest request = ProduceRequest.Read(ref reader, version);
        foreach (ProduceRequest.TopicProduceData topic in request.TopicData)
            foreach (ProduceRequest.PartitionProduceData data in topic.PartitionData)
            {
                byte[] records = data.Records?.ToArray() ?? [];
                int at = records.Length == 0 ? -1 : body.IndexOf(records);
                if (at >= 0) Produced(body.Slice(at, records.Length), topic.Name, data.Index);
            }
    }

    private void Produced(Span<byte> bytes, string topic, int partition)
    {
        if (RecordBatchView.TryRead(bytes, out RecordBatchView batch) != BatchReadStatus.Ok || !batch.HasProducerId) return;
        (long producer, int sequence) = (batch.ProducerId, batch.BaseSequence);
        bool isKnown = !_written.Add((producer, batch.Crc));
        int due = _nextSequences.GetValueOrDefault((producer, topic, partition));
        int next = RecordSequence.Add(batch.LastSequence, 1);
        if (bug == PlantedBug.DuplicateRefused && isKnown)
        {
            Put(bytes, producer, batch.ProducerEpoch, sequence + 1_000);
        }
        else if ((bug == PlantedBug.DuplicateWritten && isKnown) || (bug == PlantedBug.GapWritten && sequence > due))
        {
            Put(bytes, RecordBatchLayout.NoProducerId, -1, RecordBatchLayout.NoSequence);
        }

        _nextSequences[(producer, topic, partition)] = Math.Max(due, next);
    }

    private static void Put(Span<byte> batch, long producer, short epoch, int sequence)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchLayout.ProducerId..], producer);
        BinaryPrimitives.WriteInt16BigEndian(batch[RecordBatchLayout.ProducerEpoch..], epoch);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchLayout.BaseSequence..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(batch[RecordBatchLayout.Crc..], Crc32C.Compute(batch[RecordBatchLayout.Attributes..]));
    }
}
