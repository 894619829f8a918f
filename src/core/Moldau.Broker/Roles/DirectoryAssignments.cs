using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Tells the controller in which log directories this broker's replicas are (AssignReplicasToDirs), one request at a
/// time, until each is answered. The shards hear of it by the metadata.</summary>
internal sealed class DirectoryAssignments(ControlMachine machine)
{
    /// <summary>Each may be a record, and those of a request are written at once.</summary>
    private const int MostInOne = 2_000;

    private static readonly Duration Patience = Duration.FromMs(100);

    private readonly SortedDictionary<TopicIdPartition, Uuid> _wanted = [];
    private bool _isAsking;

    public void Add(ReplicasPlaced placed)
    {
        foreach (ReplicaPlaced replica in placed.Replicas) _wanted[replica.Partition] = replica.Directory;
        Send();
    }

    /// <summary>The broker has an epoch, perhaps another than before.</summary>
    public void Registered() => Send();

    private void Send()
    {
        if (_isAsking || _wanted.Count == 0 || machine.Broker.Epoch < 0) return;
        _isAsking = true;
        AssignReplicasToDirsRequest request = new() { BrokerId = machine.Options.NodeId, BrokerEpoch = machine.Broker.Epoch };
        List<KeyValuePair<TopicIdPartition, Uuid>> asked = [.. _wanted.Take(MostInOne)];
        foreach (IGrouping<Uuid, TopicIdPartition> directory in asked.GroupBy(a => a.Value, a => a.Key))
        {
            AssignReplicasToDirsRequest.DirectoryData data = new() { Id = directory.Key };
            request.Directories.Add(data);
            foreach (IGrouping<Uuid, TopicIdPartition> topic in directory.GroupBy(p => p.TopicId))
            {
                AssignReplicasToDirsRequest.TopicData topicData = new() { TopicId = topic.Key };
                data.Topics.Add(topicData);
                foreach (TopicIdPartition partition in topic) topicData.Partitions.Add(new() { PartitionIndex = partition.Partition });
            }
        }

        machine.Serve(ApiKey.AssignReplicasToDirs, request, 0, answer => OnAnswer((AssignReplicasToDirsResponse)answer));
    }

    private void OnAnswer(AssignReplicasToDirsResponse response)
    {
        _isAsking = false;
        bool isRefused = response.ErrorCode != 0;
        foreach (AssignReplicasToDirsResponse.DirectoryData directory in response.Directories)
            foreach (AssignReplicasToDirsResponse.TopicData topic in directory.Topics)
                foreach (AssignReplicasToDirsResponse.PartitionData partition in topic.Partitions)
                {
                    TopicIdPartition id = new(topic.TopicId, partition.PartitionIndex);
                    isRefused |= !IsDone(id, directory.Id, (ErrorCode)partition.ErrorCode);
                }

        if (!isRefused) Send();
        else machine.After(Patience, new TimedCall(_ => Send()));
    }

    /// <summary>Whether there is nothing more to ask of this replica, or it is asked anew because it has moved.</summary>
    private bool IsDone(TopicIdPartition partition, Uuid directory, ErrorCode error)
    {
        bool isGone = error is ErrorCode.UnknownTopicId or ErrorCode.UnknownTopicOrPartition or ErrorCode.NotLeaderOrFollower;
        if (error != ErrorCode.None && !isGone) return false;
        if (_wanted.TryGetValue(partition, out Uuid wanted) && wanted == directory) _wanted.Remove(partition);
        return true;
    }
}
