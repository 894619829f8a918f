using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>DescribeQuorum: voters and how far they are.</summary>
internal static class QuorumDescriber
{
    public static DescribeQuorumResponse Describe(DescribeQuorumRequest request, short version, ControlMachine machine)
    {
        DescribeQuorumResponse response = new();
        if (version >= 2) response.ErrorMessage = "";
        foreach (DescribeQuorumRequest.TopicData topic in request.Topics)
        {
            DescribeQuorumResponse.TopicData answer = new() { TopicName = topic.TopicName };
            response.Topics.Add(answer);
            foreach (DescribeQuorumRequest.PartitionData p in topic.Partitions)
            {
                bool isMetadata = topic.TopicName == "__cluster_metadata" && p.PartitionIndex == 0;
                DescribeQuorumResponse.PartitionData partition = new() { PartitionIndex = p.PartitionIndex };
                answer.Partitions.Add(partition);
                if (!isMetadata) partition.ErrorCode = (short)ErrorCode.UnknownTopicOrPartition;
                else Fill(partition, version, machine);
            }
        }

        if (version < 2) return response;
        foreach (Metadata.ControllerRegistration controller in machine.Image.Cluster.Controllers.Values)
        {
            DescribeQuorumResponse.Node node = new() { NodeId = controller.Id };
            foreach (Metadata.ListenerEndpoint endpoint in controller.Listeners)
                node.Listeners.Add(new() { Name = endpoint.Name, Host = endpoint.Host, Port = endpoint.Port });
            response.Nodes.Add(node);
        }

        return response;
    }

    private static void Fill(DescribeQuorumResponse.PartitionData partition, short version, ControlMachine machine)
    {
        MetadataLog quorum = machine.Quorum;
        partition.LeaderId = machine.Options.NodeId;
        partition.LeaderEpoch = quorum.Epoch;
        partition.HighWatermark = quorum.HighWatermark;
        if (version >= 2) partition.ErrorMessage = "";
        partition.CurrentVoters.Add(new()
        {
            ReplicaId = machine.Options.NodeId,
            ReplicaDirectoryId = version >= 2 ? quorum.DirectoryId : Uuid.Zero,
            LogEndOffset = quorum.EndOffset,
            LastFetchTimestamp = machine.Now.UnixMs,
            LastCaughtUpTimestamp = machine.Now.UnixMs,
        });
    }
}
