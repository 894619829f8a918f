using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>What brokers and clients ask about leaders and replicas.</summary>
internal sealed partial class ReplicationControl
{
    private const short WithBrokerEpochs = 3;

    /// <summary>A leader proposes another ISR.</summary>
    public ControllerResult<AlterPartitionResponse> AlterPartition(AlterPartitionRequest request, short version)
    {
        if (request.Topics.Count == 0) return new(new AlterPartitionResponse(), []);
        ControllerError stale = context.CheckBrokerEpoch(request.BrokerId, request.BrokerEpoch);
        if (stale.IsFailure) return new(new AlterPartitionResponse { ErrorCode = stale.CodeNumber }, []);
        var response = new AlterPartitionResponse();
        var records = new List<MetadataRecord>();
        foreach (AlterPartitionRequest.TopicData data in request.Topics)
        {
            var answer = new AlterPartitionResponse.TopicData { TopicId = data.TopicId };
            response.Topics.Add(answer);
            TopicImage? topic = context.Image.Topics.Find(data.TopicId);
            foreach (AlterPartitionRequest.PartitionData proposal in data.Partitions)
            {
                answer.Partitions.Add(topic is null
                    ? Refused(proposal, ErrorCode.UnknownTopicId)
                    : AlterPartition(request.BrokerId, topic, proposal, IsrOf(proposal, version), records));
            }
        }

        return new(response, records, IsAtomic: false);
    }

    public ControllerResult<ElectLeadersResponse> ElectLeaders(ElectLeadersRequest request, short version)
    {
        const sbyte Unclean = 1;
        var response = new ElectLeadersResponse();
        var records = new List<MetadataRecord>();
        if (version > 0 && request.ElectionType is not (0 or Unclean))
        {
            var unknown = new ControllerError(ErrorCode.InvalidRequest, $"Unknown election type {request.ElectionType}");
            response.ErrorCode = unknown.CodeNumber;
            foreach (ElectLeadersRequest.TopicPartitionsData asked in request.TopicPartitions ?? [])
            {
                var refused = new ElectLeadersResponse.ReplicaElectionResult { Topic = asked.Topic };
                foreach (int partition in asked.Partitions)
                    refused.PartitionResult.Add(
                        new() { PartitionId = partition, ErrorCode = unknown.CodeNumber, ErrorMessage = unknown.Message });
                response.ReplicaElectionResults.Add(refused);
            }

            return new(response, records);
        }

        ElectionKind kind = request.ElectionType == Unclean ? ElectionKind.Unclean : ElectionKind.Preferred;
        bool isAll = request.TopicPartitions is null;
        IEnumerable<(string Topic, IEnumerable<int> Partitions)> wanted = request.TopicPartitions is { } topics
            ? topics.Select(static t => (t.Topic, (IEnumerable<int>)t.Partitions))
            : context.Image.Topics.ByName.Values.Select(static t => (t.Name, Enumerable.Range(0, t.Partitions.Length)));
        foreach ((string topic, IEnumerable<int> partitions) in wanted)
        {
            var result = new ElectLeadersResponse.ReplicaElectionResult { Topic = topic };
            foreach (int partition in partitions)
            {
                ControllerError error = Elect(topic, partition, kind, records);
                // Who asks for all wants to hear of those where there was something to do.
                if (isAll && error.Code == ErrorCode.ElectionNotNeeded) continue;
                result.PartitionResult.Add(new ElectLeadersResponse.PartitionResult
                {
                    PartitionId = partition,
                    ErrorCode = error.CodeNumber,
                    ErrorMessage = error.Message,
                });
            }

            response.ReplicaElectionResults.Add(result);
        }

        return new(response, records, IsAtomic: false);
    }

    /// <summary>A broker says in which of its directories replicas are.</summary>
    public ControllerResult<AssignReplicasToDirsResponse> AssignToDirectories(AssignReplicasToDirsRequest request)
    {
        ControllerError stale = context.CheckBrokerEpoch(request.BrokerId, request.BrokerEpoch);
        if (stale.IsFailure) return new(new AssignReplicasToDirsResponse { ErrorCode = stale.CodeNumber }, []);
        var response = new AssignReplicasToDirsResponse();
        var records = new List<MetadataRecord>();
        var offline = new SortedSet<TopicIdPartition>();
        BrokerRegistration broker = context.Image.Cluster.Broker(request.BrokerId)!; // its epoch was just checked
        foreach (AssignReplicasToDirsRequest.DirectoryData directory in request.Directories)
        {
            var directoryAnswer = new AssignReplicasToDirsResponse.DirectoryData { Id = directory.Id };
            response.Directories.Add(directoryAnswer);
            foreach (AssignReplicasToDirsRequest.TopicData topic in directory.Topics)
            {
                var topicAnswer = new AssignReplicasToDirsResponse.TopicData { TopicId = topic.TopicId };
                directoryAnswer.Topics.Add(topicAnswer);
                foreach (AssignReplicasToDirsRequest.PartitionData partition in topic.Partitions)
                {
                    var id = new TopicIdPartition(topic.TopicId, partition.PartitionIndex);
                    ErrorCode error = Assign(id, broker.Id, directory.Id, records);
                    if (error == ErrorCode.None && !broker.HasOnlineDirectory(directory.Id)) offline.Add(id);
                    topicAnswer.Partitions.Add(new AssignReplicasToDirsResponse.PartitionData
                    {
                        PartitionIndex = partition.PartitionIndex,
                        ErrorCode = (short)error,
                    });
                }
            }
        }

        Update(offline, records, remove: broker.Id);
        return new(response, records, IsAtomic: false);
    }

    private static List<(int Broker, long Epoch)> IsrOf(AlterPartitionRequest.PartitionData proposal, short version) =>
        version >= WithBrokerEpochs
            ? [.. proposal.NewIsrWithEpochs.Select(static b => (b.BrokerId, b.BrokerEpoch))]
            : [.. proposal.NewIsr.Select(static b => (b, -1L))];

    private static AlterPartitionResponse.PartitionData Refused(AlterPartitionRequest.PartitionData proposal,
        ErrorCode error) =>
        new() { PartitionIndex = proposal.PartitionIndex, ErrorCode = (short)error };

    private AlterPartitionResponse.PartitionData AlterPartition(
        int broker,
        TopicImage topic,
        AlterPartitionRequest.PartitionData proposal,
        List<(int Broker, long Epoch)> isr,
        List<MetadataRecord> records)
    {
        PartitionImage? partition = topic.Partition(proposal.PartitionIndex);
        if (partition is null) return Refused(proposal, ErrorCode.UnknownTopicOrPartition);
        ErrorCode error = Check(broker, partition, proposal, isr);
        if (error != ErrorCode.None) return Refused(proposal, error);
        var id = new TopicIdPartition(topic.Id, proposal.PartitionIndex);
        var builder = new PartitionChangeBuilder(
            id, partition, context.Image.Features, context.EffectiveMinIsr(topic), b => context.MayLead(partition, b))
        {
            Election = context.IsUncleanElectionEnabled(topic.Name) ? ElectionKind.Unclean : ElectionKind.Online,
            Isr = [.. isr.Select(static b => b.Broker)],
            RecoveryState = (LeaderRecoveryState)proposal.LeaderRecoveryState,
            DefaultDirectory = context.DefaultDirectory,
        };
        if (builder.Build() is { } record)
        {
            records.Add(record);
            var change = (PartitionChangeRecord)record.Message;
            partition = partition.Merge(change);
            // A finished reassignment may have taken the leadership from the one who asks.
            if (change.Leader != broker && change.Leader != LeaderConstants.NoChange)
                return Refused(proposal, ErrorCode.NewLeaderElected);
        }

        return new AlterPartitionResponse.PartitionData
        {
            PartitionIndex = proposal.PartitionIndex,
            LeaderId = partition.Leader,
            Isr = [.. partition.Isr],
            LeaderRecoveryState = (sbyte)partition.LeaderRecoveryState,
            LeaderEpoch = partition.LeaderEpoch,
            PartitionEpoch = partition.PartitionEpoch,
        };
    }

    private ErrorCode Check(
        int broker, PartitionImage partition, AlterPartitionRequest.PartitionData proposal,
            List<(int Broker, long Epoch)> isr)
    {
        // A leader that knows more than this controller: then this one is no longer the controller.
        if (proposal.LeaderEpoch > partition.LeaderEpoch) return ErrorCode.NotController;
        if (proposal.PartitionEpoch > partition.PartitionEpoch) return ErrorCode.NotController;
        if (proposal.LeaderEpoch < partition.LeaderEpoch) return ErrorCode.FencedLeaderEpoch;
        if (broker != partition.Leader) return ErrorCode.InvalidRequest;
        if (proposal.PartitionEpoch < partition.PartitionEpoch) return ErrorCode.InvalidUpdateVersion;
        var members = new HashSet<int>(isr.Select(static b => b.Broker));
        if (members.Count != isr.Count || !members.All(b => partition.Replicas.Contains(b)))
            return ErrorCode.InvalidRequest;
        if (!members.Contains(partition.Leader)) return ErrorCode.InvalidRequest;
        var recovery = (LeaderRecoveryState)proposal.LeaderRecoveryState;
        if (recovery == LeaderRecoveryState.Recovering && isr.Count > 1) return ErrorCode.InvalidRequest;
        if (recovery == LeaderRecoveryState.Recovering
            && partition.LeaderRecoveryState == LeaderRecoveryState.Recovered)
            return ErrorCode.InvalidRequest;
        foreach ((int member, long epoch) in isr)
        {
            BrokerRegistration? registration = context.Image.Cluster.Broker(member);
            if (registration is not { IsActive: true } || (epoch != -1 && registration.Epoch != epoch))
                return ErrorCode.IneligibleReplica;
        }

        return ErrorCode.None;
    }

    private ControllerError Elect(string name, int partitionId, ElectionKind kind, List<MetadataRecord> records)
    {
        if (context.Image.Topics.Find(name) is not { } topic)
            return new ControllerError(ErrorCode.UnknownTopicOrPartition, $"No such topic as {name}");
        if (topic.Partition(partitionId) is not { } partition)
            return new ControllerError(ErrorCode.UnknownTopicOrPartition, $"No such partition as {name}-{partitionId}");
        bool isNeedless = kind == ElectionKind.Preferred ? partition.HasPreferredLeader : partition.HasLeader;
        if (isNeedless)
            return new ControllerError(ErrorCode.ElectionNotNeeded, "Leader election not needed for topic partition.");
        if (Builder(topic, new TopicIdPartition(topic.Id, partitionId), partition, kind).Build() is { } record)
        {
            records.Add(record);
            return ControllerError.None;
        }

        return kind == ElectionKind.Preferred
            ? new ControllerError(ErrorCode.PreferredLeaderNotAvailable, "The preferred leader was not available.")
            : new ControllerError(ErrorCode.EligibleLeadersNotAvailable,
                "Eligible topic partition leaders are not available.");
    }

    private ErrorCode Assign(TopicIdPartition id, int broker, Uuid directory, List<MetadataRecord> records)
    {
        if (context.Image.Topics.Find(id.TopicId) is not { } topic) return ErrorCode.UnknownTopicId;
        if (topic.Partition(id.Partition) is not { } partition) return ErrorCode.UnknownTopicOrPartition;
        int index = partition.Replicas.IndexOf(broker);
        if (index < 0) return ErrorCode.NotLeaderOrFollower;
        if (partition.Directories[index] == directory) return ErrorCode.None;
        var record = new PartitionChangeRecord
        {
            TopicId = id.TopicId,
            PartitionId = id.Partition,
            Directories = [.. partition.Directories.SetItem(index, directory)],
        };
        records.Add(new MetadataRecord(record, context.Version.PartitionChangeRecordVersion));
        return ErrorCode.None;
    }
}
