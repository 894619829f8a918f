using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A topic to make.</summary>
/// <param name="Name">Letters, digits, '.', '_' and '-', at most 249.</param>
/// <param name="Partitions">−1 for the cluster's default (from brokers 2.4 on).</param>
/// <param name="ReplicationFactor">−1 for the cluster's default.</param>
public sealed record NewTopic(string Name, int Partitions = -1, short ReplicationFactor = -1)
{
    /// <summary>The topic's own settings, by Kafka's names.</summary>
    public IReadOnlyDictionary<string, string> Configs { get; init; } = new Dictionary<string, string>();

    /// <summary>Broker ids of each partition, instead of a count and a factor.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<int>>? Assignments { get; init; }
}

/// <summary>More partitions for a topic.</summary>
/// <param name="Count">How many it is to have in all.</param>
public sealed record NewPartitions(int Count)
{
    /// <summary>Broker ids of each new partition; null leaves the choice to the cluster.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Assignments { get; init; }
}

/// <summary>Topics and their records.</summary>
internal static class TopicAdmin
{
    private const short FirstIdVersion = 6;

    /// <summary>Older versions of Metadata cannot be asked by id alone (KIP-516).</summary>
    private const short FirstMetadataIdVersion = 12;

    /// <summary>All topics, or those that are named: each with its metadata or with why there is none.</summary>
    public static ClientOperation<IReadOnlyDictionary<string, Outcome<TopicInfo>>> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string>? names) =>
        AdminCalls.Start<MetadataRequest, MetadataResponse, IReadOnlyDictionary<string, Outcome<TopicInfo>>>(
            machine, turn, CallTarget.Any,
            _ => new MetadataRequest
            {
                AllowAutoTopicCreation = false,
                Topics = names is null ? null : [.. names.Select(n => new MetadataRequest.MetadataRequestTopic { Name = n })],
            },
            (answer, operation, now) =>
            {
                Dictionary<string, Outcome<TopicInfo>> topics = new(StringComparer.Ordinal);
                foreach (MetadataResponse.MetadataResponseTopic topic in answer.Topics)
                {
                    if (topic.Name is not { } name) continue;
                    ErrorCode code = ErrorCodes.FromWire(topic.ErrorCode);
                    topics[name] = code == ErrorCode.None
                        ? Outcome<TopicInfo>.Of(MetadataKeeper.Info(topic))
                        : Outcome<TopicInfo>.Failed(ClientError.Of(code, null, Subject(code, name)));
                }

                operation.TrySucceed(topics, now);
                return CallOutcome.Done;
            });

    /// <summary>All topics that can be told of, by name. Not a query over <see cref="Describe"/>: a command waits for this one, and
    /// what is generic over our structures is compiled anew at each start.</summary>
    public static ClientOperation<IReadOnlyList<TopicInfo>> List(ClientMachine machine, ClientTurn turn) =>
        AdminCalls.Start<MetadataRequest, MetadataResponse, IReadOnlyList<TopicInfo>>(
            machine, turn, CallTarget.Any,
            _ => new MetadataRequest { AllowAutoTopicCreation = false, Topics = null },
            (answer, operation, now) =>
            {
                List<TopicInfo> topics = new(answer.Topics.Count);
                foreach (MetadataResponse.MetadataResponseTopic topic in answer.Topics)
                    if (topic.Name is not null && topic.ErrorCode == (short)ErrorCode.None) topics.Add(MetadataKeeper.Info(topic));
                topics.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
                operation.TrySucceed(topics, now);
                return CallOutcome.Done;
            });

    /// <summary>Topics by their ids.</summary>
    public static ClientOperation<IReadOnlyDictionary<Uuid, Outcome<TopicInfo>>> DescribeById(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<Uuid> ids) =>
        AdminCalls.Start<MetadataRequest, MetadataResponse, IReadOnlyDictionary<Uuid, Outcome<TopicInfo>>>(
            machine, turn, CallTarget.Any,
            _ => new MetadataRequest
            {
                AllowAutoTopicCreation = false,
                Topics = [.. ids.Select(i => new MetadataRequest.MetadataRequestTopic { TopicId = i, Name = null })],
            },
            (answer, operation, now) => AdminCalls.Done(operation, answer.Topics.ByKey(
                t => t.TopicId,
                t => AdminCalls.Error(t.ErrorCode, null, $"there is no topic with the id {t.TopicId}") is { } error
                    ? Outcome<TopicInfo>.Failed(error)
                    : Outcome<TopicInfo>.Of(MetadataKeeper.Info(t))), now),
            from: FirstMetadataIdVersion);

    /// <summary>Each topic with null, or with why it was not made.</summary>
    public static ClientOperation<IReadOnlyDictionary<string, ClientError?>> Create(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<NewTopic> topics, bool validateOnly) =>
        AdminCalls.Start<CreateTopicsRequest, CreateTopicsResponse, IReadOnlyDictionary<string, ClientError?>>(
            machine, turn, CallTarget.Controller,
            _ => new CreateTopicsRequest
            {
                Topics = [.. topics.Select(Creatable)],
                ValidateOnly = validateOnly,
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
            },
            (answer, operation, now) => Finish(
                answer.Topics.Select(t => (t.Name, t.ErrorCode, t.ErrorMessage)), "cannot be created", operation, now));

    public static ClientOperation<IReadOnlyDictionary<string, ClientError?>> Delete(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string> names) =>
        AdminCalls.Start<DeleteTopicsRequest, DeleteTopicsResponse, IReadOnlyDictionary<string, ClientError?>>(
            machine, turn, CallTarget.Controller,
            version => new DeleteTopicsRequest
            {
                TopicNames = version < FirstIdVersion ? [.. names] : [],
                Topics = version < FirstIdVersion
                    ? []
                    : [.. names.Select(n => new DeleteTopicsRequest.DeleteTopicState { Name = n })],
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
            },
            (answer, operation, now) => Finish(
                answer.Responses.Select(t => (t.Name ?? "", t.ErrorCode, t.ErrorMessage)), "cannot be deleted", operation, now));

    /// <summary>By their ids: a topic of the same name that was made anew stays (KIP-516).</summary>
    public static ClientOperation<IReadOnlyDictionary<Uuid, ClientError?>> DeleteById(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<Uuid> ids) =>
        AdminCalls.Start<DeleteTopicsRequest, DeleteTopicsResponse, IReadOnlyDictionary<Uuid, ClientError?>>(
            machine, turn, CallTarget.Controller,
            _ => new DeleteTopicsRequest
            {
                Topics = [.. ids.Select(i => new DeleteTopicsRequest.DeleteTopicState { TopicId = i, Name = null })],
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
            },
            (answer, operation, now) =>
                answer.Responses.Any(t => ErrorCodes.FromWire(t.ErrorCode) == ErrorCode.NotController)
                    ? CallOutcome.RetryElsewhere
                    : AdminCalls.Done(operation, answer.Responses.ByKey(
                        t => t.TopicId,
                        t => AdminCalls.Error(t.ErrorCode, t.ErrorMessage, $"the topic with the id {t.TopicId} cannot be deleted")), now),
            from: FirstIdVersion);

    /// <summary>Raises topics to these numbers of partitions.</summary>
    public static ClientOperation<IReadOnlyDictionary<string, ClientError?>> Grow(
        ClientMachine machine, ClientTurn turn, IReadOnlyDictionary<string, NewPartitions> counts, bool validateOnly) =>
        AdminCalls.Start<CreatePartitionsRequest, CreatePartitionsResponse, IReadOnlyDictionary<string, ClientError?>>(
            machine, turn, CallTarget.Controller,
            _ => new CreatePartitionsRequest
            {
                Topics = [.. counts.OrderBy(c => c.Key, StringComparer.Ordinal)
                    .Select(c => new CreatePartitionsRequest.CreatePartitionsTopic
                    {
                        Name = c.Key,
                        Count = c.Value.Count,
                        Assignments = c.Value.Assignments?.Select(a => new CreatePartitionsRequest.CreatePartitionsAssignment
                        {
                            BrokerIds = [.. a],
                        }).ToList(),
                    })],
                ValidateOnly = validateOnly,
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
            },
            (answer, operation, now) => Finish(
                answer.Results.Select(t => (t.Name, t.ErrorCode, t.ErrorMessage)), "cannot grow", operation, now));

    /// <summary>Deletes the records below these offsets, −1 for all; the result is each partition's new log start
    /// offset.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<long>>> DeleteRecords(
        ClientMachine machine, ClientTurn turn, IReadOnlyDictionary<TopicPartition, long> before) =>
        AdminParts.ByLeader<long, long>(machine, turn, before, (broker, mine, now) =>
            AdminCalls.Start<DeleteRecordsRequest, DeleteRecordsResponse, Dictionary<TopicPartition, Outcome<long>>>(
                machine, now, CallTarget.Broker(broker),
                _ => new DeleteRecordsRequest
                {
                    Topics = [.. mine.GroupBy(p => p.Key.Topic, StringComparer.Ordinal)
                        .Select(t => new DeleteRecordsRequest.DeleteRecordsTopic
                        {
                            Name = t.Key,
                            Partitions = [.. t.Select(p => new DeleteRecordsRequest.DeleteRecordsPartition
                            {
                                PartitionIndex = p.Key.Partition,
                                Offset = p.Value,
                            })],
                        })],
                    TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
                },
                (answer, operation, then) =>
                {
                    operation.TrySucceed(answer.Topics
                        .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p)))
                        .ByKey(r => r.Key, r => Result(r.Key, ErrorCodes.FromWire(r.p.ErrorCode), r.p.LowWatermark)), then);
                    return CallOutcome.Done;
                }));

    /// <summary>An error of a topic or partition as an outcome.</summary>
    internal static Outcome<T> Result<T>(TopicPartition partition, ErrorCode code, T value) => code == ErrorCode.None
        ? Outcome<T>.Of(value)
        : Outcome<T>.Failed(ClientError.Of(code, null, $"{partition}"));

    private static string Subject(ErrorCode code, string name) => code switch
    {
        ErrorCode.UnknownTopicOrPartition => $"topic '{name}' does not exist",
        ErrorCode.InvalidTopicException => $"'{name}' is no name of a topic",
        _ => $"topic '{name}' cannot be described",
    };

    private static CreateTopicsRequest.CreatableTopic Creatable(NewTopic topic)
    {
        CreateTopicsRequest.CreatableTopic creatable = new()
        {
            Name = topic.Name,
            NumPartitions = topic.Assignments is null ? topic.Partitions : -1,
            ReplicationFactor = topic.Assignments is null ? topic.ReplicationFactor : (short)-1,
        };
        foreach ((string name, string value) in topic.Configs.OrderBy(c => c.Key, StringComparer.Ordinal))
            creatable.Configs.Add(new CreateTopicsRequest.CreatableTopicConfig { Name = name, Value = value });
        foreach ((int partition, IReadOnlyList<int> brokers) in topic.Assignments ?? new Dictionary<int, IReadOnlyList<int>>())
        {
            creatable.Assignments.Add(new CreateTopicsRequest.CreatableReplicaAssignment
            {
                PartitionIndex = partition,
                BrokerIds = [.. brokers],
            });
        }

        return creatable;
    }

    private static CallOutcome Finish(
        IEnumerable<(string Name, short Code, string? Text)> rows,
        string what,
        ClientOperation<IReadOnlyDictionary<string, ClientError?>> operation,
        ClientTurn turn)
    {
        Dictionary<string, ClientError?> results = new(StringComparer.Ordinal);
        foreach ((string name, short wire, string? text) in rows)
        {
            ErrorCode code = ErrorCodes.FromWire(wire);
            if (code == ErrorCode.NotController) return CallOutcome.RetryElsewhere;
            results[name] = code == ErrorCode.None ? null : ClientError.Of(code, text, $"topic '{name}' {what}");
        }

        operation.TrySucceed(results, turn);
        return CallOutcome.Done;
    }
}
