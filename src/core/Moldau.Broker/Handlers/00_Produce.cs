using System.Buffers.Binary;
using System.Text;
using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Broker;

/// <summary>Produce, versions 3–13. Reads the request in place; the records never leave the frame they came in.</summary>
internal sealed class ProduceHandler : IApiHandler<ShardMachine>
{
    private const string AdminClientId = "__admin_client";

    public ApiKey Api => ApiKey.Produce;

    public void Handle(RequestContext request, ShardMachine machine)
    {
        ReadOnlySpan<byte> frame = request.Frame.Span[..(request.BodyStart + request.BodyLength)];
        if (!ProduceRequestView.TryRead(frame, request.BodyStart, request.Version, out ProduceRequestView view))
        {
            request.EndConnection();
            return;
        }

        ProduceOperation operation = new(machine, request, view.Acks, view.TimeoutMs);
        ErrorCode refusal = view.Acks is < -1 or > 1 ? ErrorCode.InvalidRequiredAcks : ErrorCode.None;
        bool isTransactional = false;
        while (view.NextTopic())
        {
            TopicImage? topic = request.Version >= 13
                ? machine.Image.Topics.Find(view.Topic.Id)
                : machine.Image.Topics.Find(Encoding.UTF8.GetString(view.Topic.Name));
            string name = topic?.Name ?? (request.Version >= 13 ? "" : Encoding.UTF8.GetString(view.Topic.Name));
            operation.AddTopic(name, topic?.Id ?? view.Topic.Id);
            while (view.NextPartition())
            {
                if (view.RecordsLength > 0)
                    isTransactional |= IsTransactional(frame.Slice(view.RecordsStart, view.RecordsLength));
                ErrorCode error = refusal != ErrorCode.None ? refusal
                    : Check(topic, view.Partition, view.RecordsLength, request);
                if (error != ErrorCode.None) operation.AddFailed(view.Partition, error, MessageFor(error, view.RecordsLength, name));
                else operation.Add(new TopicIdPartition(topic!.Id, view.Partition), view.RecordsStart, view.RecordsLength);
            }
        }

        // There are no transactions yet: as where a producer may not use its transactional id, nothing is appended.
        if (isTransactional) operation.RefuseAll(ErrorCode.TransactionalIdAuthorizationFailed);
        operation.Start();
    }

    private static bool IsTransactional(ReadOnlySpan<byte> records) =>
        records.Length >= RecordBatchLayout.HeaderBytes && records[RecordBatchLayout.Magic] == RecordBatchLayout.MagicV2
            && (BinaryPrimitives.ReadInt16BigEndian(records[RecordBatchLayout.Attributes..])
                & RecordBatchLayout.TransactionalBit) != 0;

    private static ErrorCode Check(TopicImage? topic, int partition, int length, RequestContext request)
    {
        if (topic is null) return request.Version >= 13 ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
        if (length <= 0) return ErrorCode.InvalidRecord;
        if (topic.Partition(partition) is null) return ErrorCode.UnknownTopicOrPartition;
        if (InternalTopics.Contains(topic.Name) && request.ClientId != AdminClientId) return ErrorCode.InvalidTopicException;
        return ErrorCode.None;
    }

    private static string? MessageFor(ErrorCode error, int length, string topic) => error switch
    {
        ErrorCode.InvalidTopicException => $"Cannot append to internal topic {topic}",
        _ => null,
    };
}
