using Moldau.Base;
using Moldau.Coordination;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>OffsetCommit: partitions that do not exist are answered here, the rest goes to the coordinator.</summary>
internal sealed class OffsetCommitHandler : GroupHandler<OffsetCommitRequest, OffsetCommitResponse>
{
    protected override string GroupIdOf(OffsetCommitRequest body) => body.GroupId;

    protected override void Handle(OffsetCommitRequest body, RequestContext request, ShardMachine machine)
    {
        MetadataImage image = machine.Image;
        List<OffsetCommitResponse.OffsetCommitResponseTopic> refused = SplitUnknown(body, request.Version, image);
        GroupCaller caller = new(request.ClientId ?? "", request.Connection.Info.PeerAddress);
        Action<OffsetCommitResponse> answer = response => request.Respond(Merged(refused, response));
        if (body.Topics.Count == 0 && refused.Count > 0)
        {
            answer(new OffsetCommitResponse());
            return;
        }

        machine.CallCoordinator(
            body.GroupId,
            (shard, done) => Run(shard, body, request.Version, caller, done),
            error => Failed(body, request.Version, error),
            answer);
    }

    protected override void Run(
        GroupShard shard,
        OffsetCommitRequest body,
        short version,
        GroupCaller caller,
        Action<OffsetCommitResponse> done) =>
        shard.CommitOffsets(body, version, done);

    protected override OffsetCommitResponse Failed(OffsetCommitRequest body, short version, ErrorCode error)
    {
        OffsetCommitResponse response = new();
        foreach (OffsetCommitRequest.OffsetCommitRequestTopic topic in body.Topics)
            response.Topics.Add(Refused(topic, error));
        return response;
    }

    /// <summary>Takes unknown topics and partitions out of the request; gives ids their names (version 10).</summary>
    private static List<OffsetCommitResponse.OffsetCommitResponseTopic> SplitUnknown(
        OffsetCommitRequest body, short version, MetadataImage image)
    {
        List<OffsetCommitResponse.OffsetCommitResponseTopic> refused = [];
        List<OffsetCommitRequest.OffsetCommitRequestTopic> known = [];
        ErrorCode unknown = version >= 10 ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
        foreach (OffsetCommitRequest.OffsetCommitRequestTopic topic in body.Topics)
        {
            TopicImage? found = version >= 10 ? image.Topics.Find(topic.TopicId) : image.Topics.Find(topic.Name);
            if (found is null)
            {
                refused.Add(Refused(topic, unknown));
                continue;
            }

            // Records hold both, whichever the version names the topic by.
            topic.Name = found.Name;
            topic.TopicId = found.Id;
            OffsetCommitRequest.OffsetCommitRequestTopic missing = new() { Name = topic.Name, TopicId = topic.TopicId };
            missing.Partitions.AddRange(topic.Partitions.Where(p => found.Partition(p.PartitionIndex) is null));
            topic.Partitions.RemoveAll(p => found.Partition(p.PartitionIndex) is null);
            if (missing.Partitions.Count > 0) refused.Add(Refused(missing, ErrorCode.UnknownTopicOrPartition));
            if (topic.Partitions.Count > 0) known.Add(topic);
        }

        body.Topics = known;
        return refused;
    }

    private static OffsetCommitResponse.OffsetCommitResponseTopic Refused(
        OffsetCommitRequest.OffsetCommitRequestTopic topic, ErrorCode error)
    {
        OffsetCommitResponse.OffsetCommitResponseTopic answer = new() { Name = topic.Name, TopicId = topic.TopicId };
        foreach (OffsetCommitRequest.OffsetCommitRequestPartition p in topic.Partitions)
            answer.Partitions.Add(new() { PartitionIndex = p.PartitionIndex, ErrorCode = (short)error });
        return answer;
    }

    /// <summary>Kafka's order: first what is refused here, then what the coordinator says.</summary>
    private static OffsetCommitResponse Merged(
        List<OffsetCommitResponse.OffsetCommitResponseTopic> refused, OffsetCommitResponse response)
    {
        foreach (OffsetCommitResponse.OffsetCommitResponseTopic topic in response.Topics)
        {
            OffsetCommitResponse.OffsetCommitResponseTopic? same =
                refused.Find(t => t.Name == topic.Name && t.TopicId == topic.TopicId);
            if (same is null) refused.Add(topic);
            else same.Partitions.AddRange(topic.Partitions);
        }

        response.Topics = refused;
        return response;
    }
}
