using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Support;

/// <summary>A coordinator of KIP-848 with one member, which a test gives partitions to: it moves the member to the next epoch
/// when what has to go is gone, as Kafka's does.</summary>
internal sealed class ScriptedGroup
{
    public const string Id = "g";
    public const int IntervalMs = 5000;

    private readonly Dictionary<string, MetadataResponse.MetadataResponseTopic> _topics;
    private readonly Queue<ErrorCode> _errors = new();
    private bool _isNews = true;

    public ScriptedGroup(ScriptedBroker broker)
    {
        _topics = broker.Topics;
        Coordinator = broker;
        broker.On(ApiKey.FindCoordinator, _ => new FindCoordinatorResponse
        {
            Coordinators = { new() { Key = Id, NodeId = Coordinator.Id, Host = Coordinator.Address.Host, Port = 9092 } },
        });
        Serve(broker);
    }

    /// <summary>The broker that FindCoordinator names.</summary>
    public ScriptedBroker Coordinator { get; set; }

    public int Epoch { get; private set; }

    public Func<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse?>? Instead { get; set; }

    public List<(string Topic, int Partition)> Target { get; private set; } = [];

    public List<OffsetCommitRequest> Commits { get; } = [];

    /// <summary>What commits are answered.</summary>
    public Queue<ErrorCode> CommitErrors { get; } = new();

    public IEnumerable<ConsumerGroupHeartbeatRequest> Beats =>
        Coordinator.Of(ApiKey.ConsumerGroupHeartbeat).Select(r => (ConsumerGroupHeartbeatRequest)r.Message);

    public ConsumerGroupHeartbeatRequest Last => Beats.Last();

    /// <summary>Takes the place of the next answer.</summary>
    public void FailNext(ErrorCode code) => _errors.Enqueue(code);

    public void Assign(params (string Topic, int Partition)[] target)
    {
        Target = [.. target];
        _isNews = true;
        Epoch++;
    }

    public void Serve(ScriptedBroker broker)
    {
        broker.On(ApiKey.ConsumerGroupHeartbeat, request =>
            broker == Coordinator
                ? Answer((ConsumerGroupHeartbeatRequest)request.Message)
                : new ConsumerGroupHeartbeatResponse { ErrorCode = (short)ErrorCode.NotCoordinator });
        broker.On(ApiKey.OffsetCommit, request =>
        {
            OffsetCommitRequest commit = (OffsetCommitRequest)request.Message;
            Commits.Add(commit);
            short error = CommitErrors.TryDequeue(out ErrorCode code) ? (short)code : (short)0;
            return new OffsetCommitResponse
            {
                Topics = [.. commit.Topics.Select(t => new OffsetCommitResponse.OffsetCommitResponseTopic
                {
                    Name = t.Name,
                    Partitions = [.. t.Partitions.Select(p => new OffsetCommitResponse.OffsetCommitResponsePartition
                    {
                        PartitionIndex = p.PartitionIndex,
                        ErrorCode = error,
                    })],
                })],
            };
        });
        broker.On(ApiKey.OffsetFetch, request => CommittedAtBegin((OffsetFetchRequest)request.Message));
        broker.On(ApiKey.Fetch, _ => null);
    }

    /// <summary>Offset 0 is committed of whatever is asked for.</summary>
    public static OffsetFetchResponse CommittedAtBegin(OffsetFetchRequest fetch)
    {
        OffsetFetchResponse answer = new() { Groups = { new() { GroupId = fetch.Groups[0].GroupId } } };
        foreach (var topic in fetch.Groups[0].Topics!)
        {
            answer.Groups[0].Topics.Add(new()
            {
                Name = topic.Name,
                Partitions = [.. topic.PartitionIndexes.Select(p =>
                    new OffsetFetchResponse.OffsetFetchResponsePartitions { PartitionIndex = p, CommittedOffset = 0 })],
            });
        }

        return answer;
    }

    private ConsumerGroupHeartbeatResponse? Answer(ConsumerGroupHeartbeatRequest beat)
    {
        if (_errors.TryDequeue(out ErrorCode code))
            return new ConsumerGroupHeartbeatResponse { ErrorCode = (short)code, ErrorMessage = "the script says so" };
        if (Instead is { } instead) return instead(beat);
        if (beat.MemberEpoch < 0) return new ConsumerGroupHeartbeatResponse { MemberEpoch = beat.MemberEpoch };
        if (beat.MemberEpoch == 0) (Epoch, _isNews) = (Epoch + 1, true);
        ConsumerGroupHeartbeatResponse answer = new()
        {
            MemberId = beat.MemberId,
            MemberEpoch = Epoch,
            HeartbeatIntervalMs = IntervalMs,
        };
        if (!_isNews) return answer;
        _isNews = false;
        answer.Assignment = new ConsumerGroupHeartbeatResponse.AssignmentData
        {
            TopicPartitions = [.. Target.GroupBy(t => t.Topic, t => t.Partition).Select(t =>
                new ConsumerGroupHeartbeatResponse.TopicPartitions
                {
                    TopicId = _topics[t.Key].TopicId,
                    Partitions = [.. t],
                })],
        };
        return answer;
    }

    /// <summary>What a heartbeat says that the member has; null where it says nothing of it.</summary>
    public List<(string Topic, int Partition)>? Owned(ConsumerGroupHeartbeatRequest beat) =>
        beat.TopicPartitions?.SelectMany(t => t.Partitions.Select(p => (NameOf(t.TopicId), p))).ToList();

    private string NameOf(Uuid id) => _topics.Single(t => t.Value.TopicId == id).Key;
}
