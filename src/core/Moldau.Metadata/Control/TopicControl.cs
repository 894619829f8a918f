using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;
using CreatableTopic = Moldau.Protocol.CreateTopicsRequest.CreatableTopic;
using TopicResult = Moldau.Protocol.CreateTopicsResponse.CreatableTopicResult;

namespace Moldau.Metadata;

/// <summary>CreateTopics.</summary>
internal sealed partial class TopicControl(ControllerContext context, ConfigControl configs)
{
    public ControllerResult<CreateTopicsResponse> Create(CreateTopicsRequest request)
    {
        var response = new CreateTopicsResponse();
        var records = new List<MetadataRecord>();
        var duplicates = new SortedSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<string>();
        foreach (CreatableTopic topic in request.Topics)
        {
            if (!seen.Add(topic.Name)) duplicates.Add(topic.Name);
        }

        foreach (CreatableTopic topic in request.Topics)
        {
            if (duplicates.Contains(topic.Name) || topic.Name == TopicNames.ClusterMetadata) continue;
            int before = records.Count;
            var result = new TopicResult { Name = topic.Name, ErrorMessage = null };
            ControllerError error = CreateOne(topic, records, result);
            if (!error.IsFailure && records.Count > ControllerContext.MaxRecordsPerOperation)
                error = new ControllerError(ErrorCode.PolicyViolation,
                    "Unable to perform excessively large batch operation.");
            if (error.IsFailure)
            {
                records.RemoveRange(before, records.Count - before);
                result = new TopicResult
                {
                    Name = topic.Name,
                    ErrorCode = error.CodeNumber,
                    ErrorMessage = error.Message
                };
            }

            response.Topics.Add(result);
        }

        foreach (string name in duplicates) response.Topics.Add(Refused(name, "Duplicate topic name."));
        if (seen.Contains(TopicNames.ClusterMetadata) && !duplicates.Contains(TopicNames.ClusterMetadata))
        {
            response.Topics.Add(Refused(
                TopicNames.ClusterMetadata, $"Creation of internal topic {TopicNames.ClusterMetadata} is prohibited."));
        }

        return new ControllerResult<CreateTopicsResponse>(response, request.ValidateOnly ? [] : records);
    }

    private static TopicResult Refused(string name, string why) =>
        new() { Name = name, ErrorCode = (short)ErrorCode.InvalidRequest, ErrorMessage = why };

    private ControllerError CreateOne(CreatableTopic topic, List<MetadataRecord> records, TopicResult result)
    {
        ControllerError error = CheckName(topic.Name);
        if (error.IsFailure) return error;
        error = CheckConfigs(topic, out Dictionary<string, string> overrides);
        if (error.IsFailure) return error;
        error = Assign(topic, out List<PartitionImage> partitions);
        if (error.IsFailure) return error;

        Uuid id = NewTopicId();
        result.TopicId = id;
        result.NumPartitions = partitions.Count;
        result.ReplicationFactor = (short)partitions[0].Replicas.Length;
        result.Configs = [.. Effective(overrides)];
        records.Add(new MetadataRecord(new TopicRecord { Name = topic.Name, TopicId = id }, 0));
        // Configurations stand after the topic and before its partitions, so that logs are made with them.
        var resource = ConfigResource.Topic(topic.Name);
        foreach (CreateTopicsRequest.CreatableTopicConfig config in topic.Configs)
            records.Add(ConfigurationsImage.Record(resource, config.Name, config.Value));
        for (int i = 0; i < partitions.Count; i++) records.Add(partitions[i].ToRecord(id, i, context.Version));
        return ControllerError.None;
    }

    private ControllerError CheckName(string name)
    {
        string? reason = TopicNames.Check(name);
        if (reason is not null) return new ControllerError(ErrorCode.InvalidTopicException, reason);
        TopicsImage topics = context.Image.Topics;
        if (topics.Find(name) is not null)
            return new ControllerError(ErrorCode.TopicAlreadyExists, $"Topic '{name}' already exists.");
        return TopicNames.FindCollision(name, topics) is { } other
            ? new ControllerError(ErrorCode.InvalidTopicException,
                $"Topic '{name}' collides with existing topic: {other}")
            : ControllerError.None;
    }

    private ControllerError CheckConfigs(CreatableTopic topic, out Dictionary<string, string> overrides)
    {
        overrides = [];
        var nulls = new List<string>();
        foreach (CreateTopicsRequest.CreatableTopicConfig config in topic.Configs)
        {
            if (config.Value is null) nulls.Add(config.Name);
            else overrides[config.Name] = config.Value;
        }

        if (nulls.Count > 0)
            return new ControllerError(ErrorCode.InvalidConfig,
                "Null value not supported for topic configs: " + string.Join(',', nulls));
        return overrides.Count == 0 ? ControllerError.None
            : configs.Validate(ConfigResource.Topic(topic.Name), overrides);
    }

    private IEnumerable<CreateTopicsResponse.CreatableTopicConfigs> Effective(Dictionary<string, string> overrides) =>
        context.Options.Schema.EffectiveTopicConfigs(overrides, context.Image, context.Options.NodeId).Select(
            static c => new CreateTopicsResponse.CreatableTopicConfigs
            {
                Name = c.Name,
                Value = c.IsSensitive ? null : c.Value,
                ReadOnly = c.IsReadOnly,
                ConfigSource = c.Source,
                IsSensitive = c.IsSensitive,
            });

    private ControllerError Assign(CreatableTopic topic, out List<PartitionImage> partitions)
    {
        partitions = [];
        if (topic.Assignments.Count > 0) return AssignManually(topic, partitions);
        if (topic.ReplicationFactor is < -1 or 0)
        {
            return new ControllerError(
                ErrorCode.InvalidReplicationFactor,
                    "Replication factor must be larger than 0, or -1 to use the default value.");
        }

        if (topic.NumPartitions is < -1 or 0)
        {
            return new ControllerError(
                ErrorCode.InvalidPartitions, "Number of partitions was set to an invalid non-positive value.");
        }

        int count = topic.NumPartitions == -1 ? context.Options.DefaultPartitions : topic.NumPartitions;
        int factor = topic.ReplicationFactor == -1 ? context.Options.DefaultReplicationFactor : topic.ReplicationFactor;
        return Place(count, factor, partitions);
    }

    /// <summary>Places partitions automatically.</summary>
    private ControllerError Place(int count, int replicationFactor, List<PartitionImage> partitions)
    {
        if (count > ControllerContext.MaxRecordsPerOperation)
            return new ControllerError(ErrorCode.PolicyViolation,
                "Unable to perform excessively large batch operation.");
        var placer = new ReplicaPlacer(context.Image.Cluster, context.Random);
        string? reason = placer.Check(replicationFactor);
        for (int i = 0; i < count && reason is null; i++)
        {
            List<int> replicas = placer.Place(replicationFactor);
            if (NewPartition(replicas) is { } partition) partitions.Add(partition);
            else reason = "All brokers are currently fenced or in controlled shutdown.";
        }

        return reason is null
            ? ControllerError.None
            : new ControllerError(
                ErrorCode.InvalidReplicationFactor,
                    $"Unable to replicate the partition {replicationFactor} time(s): {reason}");
    }

    private ControllerError AssignManually(CreatableTopic topic, List<PartitionImage> partitions)
    {
        if (topic.ReplicationFactor != -1)
        {
            return new ControllerError(
                ErrorCode.InvalidRequest,
                "A manual partition assignment was specified, but replication factor was not set to -1.");
        }

        if (topic.NumPartitions != -1)
        {
            return new ControllerError(
                ErrorCode.InvalidRequest,
                    "A manual partition assignment was specified, but numPartitions was not set to -1.");
        }

        var byIndex = new SortedDictionary<int, PartitionImage>();
        int? factor = null;
        foreach (CreateTopicsRequest.CreatableReplicaAssignment assignment in topic.Assignments)
        {
            int index = assignment.PartitionIndex;
            if (byIndex.ContainsKey(index))
                return Invalid($"Found multiple manual partition assignments for partition {index}");
            ControllerError error = CheckAssignment(assignment.BrokerIds, factor);
            if (error.IsFailure) return error;
            factor = assignment.BrokerIds.Count;
            if (NewPartition(assignment.BrokerIds) is not { } partition)
            {
                return Invalid(
                    $"All brokers specified in the manual partition assignment for partition {index} are fenced or in "
                    + "controlled shutdown.");
            }

            byIndex.Add(index, partition);
        }

        for (int i = 0; i < byIndex.Count; i++)
        {
            if (!byIndex.ContainsKey(i)) return Invalid("partitions should be a consecutive 0-based integer sequence");
        }

        partitions.AddRange(byIndex.Values);
        return ControllerError.None;
    }

    /// <summary>Checks a manual list of replicas.</summary>
    public ControllerError CheckAssignment(IReadOnlyList<int> brokers, int? replicationFactor)
    {
        if (brokers.Count == 0) return Invalid("The manual partition assignment includes an empty replica list.");
        int? previous = null;
        foreach (int broker in brokers.Order())
        {
            if (context.Image.Cluster.Broker(broker) is null)
                return Invalid(
                    $"The manual partition assignment includes broker {broker}, but no such broker is registered.");
            if (broker == previous)
                return Invalid($"The manual partition assignment includes the broker {broker} more than once.");
            previous = broker;
        }

        return replicationFactor is { } factor && brokers.Count != factor
            ? Invalid(
                $"The manual partition assignment includes a partition with {brokers.Count} replica(s), but this is not "
                + $"consistent with previous partitions, which have {factor} replica(s).")
            : ControllerError.None;
    }

    private static ControllerError Invalid(string why) => new(ErrorCode.InvalidReplicaAssignment, why);

    /// <summary>A partition whose live replicas are in sync; null where none is alive.</summary>
    private PartitionImage? NewPartition(IReadOnlyList<int> replicas)
    {
        ImmutableArray<int> isr = [.. replicas.Where(context.IsActive)];
        if (isr.IsEmpty) return null;
        return new PartitionImage
        {
            Replicas = [.. replicas],
            Directories = [.. replicas.Select(context.DefaultDirectory)],
            Isr = isr,
            Leader = isr[0],
            LeaderEpoch = 0,
            PartitionEpoch = 0,
        };
    }

    private Uuid NewTopicId()
    {
        while (true)
        {
            Uuid id = context.Random.NextUuid();
            // As in Kafka no id begins with '-', which command lines would take for an option.
            if (!id.IsReserved && id.ToString()[0] != '-' && context.Image.Topics.Find(id) is null) return id;
        }
    }
}
