using Moldau.Base;
using Moldau.Coordination;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>OffsetFetch: one group before version 8, several from then on, topics by id in version 10.</summary>
internal sealed class OffsetFetchHandler : ApiHandler<ShardMachine, OffsetFetchRequest>
{
    protected override void Handle(OffsetFetchRequest body, RequestContext request, ShardMachine machine)
    {
        List<OffsetFetchRequest.OffsetFetchRequestGroup> groups = request.Version >= 8 ? body.Groups : [Single(body)];
        var answers = new OffsetFetchResponse.OffsetFetchResponseGroup[groups.Count];
        int left = groups.Count;
        if (left == 0) request.Respond(new OffsetFetchResponse());
        for (int i = 0; i < groups.Count; i++)
        {
            int index = i;
            FetchGroup(groups[i], request.Version, body.RequireStable, machine, answer =>
            {
                answers[index] = answer;
                if (--left == 0) request.Respond(Response(answers, request.Version));
            });
        }
    }

    private static OffsetFetchRequest.OffsetFetchRequestGroup Single(OffsetFetchRequest body)
    {
        OffsetFetchRequest.OffsetFetchRequestGroup group = new() { GroupId = body.GroupId, Topics = null };
        if (body.Topics is null) return group;
        group.Topics = [];
        foreach (OffsetFetchRequest.OffsetFetchRequestTopic topic in body.Topics)
            group.Topics.Add(new() { Name = topic.Name, PartitionIndexes = topic.PartitionIndexes });
        return group;
    }

    private static void FetchGroup(
        OffsetFetchRequest.OffsetFetchRequestGroup group,
        short version,
        bool requireStable,
        ShardMachine machine,
        Action<OffsetFetchResponse.OffsetFetchResponseGroup> done)
    {
        List<OffsetFetchResponse.OffsetFetchResponseTopics> unknown = [];
        MetadataImage image = machine.Image;
        List<WantedOffset>? partitions = group.Topics is null ? null : Resolve(group.Topics, version, image, unknown);
        machine.CallCoordinator(
            group.GroupId,
            (shard, answer) => shard.FetchOffsets(group.GroupId, partitions, requireStable, (error, offsets) =>
                answer(Answer(group.GroupId, version, image, error, offsets))),
            error => Answer(group.GroupId, version, image, error, []),
            (OffsetFetchResponse.OffsetFetchResponseGroup answer) =>
            {
                if (answer.ErrorCode == 0) answer.Topics.AddRange(unknown);
                done(answer);
            });
    }

    private static List<WantedOffset> Resolve(
        List<OffsetFetchRequest.OffsetFetchRequestTopics> topics,
        short version,
        MetadataImage image,
        List<OffsetFetchResponse.OffsetFetchResponseTopics> unknown)
    {
        List<WantedOffset> partitions = [];
        foreach (OffsetFetchRequest.OffsetFetchRequestTopics topic in topics)
        {
            string? name = version >= 10 ? image.Topics.Find(topic.TopicId)?.Name : topic.Name;
            if (name is not null)
            {
                Uuid id = version >= 10 ? topic.TopicId : Uuid.Zero;
                foreach (int p in topic.PartitionIndexes) partitions.Add(new(new TopicPartition(name, p), id));
                continue;
            }

            OffsetFetchResponse.OffsetFetchResponseTopics answer = new() { TopicId = topic.TopicId };
            foreach (int p in topic.PartitionIndexes)
                answer.Partitions.Add(new()
                {
                    PartitionIndex = p,
                    CommittedOffset = -1,
                    Metadata = "",
                    ErrorCode = (short)ErrorCode.UnknownTopicId,
                });
            unknown.Add(answer);
        }

        return partitions;
    }

    private static OffsetFetchResponse.OffsetFetchResponseGroup Answer(
        string groupId, short version, MetadataImage image, ErrorCode error, IReadOnlyList<FetchedOffset> offsets)
    {
        OffsetFetchResponse.OffsetFetchResponseGroup answer = new() { GroupId = groupId, ErrorCode = (short)error };
        OffsetFetchResponse.OffsetFetchResponseTopics? topic = null;
        string? current = null;
        foreach (FetchedOffset fetched in offsets)
        {
            if (topic is null || current != fetched.Partition.Topic)
            {
                current = fetched.Partition.Topic;
                Uuid id = version >= 10 ? image.Topics.Find(current)?.Id ?? Uuid.Zero : Uuid.Zero;
                topic = new() { Name = current, TopicId = id };
                answer.Topics.Add(topic);
            }

            topic.Partitions.Add(new()
            {
                PartitionIndex = fetched.Partition.Partition,
                CommittedOffset = fetched.Offset?.Offset ?? -1,
                CommittedLeaderEpoch = fetched.Offset?.LeaderEpoch ?? -1,
                Metadata = fetched.Offset?.Metadata ?? "",
                ErrorCode = (short)fetched.Error,
            });
        }

        if (version >= 10) answer.Topics.RemoveAll(t => t.TopicId.IsZero);
        return answer;
    }

    private static OffsetFetchResponse Response(OffsetFetchResponse.OffsetFetchResponseGroup[] groups, short version)
    {
        OffsetFetchResponse response = new();
        if (version >= 8)
        {
            response.Groups.AddRange(groups);
            return response;
        }

        // Before version 8 an error of the group stands in every partition, from version 2 on at the top as well.
        OffsetFetchResponse.OffsetFetchResponseGroup only = groups[0];
        response.ErrorCode = version >= 2 ? only.ErrorCode : (short)0;
        foreach (OffsetFetchResponse.OffsetFetchResponseTopics topic in only.Topics)
        {
            OffsetFetchResponse.OffsetFetchResponseTopic answer = new() { Name = topic.Name };
            foreach (OffsetFetchResponse.OffsetFetchResponsePartitions p in topic.Partitions)
                answer.Partitions.Add(new()
                {
                    PartitionIndex = p.PartitionIndex,
                    CommittedOffset = p.CommittedOffset,
                    CommittedLeaderEpoch = p.CommittedLeaderEpoch,
                    Metadata = p.Metadata,
                    ErrorCode = p.ErrorCode,
                });
            response.Topics.Add(answer);
        }

        return response;
    }
}
