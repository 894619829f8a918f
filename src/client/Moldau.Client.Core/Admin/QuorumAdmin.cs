using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A replica of the metadata log.</summary>
/// <param name="NodeId">Whose it is.</param>
/// <param name="DirectoryId">Of its log directory; zero where the quorum is a fixed one, or the broker does not
/// tell.</param>
/// <param name="LogEndOffset">The next offset that it will write.</param>
/// <param name="LastFetch">When it last asked the leader; null where that is not known.</param>
/// <param name="LastCaughtUp">When it last had everything; null where that is not known.</param>
public sealed record QuorumReplica(
    int NodeId, Uuid DirectoryId, long LogEndOffset, DateTimeOffset? LastFetch, DateTimeOffset? LastCaughtUp);

/// <summary>Where a controller listens.</summary>
public sealed record QuorumEndpoint(string Listener, BrokerAddress Address);

/// <summary>The controllers and their metadata log (KIP-836).</summary>
/// <param name="LeaderId">The active controller.</param>
/// <param name="LeaderEpoch">Grows with each election.</param>
/// <param name="HighWatermark">What is committed, exclusive.</param>
/// <param name="Voters">Who elects.</param>
/// <param name="Observers">Who only follows: brokers, and controllers without a vote.</param>
/// <param name="Nodes">Where voters listen; empty from brokers before 3.9.</param>
public sealed record QuorumDescription(
    int LeaderId,
    int LeaderEpoch,
    long HighWatermark,
    IReadOnlyList<QuorumReplica> Voters,
    IReadOnlyList<QuorumReplica> Observers,
    IReadOnlyDictionary<int, IReadOnlyList<QuorumEndpoint>> Nodes);

/// <summary>The quorum of the controllers.</summary>
internal static class QuorumAdmin
{
    private const string MetadataTopic = "__cluster_metadata";

    public static ClientOperation<QuorumDescription> Describe(ClientMachine machine, ClientTurn turn) =>
        AdminCalls.Start<DescribeQuorumRequest, DescribeQuorumResponse, QuorumDescription>(
            machine, turn, CallTarget.Any,
            _ => new DescribeQuorumRequest
            {
                Topics =
                [
                    new DescribeQuorumRequest.TopicData
                    {
                        TopicName = MetadataTopic,
                        Partitions = [new DescribeQuorumRequest.PartitionData { PartitionIndex = 0 }],
                    },
                ],
            },
            (answer, operation, now) =>
            {
                if (AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, "the quorum cannot be described", operation, now)
                    is { } refused) return refused;
                if (answer.Topics is not [{ Partitions: [{ } log, ..] }, ..]) return AdminCalls.Lacking(operation, now);
                return AdminCalls.Refused(log.ErrorCode, log.ErrorMessage, "the quorum cannot be described", operation, now)
                    ?? AdminCalls.Done(operation, new QuorumDescription(
                        log.LeaderId, log.LeaderEpoch, log.HighWatermark, Replicas(log.CurrentVoters), Replicas(log.Observers),
                        answer.Nodes.ByKey(n => n.NodeId, n => (IReadOnlyList<QuorumEndpoint>)
                            [.. n.Listeners.Select(l => new QuorumEndpoint(l.Name, new BrokerAddress(l.Host, l.Port)))])), now);
            });

    /// <summary>Gives a controller a vote (KIP-853).</summary>
    public static ClientOperation<ClientError?> AddVoter(
        ClientMachine machine, ClientTurn turn, int nodeId, Uuid directoryId, IReadOnlyList<QuorumEndpoint> endpoints, string? clusterId) =>
        AdminCalls.Start<AddRaftVoterRequest, AddRaftVoterResponse, ClientError?>(
            machine, turn, CallTarget.Any,
            _ => new AddRaftVoterRequest
            {
                ClusterId = clusterId,
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
                VoterId = nodeId,
                VoterDirectoryId = directoryId,
                Listeners = [.. endpoints.Select(e => new AddRaftVoterRequest.Listener
                {
                    Name = e.Listener,
                    Host = e.Address.Host,
                    Port = (ushort)e.Address.Port,
                })],
            },
            (answer, operation, now) => AdminCalls.Again(ErrorCodes.FromWire(answer.ErrorCode)) ?? AdminCalls.Done(
                operation, AdminCalls.Error(answer.ErrorCode, answer.ErrorMessage, $"controller {nodeId} was not given a vote"), now));

    /// <summary>Takes a controller's vote (KIP-853).</summary>
    public static ClientOperation<ClientError?> RemoveVoter(
        ClientMachine machine, ClientTurn turn, int nodeId, Uuid directoryId, string? clusterId) =>
        AdminCalls.Start<RemoveRaftVoterRequest, RemoveRaftVoterResponse, ClientError?>(
            machine, turn, CallTarget.Any,
            _ => new RemoveRaftVoterRequest { ClusterId = clusterId, VoterId = nodeId, VoterDirectoryId = directoryId },
            (answer, operation, now) => AdminCalls.Again(ErrorCodes.FromWire(answer.ErrorCode)) ?? AdminCalls.Done(
                operation, AdminCalls.Error(answer.ErrorCode, answer.ErrorMessage, $"controller {nodeId} still has its vote"), now));

    private static List<QuorumReplica> Replicas(IEnumerable<DescribeQuorumResponse.ReplicaState> replicas) =>
        [.. replicas.OrderBy(r => r.ReplicaId).Select(r => new QuorumReplica(
            r.ReplicaId, r.ReplicaDirectoryId, r.LogEndOffset, Time(r.LastFetchTimestamp), Time(r.LastCaughtUpTimestamp)))];

    private static DateTimeOffset? Time(long ms) => ms < 0 ? null : UnixTime.Of(ms);
}
