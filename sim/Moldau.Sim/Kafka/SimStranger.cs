using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>Somebody on the controller's listener who is no member of the quorum: claims epochs, asks for votes, fetches as
/// a replica that is none, beats for brokers that are not its own, and sends bytes that are no request. It expects
/// nothing of the answers; the node must stay what it is (Q1), and serve the others (V1).</summary>
internal sealed class SimStranger(SimWorld world, SimNode node) : SimAsker(world, node, "stranger", "CONTROLLER"), ISimPeer
{
    private const string MetadataTopic = "__cluster_metadata";
    private readonly SimNode _node = node;

    /// <summary>Requests and byte strings that were sent.</summary>
    public int Attempts { get; private set; }

    void ISimPeer.OnOpen(SimConnection connection)
    {
        byte[] bytes = new byte[1 + Prng.Next(300)];
        Prng.NextBytes(bytes);
        // Some look like a frame: a length, then what may be a header.
        if (Prng.Chance(0.6)) (bytes[0], bytes[1 % bytes.Length], bytes[2 % bytes.Length]) = (0, 0, 0);
        connection.Send(bytes);
    }

    void ISimPeer.OnBytes(SimConnection connection, ReadOnlySpan<byte> bytes)
    {
    }

    void ISimPeer.OnClose(SimConnection connection)
    {
    }

    protected override void OnTurn()
    {
        if (IsBusy) return;
        Attempts++;
        switch (Prng.Next(7))
        {
            case 0: Try<DescribeQuorumRequest, DescribeQuorumResponse>(new() { Topics = [] }, Prng.Next(3)); break;
            case 1: Try<VoteRequest, VoteResponse>(Vote(), Prng.Next(3)); break;
            case 2: Try<BeginQuorumEpochRequest, BeginQuorumEpochResponse>(Begin(), Prng.Next(2)); break;
            case 3:
                int version = 12 + Prng.Next(6);
                Try<FetchRequest, FetchResponse>(Fetch(version), version);
                break;
            case 4:
                Try<BrokerHeartbeatRequest, BrokerHeartbeatResponse>(
                    new() { BrokerId = Prng.Next(3), BrokerEpoch = Prng.Next(-1, 100), WantShutDown = true, WantFence = true }, 0);
                break;
            case 5: Try<AllocateProducerIdsRequest, AllocateProducerIdsResponse>(new() { BrokerId = 7, BrokerEpoch = 3 }, 0); break;
            default:
                SimConnection raw = World.Network.Connect(this, _node, Prng.Chance(0.5) ? "CONTROLLER" : BrokerListener);
                World.After(Prng.Next(0, 2_000_000_000), new Closer(raw), 0);
                LaterMs(400);
                break;
        }
    }

    /// <summary>The answer may be a refusal, or the end of the connection.</summary>
    private void Try<TRequest, TResponse>(TRequest request, int version)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse> =>
        Ask<TRequest, TResponse>(request, version, _ => LaterMs(400));

    private VoteRequest Vote()
    {
        VoteRequest.TopicData topic = new() { TopicName = MetadataTopic };
        topic.Partitions.Add(new()
        {
            ReplicaEpoch = Prng.Next(1_000),
            ReplicaId = 2 + Prng.Next(3),
            LastOffsetEpoch = Prng.Next(1_000),
            LastOffset = Prng.Next(100_000),
        });
        return new VoteRequest { Topics = [topic], VoterId = 1 };
    }

    private BeginQuorumEpochRequest Begin()
    {
        BeginQuorumEpochRequest.TopicData topic = new() { TopicName = MetadataTopic };
        topic.Partitions.Add(new() { LeaderId = 2, LeaderEpoch = Prng.Next(1_000) });
        return new BeginQuorumEpochRequest { Topics = [topic], VoterId = 1 };
    }

    private FetchRequest Fetch(int version)
    {
        FetchRequest request = new() { MaxWaitMs = Prng.Next(300), MaxBytes = 1 << 20, MinBytes = 1 };
        if (version < 15) request.ReplicaId = 9;
        else request.ReplicaState = new() { ReplicaId = 9, ReplicaEpoch = Prng.Next(5) };
        FetchRequest.FetchTopic topic = new() { Topic = MetadataTopic, TopicId = Uuid.MetadataTopic };
        topic.Partitions.Add(new()
        {
            FetchOffset = Prng.Next(0, 1_000),
            CurrentLeaderEpoch = Prng.Next(20) - 1,
            LastFetchedEpoch = Prng.Next(20) - 1,
            PartitionMaxBytes = 1 << 20,
        });
        request.Topics.Add(topic);
        return request;
    }

    private sealed class Closer(SimConnection connection) : ISimActor
    {
        public void OnEvent(int code, long number, object? payload) => connection.Close();
    }
}
