using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Generators.Schema;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>The whole node's door: frames to a real node in the simulated world, on one connection to brokers and one to the
/// controller. An input is a row of frames, each with a byte for the connection and two for its length.</summary>
internal sealed class NodeTarget : FuzzTarget
{
    private const int HeadBytes = 3;
    private const int MostFrames = 10;
    private const byte ToController = 1;
    private const byte IsRaw = 2;
    private const int InputsOfAWorld = 8;
    private const short Unknown = short.MinValue;

    private static readonly string[] Names = ["alpha", "group", "fuzz", "__cluster_metadata", "__consumer_offsets", "1", "0", "range", "consumer", "retention.ms"];

    /// <summary>Since the node was made.</summary>
    private readonly List<byte[]> _history = [];
    private NodeWorld? _world;
    private bool _hasFailed;

    public override string Name => "node";

    public override string Summary => "a whole node in simulation: no machine throws or halts, answers are in order and can be read, others are served after it";

    public override int QuickIterations => 1_000;

    public override int MaxBytes => 6000;

    /// <summary>A node is made for each input.</summary>
    public override long AllocationSlack => -1;

    public override long Fuel(int inputBytes) => 400_000_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        foreach (ApiInfo api in ApiTable.All.Where(a => !a.IsRemoved))
        {
            bool toController = (api.Listeners & ApiListeners.Broker) == 0;
            yield return [.. Enumerable.Range(0, 3).SelectMany(_ => Item(toController ? ToController : (byte)0, Fresh(api, prng)))];
        }
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        List<(byte Head, byte[] Frame)> items = Decode(input);
        List<(byte Head, byte[] Frame)> others = Decode(other);
        if (items.Count == 0) items.Add((0, []));
        for (int changes = 1 + mutator.Prng.Next(3); changes > 0; changes--) Change(items, others, mutator);
        byte[] result = [.. items.Take(MostFrames).SelectMany(i => Item(i.Head, i.Frame))];
        return result.Length <= MaxBytes ? result : input;
    }

    public override byte[] CauseOf(byte[] input) => [.. _history.SelectMany(Decode).SelectMany(i => Item(i.Head, i.Frame))];

    public override void Run(byte[] input)
    {
        // To make a node costs more than to send it frames: some inputs share one.
        if (IsAlone || _world is null || _history.Count >= InputsOfAWorld || _hasFailed) Begin(input.Length);
        _history.Add(input);
        NodeWorld world = _world!; // made above
        _hasFailed = true;
        // A row of inputs that went wrong together is one input.
        foreach ((byte Head, byte[] Frame)[] row in Decode(input).Chunk(MostFrames)) Run(world, row);
        _hasFailed = false;
    }

    private void Begin(int inputBytes)
    {
        _world?.Node.Kill();
        _world = new NodeWorld();
        _history.Clear();
        _hasFailed = true;
        Must(_world.Start() && _world.CreateTopic(), $"the node does not start: {_world.World.Failure}");
        // How a node starts is the business of another target, and would make the first input of each world look rare.
        EdgeMap.Clear();
        EdgeMap.Fuel = Fuel(inputBytes);
    }

    private static void Run(NodeWorld world, (byte Head, byte[] Frame)[] items)
    {
        NodeWorld.Peer[] peers = [world.Connect("PLAINTEXT"), world.Connect("CONTROLLER")];
        List<(ApiInfo Api, short Version, int Correlation)>[] sent = [[], []];
        foreach ((byte head, byte[] frame) in items)
        {
            int to = head & ToController;
            if ((head & IsRaw) == 0)
            {
                // The bare beginning: of an ApiVersions request in a version from the future no more is read (KIP-35).
                if (frame.Length >= 8 && ApiTable.Find(BinaryPrimitives.ReadInt16BigEndian(frame)) is { } api)
                    sent[to].Add((api, BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(2)),
                        BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4))));
                byte[] length = new byte[4];
                BinaryPrimitives.WriteInt32BigEndian(length, frame.Length);
                peers[to].Send(length);
            }
            else
            {
                // Nothing can be said of answers behind bytes that may be anything.
                sent[to].Add((ApiTable.All[0], Unknown, 0));
            }

            peers[to].Send(frame);
            world.RunFor(30);
        }

        world.RunFor(1500);
        Must(world.World.Failure is null, world.World.Failure ?? "");
        for (int i = 0; i < peers.Length; i++) Answers(peers[i], sent[i]);
        foreach (NodeWorld.Peer peer in peers) peer.Close();
        Must(world.Ask<MetadataRequest, MetadataResponse>(new MetadataRequest { Topics = null }, 12) is not null, $"others are not served any more: {world.World.Failure}");
        Must(world.World.Failure is null, world.World.Failure ?? "");
    }

    /// <summary>Answers come in the order of requests, each as its version has it. Requests with no answer are Produce with
    /// acks=0.</summary>
    private static void Answers(NodeWorld.Peer peer, List<(ApiInfo Api, short Version, int Correlation)> sent)
    {
        int next = 0;
        foreach (byte[] frame in peer.Frames)
        {
            KafkaReader reader = new(frame, 1000);
            int correlation = reader.ReadInt32();
            while (next < sent.Count && sent[next].Version != Unknown && sent[next].Correlation != correlation
                && sent[next].Api.Key == ApiKey.Produce) next++;
            Must(next < sent.Count, $"an answer that nobody asked for: {correlation}");
            (ApiInfo api, short version, int asked) = sent[next++];
            if (version == Unknown) return;
            Must(asked == correlation, $"answers are out of order: {correlation}, {asked}, {api.Name}");
            short written = api.Has(version) ? version : (short)0;
            if (api.ResponseHeaderVersion(written) >= 1) reader.ReadUnsignedVarint();
            IMessage? answer = Messages.ReadResponse(api.Key, written, ref reader);
            Must(answer is not null && reader.IsComplete, $"an answer that cannot be read: {api.Name} v{version}");
        }
    }

    private static void Change(List<(byte Head, byte[] Frame)> items, List<(byte Head, byte[] Frame)> others, Mutator mutator)
    {
        Prng prng = mutator.Prng;
        int at = prng.Next(items.Count);
        (byte head, byte[] frame) = items[at];
        switch (prng.Next(10))
        {
            case 0:
                items.Insert(at, Any(prng));
                break;
            case 1:
                items[at] = Any(prng);
                break;
            case 2 when items.Count > 1:
                items.RemoveAt(at);
                break;
            case 3 when others.Count > 0:
                items.Insert(at, others[prng.Next(others.Count)]);
                break;
            case 4:
                items.Insert(at, items[at]);
                break;
            case 5:
                items[at] = ((byte)(head ^ (prng.Next(8) == 0 ? IsRaw : ToController)), frame);
                break;
            case 6 or 7:
                items[at] = (head, mutator.Mutate(frame, others.Count > 0 ? others[0].Frame : [], 3000));
                break;
            default:
                if (!RequestHeaderView.TryRead(frame, out RequestHeaderView view) || !view.IsSupported) break;
                MessageModel model = SchemaCatalog.Of(view.Api.Name + "Request");
                items[at] = (head,
                    [.. frame.AsSpan(0, view.BodyStart), .. FieldMutator.Mutate(model, view.Version, frame[view.BodyStart..], mutator)]);
                break;
        }
    }

    private static (byte Head, byte[] Frame) Any(Prng prng)
    {
        ApiInfo api;
        do api = ApiTable.All[prng.Next(ApiTable.All.Length)];
        while (api.IsRemoved);
        return ((api.Listeners & ApiListeners.Broker) == 0 || prng.Next(6) == 0 ? ToController : (byte)0, Fresh(api, prng));
    }

    private static byte[] Fresh(ApiInfo api, Prng prng)
    {
        short version = (short)prng.Next(api.LowestVersion, api.HighestStableVersion + 1);
        byte[] body = api.Key == ApiKey.Produce && prng.Next(3) > 0
            ? KafkaWriter.ToArray(Produce(prng), version)
            : SchemaWalk.Write(SchemaCatalog.Of(api.Name + "Request"), version, prng, Names);
        RequestHeader header = new()
        {
            RequestApiKey = (short)api.Key,
            RequestApiVersion = version,
            CorrelationId = (int)prng.Next(0, 1000),
            ClientId = "fuzz",
        };
        return [.. KafkaWriter.ToArray(header, api.RequestHeaderVersion(version)), .. body];
    }

    private static ProduceRequest Produce(Prng prng) => new()
    {
        Acks = (short)(prng.Next(3) - 1),
        TimeoutMs = 1000,
        TopicData = [new()
        {
            Name = "alpha",
            PartitionData = [new() { Index = prng.Next(2),
                Records = BatchSeeds.V2(RecordBatchOptions.Default with { Codec = (CompressionCodec)prng.Next(5) }, 2, prng) }],
        }],
    };

    private static byte[] Item(byte head, byte[] frame) => [head, (byte)(frame.Length >> 8), (byte)frame.Length, .. frame];

    private static List<(byte Head, byte[] Frame)> Decode(byte[] input)
    {
        List<(byte, byte[])> items = [];
        for (int at = 0; input.Length - at >= HeadBytes;)
        {
            int length = Math.Min((input[at + 1] << 8) | input[at + 2], input.Length - at - HeadBytes);
            items.Add((input[at], input[(at + HeadBytes)..(at + HeadBytes + length)]));
            at += HeadBytes + length;
        }

        return items;
    }
}
