using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Sim;

namespace Moldau.Fuzz;

/// <summary>The real node, all its machines, in the simulated world, and connections to it that speak bytes.</summary>
internal sealed class NodeWorld
{
    private const long Ms = 1_000_000;

    public NodeWorld()
    {
        World = new SimWorld(1);
        World.Network.RareDelayNs = 1;
        PlantedRequests none = new(PlantedBug.None, new StaleIds(), World.Fork());
        KafkaNodeFactory factory = new(2, ["/data"], SimDurability.PageCache, PlantedBug.None, none);
        Node = new SimNode(World, factory.Create) { WaitsForReady = true };
    }

    public SimWorld World { get; }

    public SimNode Node { get; }

    /// <summary>Starts it; false where it does not serve within a minute.</summary>
    public bool Start()
    {
        Node.Start();
        return World.RunUntil(World.Clock.NowNs + (60_000 * Ms), () => Node.IsServing);
    }

    public void RunFor(long ms) => World.RunUntil(World.Clock.NowNs + (ms * Ms));

    /// <summary>Sends a request on a connection of its own and waits for the answer; null where none comes.</summary>
    public TResponse? Ask<TRequest, TResponse>(TRequest request, short version)
        where TRequest : IRequest
        where TResponse : class, IResponse, IMessage<TResponse>
    {
        Peer peer = Connect("PLAINTEXT");
        ApiInfo api = ApiTable.Get(TRequest.ApiKey);
        byte[] frame = new byte[RequestFrame.Size(api, version, "fuzz", request)];
        RequestFrame.Write(frame, api, version, 5, "fuzz", request);
        peer.Send(frame);
        World.RunUntil(World.Clock.NowNs + (10_000 * Ms), () => peer.Frames.Count > 0 || peer.IsClosed);
        if (peer.Frames.Count == 0) return null;
        KafkaReader reader = new(peer.Frames[0], 1000);
        reader.ReadInt32();
        if (api.ResponseHeaderVersion(version) >= 1) reader.ReadUnsignedVarint();
        TResponse response = TResponse.Read(ref reader, version);
        peer.Close();
        return reader.IsComplete ? response : null;
    }

    public Peer Connect(string listener)
    {
        Peer peer = new(World, Node, listener);
        World.RunUntil(World.Clock.NowNs + (1_000 * Ms), () => peer.IsOpen || peer.IsClosed);
        return peer;
    }

    /// <summary>Makes the topic "alpha" with two partitions and waits until they have leaders.</summary>
    public bool CreateTopic()
    {
        CreateTopicsRequest request = new() { TimeoutMs = 5_000 };
        request.Topics.Add(new() { Name = "alpha", NumPartitions = 2, ReplicationFactor = 1 });
        if (Ask<CreateTopicsRequest, CreateTopicsResponse>(request, 7) is null) return false;
        for (int i = 0; i < 50; i++)
        {
            MetadataRequest asked = new() { Topics = [new() { Name = "alpha" }], AllowAutoTopicCreation = false };
            MetadataResponse? answer = Ask<MetadataRequest, MetadataResponse>(asked, 12);
            if (answer?.Topics is [{ ErrorCode: 0 } topic] && topic.Partitions.TrueForAll(p => p.LeaderId >= 0)) return true;
            RunFor(20);
        }

        return false;
    }

    /// <summary>The client's end of a connection: collects the frames that come.</summary>
    internal sealed class Peer : ISimPeer
    {
        private readonly SimConnection _connection;
        private readonly List<byte> _in = [];

        public Peer(SimWorld world, SimNode node, string listener) => _connection = world.Network.Connect(this, node, listener);

        public List<byte[]> Frames { get; } = [];

        public bool IsOpen { get; private set; }

        public bool IsClosed { get; private set; }

        public void Send(ReadOnlySpan<byte> bytes)
        {
            if (!IsClosed && !bytes.IsEmpty) _connection.Send(bytes);
        }

        public void Close()
        {
            IsClosed = true;
            _connection.Close();
        }

        public void OnOpen(SimConnection connection) => IsOpen = true;

        public void OnBytes(SimConnection connection, ReadOnlySpan<byte> bytes)
        {
            _in.AddRange(bytes);
            while (_in.Count >= 4)
            {
                int length = BinaryPrimitives.ReadInt32BigEndian([_in[0], _in[1], _in[2], _in[3]]);
                FuzzTarget.Must(length is >= 4 and < 64 << 20, $"the node's answer claims {length} bytes");
                if (_in.Count - 4 < length) return;
                Frames.Add([.. _in.GetRange(4, length)]);
                _in.RemoveRange(0, 4 + length);
            }
        }

        public void OnClose(SimConnection connection) => IsClosed = true;
    }
}
