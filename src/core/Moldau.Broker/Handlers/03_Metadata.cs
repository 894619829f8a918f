using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Metadata: brokers and topics of this shard's image. Creates topics that are asked for by name and missing,
/// where request and configuration allow it; the answer then is retriable, as in Apache Kafka.</summary>
internal sealed class MetadataHandler : ApiHandler<ShardMachine, MetadataRequest>
{
    protected override void Handle(MetadataRequest body, RequestContext request, ShardMachine machine)
    {
        if (Refusal(body, request.Version) is { } refusal)
        {
            request.Respond(refusal);
            return;
        }

        string listener = request.Connection.Info.ListenerName;
        MetadataImage image = machine.Image;
        MetadataResponse response = new()
        {
            ClusterId = machine.Options.ClusterId,
            ControllerId = MetadataTopics.ControllerFor(image, listener),
        };
        if (body.IncludeClusterAuthorizedOperations) response.ClusterAuthorizedOperations = AuthorizedOperations.OfCluster;
        foreach (LeaderEndpoint broker in machine.BrokerEndpoints(listener))
            response.Brokers.Add(new() { NodeId = broker.NodeId, Host = broker.Host, Port = broker.Port, Rack = broker.Rack });

        List<string> missing = [];
        if (IsForAll(body, request.Version))
        {
            foreach (TopicImage topic in image.Topics.ByName.Values) response.Topics.Add(Describe(topic));
        }
        else
        {
            HashSet<string> names = new(StringComparer.Ordinal);
            HashSet<Uuid> ids = [];
            foreach (MetadataRequest.MetadataRequestTopic asked in body.Topics!) // null means all
            {
                TopicImage? topic = asked.Name is null ? image.Topics.Find(asked.TopicId) : image.Topics.Find(asked.Name);
                string? name = asked.Name ?? topic?.Name;
                if (name is null ? !ids.Add(asked.TopicId) : !names.Add(name)) continue;
                response.Topics.Add(topic is not null ? Describe(topic) : Missing(asked));
            }
        }

        if (missing.Count > 0) machine.AutoCreate(missing);
        request.Respond(response);

        MetadataResponse.MetadataResponseTopic Describe(TopicImage topic)
        {
            MetadataResponse.MetadataResponseTopic answer = MetadataTopics.Describe(topic, image, listener, request.Version);
            if (body.IncludeTopicAuthorizedOperations) answer.TopicAuthorizedOperations = AuthorizedOperations.OfTopic;
            return answer;
        }

        MetadataResponse.MetadataResponseTopic Missing(MetadataRequest.MetadataRequestTopic asked)
        {
            if (asked.Name is null)
                return new() { ErrorCode = (short)ErrorCode.UnknownTopicId, Name = request.Version >= 12 ? null : "", TopicId = asked.TopicId };
            bool isCreated = body.AllowAutoTopicCreation && machine.MayAutoCreate;
            ErrorCode error = TopicNames.Check(asked.Name) is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.InvalidTopicException;
            if (isCreated && error == ErrorCode.UnknownTopicOrPartition) missing.Add(asked.Name);
            return new() { ErrorCode = (short)error, Name = asked.Name, IsInternal = InternalTopics.Contains(asked.Name) };
        }
    }

    /// <summary>Ids came with version 10 but count from 12 on; a topic with neither name nor id is no question.</summary>
    private static MetadataResponse? Refusal(MetadataRequest body, short version)
    {
        if (body.Topics is null || version < 10) return null;
        bool isEarly = version < 12;
        bool isWrong = body.Topics.Exists(t => isEarly
            ? t.Name is null || !t.TopicId.IsZero
            : t.Name is null && t.TopicId.IsZero);
        if (!isWrong) return null;
        MetadataResponse refusal = new() { ControllerId = -1, ClusterId = null };
        ErrorCode error = isEarly ? ErrorCode.InvalidRequest : ErrorCode.UnknownServerError;
        if (version >= 13) refusal.ErrorCode = (short)error;
        foreach (MetadataRequest.MetadataRequestTopic topic in body.Topics)
            refusal.Topics.Add(new() { ErrorCode = (short)error, Name = topic.Name ?? "", TopicId = topic.TopicId });
        return refusal;
    }

    /// <summary>Version 0 asks for all with an empty list, later ones with null.</summary>
    private static bool IsForAll(MetadataRequest body, short version) =>
        body.Topics is null || (version == 0 && body.Topics.Count == 0);
}
