using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>DeleteTopics and CreatePartitions.</summary>
internal sealed partial class TopicControl
{
    public ControllerResult<DeleteTopicsResponse> Delete(DeleteTopicsRequest request)
    {
        var response = new DeleteTopicsResponse();
        var names = new UniqueList<string>();
        var ids = new UniqueList<Uuid>();
        foreach (string name in request.TopicNames) names.Add(name);
        foreach (DeleteTopicsRequest.DeleteTopicState topic in request.Topics)
        {
            if (topic.Name is not null && topic.TopicId.IsZero) names.Add(topic.Name);
            else if (topic.Name is null && !topic.TopicId.IsZero) ids.Add(topic.TopicId);
            else if (topic.Name is null)
                Answer(response, null, Uuid.Zero, ErrorCode.InvalidRequest,
                    "Neither topic name nor id were specified.");
            else
                Answer(response, topic.Name, topic.TopicId, ErrorCode.InvalidRequest,
                    "You may not specify both topic name and topic id.");
        }

        foreach (string name in names.Repeated)
            Answer(response, name, Uuid.Zero, ErrorCode.InvalidRequest, "Duplicate topic name.");
        foreach (Uuid id in ids.Repeated) Answer(response, null, id, ErrorCode.InvalidRequest, "Duplicate topic id.");

        var found = new List<TopicImage>();
        foreach (Uuid id in ids.Single)
        {
            if (context.Image.Topics.Find(id) is { } topic) found.Add(topic);
            else Answer(response, null, id, ErrorCode.UnknownTopicId, "This server does not host this topic ID.");
        }

        foreach (string name in names.Single)
        {
            if (context.Image.Topics.Find(name) is not { } topic)
            {
                Answer(response, name, Uuid.Zero, ErrorCode.UnknownTopicOrPartition,
                    "This server does not host this topic-partition.");
            }
            else if (ids.Repeated.Contains(topic.Id) || found.Remove(topic))
            {
                Answer(
                    response, name, topic.Id, ErrorCode.InvalidRequest,
                    "The provided topic name maps to an ID that was already supplied.");
            }
            else
            {
                found.Add(topic);
            }
        }

        var records = new List<MetadataRecord>();
        foreach (TopicImage topic in found)
        {
            records.Add(new MetadataRecord(new RemoveTopicRecord { TopicId = topic.Id }, 0));
            Answer(response, topic.Name, topic.Id, ErrorCode.None, null);
        }

        return new ControllerResult<DeleteTopicsResponse>(response, records);
    }

    public ControllerResult<CreatePartitionsResponse> CreatePartitions(CreatePartitionsRequest request)
    {
        var response = new CreatePartitionsResponse();
        var records = new List<MetadataRecord>();
        var names = new UniqueList<string>();
        foreach (CreatePartitionsRequest.CreatePartitionsTopic topic in request.Topics) names.Add(topic.Name);
        foreach (string name in names.Repeated)
            response.Results.Add(Result(name, new ControllerError(ErrorCode.InvalidRequest, "Duplicate topic name.")));
        foreach (CreatePartitionsRequest.CreatePartitionsTopic topic in request.Topics)
        {
            if (names.Repeated.Contains(topic.Name)) continue;
            int before = records.Count;
            ControllerError error = Grow(topic, records);
            if (error.IsFailure) records.RemoveRange(before, records.Count - before);
            response.Results.Add(Result(topic.Name, error));
        }

        return new ControllerResult<CreatePartitionsResponse>(response, request.ValidateOnly ? [] : records);
    }

    private static CreatePartitionsResponse.CreatePartitionsTopicResult Result(string name, ControllerError error) =>
        new() { Name = name, ErrorCode = error.CodeNumber, ErrorMessage = error.Message };

    private ControllerError Grow(CreatePartitionsRequest.CreatePartitionsTopic request, List<MetadataRecord> records)
    {
        if (context.Image.Topics.Find(request.Name) is not { } topic)
            return new ControllerError(ErrorCode.UnknownTopicOrPartition);
        int have = topic.Partitions.Length;
        if (request.Count == have)
            return new ControllerError(ErrorCode.InvalidPartitions, $"Topic already has {have} partition(s).");
        if (request.Count < have)
        {
            return new ControllerError(
                ErrorCode.InvalidPartitions,
                $"The topic {request.Name} currently has {have} partition(s); {request.Count} would not be an increase.");
        }

        int additional = request.Count - have;
        int factor = topic.Partitions[0].Replicas.Length;
        var partitions = new List<PartitionImage>();
        ControllerError error = request.Assignments is { } assignments
            ? GrowManually(assignments, have, additional, factor, partitions)
            : Place(additional, factor, partitions);
        if (error.IsFailure) return error;
        for (int i = 0; i < partitions.Count; i++)
            records.Add(partitions[i].ToRecord(topic.Id, have + i, context.Version));
        return records.Count > ControllerContext.MaxRecordsPerOperation
            ? new ControllerError(ErrorCode.PolicyViolation, "Unable to perform excessively large batch operation.")
            : ControllerError.None;
    }

    private ControllerError GrowManually(
        List<CreatePartitionsRequest.CreatePartitionsAssignment> assignments,
        int have,
        int additional,
        int factor,
        List<PartitionImage> partitions)
    {
        if (assignments.Count != additional)
        {
            return Invalid(
                $"Attempted to add {additional} additional partition(s), but only {assignments.Count} assignment(s) were specified.");
        }

        for (int i = 0; i < assignments.Count; i++)
        {
            ControllerError error = CheckAssignment(assignments[i].BrokerIds, factor);
            if (error.IsFailure) return error;
            if (NewPartition(assignments[i].BrokerIds) is not { } partition)
            {
                return Invalid(
                    $"All brokers specified in the manual partition assignment for partition {have + i} are fenced or in "
                    + "controlled shutdown.");
            }

            partitions.Add(partition);
        }

        return ControllerError.None;
    }

    private static void Answer(DeleteTopicsResponse response, string? name, Uuid id, ErrorCode error,
        string? message) =>
        response.Responses.Add(new DeleteTopicsResponse.DeletableTopicResult
        {
            Name = name,
            TopicId = id,
            ErrorCode = (short)error,
            ErrorMessage = message,
        });
}

/// <summary>What a request names, once each, and what it names more than once; both in the order of the
/// request.</summary>
internal sealed class UniqueList<T>
    where T : notnull
{
    public List<T> Single { get; } = [];

    public List<T> Repeated { get; } = [];

    public void Add(T item)
    {
        if (Repeated.Contains(item)) return;
        (Single.Remove(item) ? Repeated : Single).Add(item);
    }
}
