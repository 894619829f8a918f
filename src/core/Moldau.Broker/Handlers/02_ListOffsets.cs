using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>ListOffsets: by time, and the special timestamps −1 (latest) to −6.</summary>
internal sealed class ListOffsetsHandler : ApiHandler<ShardMachine, ListOffsetsRequest>
{
    private const int ConsumerReplicaId = -1;
    private const int DebuggingReplicaId = -2;

    protected override void Handle(ListOffsetsRequest body, RequestContext request, ShardMachine machine)
    {
        ListOffsetsResponse response = new();
        HashSet<TopicPartition> seen = [];
        HashSet<TopicPartition> duplicates = [];
        HashSet<TopicPartition> refused = [];
        foreach (ListOffsetsRequest.ListOffsetsTopic topic in body.Topics)
            foreach (ListOffsetsRequest.ListOffsetsPartition p in topic.Partitions)
                if (!seen.Add(new(topic.Name, p.PartitionIndex))) duplicates.Add(new(topic.Name, p.PartitionIndex));

        List<ListOffsetsResponse.ListOffsetsPartitionResponse> answers = [];
        FanOut<OffsetQuery, OffsetAnswer> fan = new(
            (owner, query, done) => owner.Replicas.ListOffset(query, done),
            results =>
            {
                int next = 0;
                foreach (ListOffsetsResponse.ListOffsetsPartitionResponse answer in answers)
                    if (answer.ErrorCode == Pending) Fill(answer, results[next++], request.Version);
                request.Respond(response);
            });
        foreach (ListOffsetsRequest.ListOffsetsTopic topic in body.Topics)
        {
            TopicImage? image = machine.Image.Topics.Find(topic.Name);
            ListOffsetsResponse.ListOffsetsTopicResponse topicAnswer = new() { Name = topic.Name };
            response.Topics.Add(topicAnswer);
            foreach (ListOffsetsRequest.ListOffsetsPartition p in topic.Partitions)
            {
                TopicPartition name = new(topic.Name, p.PartitionIndex);
                if (duplicates.Contains(name) && !refused.Add(name)) continue;
                ListOffsetsResponse.ListOffsetsPartitionResponse answer = new() { PartitionIndex = p.PartitionIndex };
                topicAnswer.Partitions.Add(answer);
                answers.Add(answer);
                ErrorCode error = duplicates.Contains(name) ? ErrorCode.InvalidRequest
                    : !IsTimestampKnown(p.Timestamp, request.Version) ? ErrorCode.UnsupportedVersion
                    : image?.Partition(p.PartitionIndex) is null ? ErrorCode.UnknownTopicOrPartition
                    : ErrorCode.None;
                if (error != ErrorCode.None)
                {
                    Fill(answer, OffsetAnswer.Failed(error), request.Version);
                    continue;
                }

                answer.ErrorCode = Pending;
                TopicIdPartition id = new(image!.Id, p.PartitionIndex);
                fan.Add(machine.Map.OwnerOf(id), new OffsetQuery(
                    id, p.Timestamp, p.CurrentLeaderEpoch,
                    IsConsumer: body.ReplicaId == ConsumerReplicaId,
                    IsDebugging: body.ReplicaId == DebuggingReplicaId,
                    IsReadCommitted: body.IsolationLevel == 1));
            }
        }

        fan.Start(machine);
    }

    /// <summary>Marks an answer that an owner still has to give; not a code of the protocol.</summary>
    private const short Pending = short.MinValue;

    /// <summary>−3 came with version 7, −4 with 8, −5 with 9, −6 with 11.</summary>
    private static bool IsTimestampKnown(long timestamp, short version) => timestamp switch
    {
        >= -2 => true,
        -3 => version >= 7,
        -4 => version >= 8,
        -5 => version >= 9,
        -6 => version >= 11,
        _ => false,
    };

    private static void Fill(ListOffsetsResponse.ListOffsetsPartitionResponse answer, in OffsetAnswer result, short version)
    {
        answer.ErrorCode = (short)result.Error;
        answer.Offset = result.Offset;
        answer.Timestamp = result.Timestamp;
        if (version >= 4) answer.LeaderEpoch = result.LeaderEpoch;
    }
}

/// <summary>A question for the owner of a partition.</summary>
internal readonly record struct OffsetQuery(
    TopicIdPartition Partition, long Timestamp, int CurrentLeaderEpoch, bool IsConsumer, bool IsDebugging, bool IsReadCommitted);

internal readonly record struct OffsetAnswer(ErrorCode Error, long Offset, long Timestamp, int LeaderEpoch)
{
    public static OffsetAnswer Failed(ErrorCode error) => new(error, -1, -1, -1);
}
