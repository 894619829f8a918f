using Moldau.Base;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Fuzz;

/// <summary>A whole node's start on a damaged data folder: identity, quorum-state, metadata log and snapshots, checkpoints, logs.</summary>
internal sealed class BootTarget : FuzzTarget
{
    private const string Root = "/data";
    private const string Metadata = Root + "/__cluster_metadata-0/";
    private const string Refusal = "cannot start: " + nameof(Broker.BootException);
    private const string Halt = "halted on a healthy disk";

    private static readonly string[] Paths =
    [
        Root + "/meta.properties", Root + "/bootstrap.checkpoint", Root + "/.kafka_cleanshutdown", Root + "/recovery-point-offset-checkpoint",
        Root + "/log-start-offset-checkpoint", Root + "/replication-offset-checkpoint", Root + "/cleaner-offset-checkpoint",
        Metadata + "quorum-state", Metadata + "00000000000000000000.log", Metadata + "00000000000000000000.index", Metadata + "00000000000000000000.timeindex",
        Metadata + "00000000000000000000-0000000000.checkpoint", Metadata + "00000000000000000005-0000000001.checkpoint", Metadata + "leader-epoch-checkpoint",
        Metadata + "partition.metadata", Metadata + "00000000000000000005.snapshot", Metadata + "00000000000000000007.log",
        .. from folder in new[] { "/alpha-0/", "/alpha-1/", "/beta-0/", "/__consumer_offsets-0/" }
           from name in new[] { "00000000000000000000.log", "00000000000000000000.index", "00000000000000000000.timeindex", "leader-epoch-checkpoint", "partition.metadata", "00000000000000000002.snapshot" }
           select Root + folder + name,
    ];

    private readonly FolderInput _form = new(Paths, Repair);

    public override string Name => "boot";

    public override string Summary => "a node's start on a mutated data folder: refused with a sentence, or it serves; no machine throws";

    public override int QuickIterations => 1_000;

    public override int MaxBytes => 24 << 10;

    /// <summary>A node is made for each input.</summary>
    public override long AllocationSlack => -1;

    public override long Fuel(int inputBytes) => 400_000_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        NodeWorld world = new();
        Must(world.Start() && world.CreateTopic(), $"the node does not start: {world.World.Failure}");
        yield return Dump(world, clean: false);
        world = new NodeWorld();
        Must(world.Start() && world.CreateTopic(), $"the node does not start: {world.World.Failure}");
        ProduceRequest produce = new()
        {
            Acks = 1,
            TimeoutMs = 1000,
            TopicData = [new() { Name = "alpha", PartitionData = [new() { Index = 0, Records = BatchSeeds.V2(Records.RecordBatchOptions.Default, 3, prng) }] }],
        };
        world.Ask<ProduceRequest, ProduceResponse>(produce, 9);
        yield return Dump(world, clean: true);
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator) => _form.Mutate(input, other, mutator, MaxBytes);

    public override void Run(byte[] input)
    {
        NodeWorld world = new();
        FolderInput.Write(world.Node.Disk.OpenSession(), _form.Decode(input));
        bool isServing = world.Start();
        if (isServing) world.RunFor(300);
        string? failure = world.World.Failure;
        bool isRefused = failure is not null
            && (failure.Contains(Refusal, StringComparison.Ordinal) || failure.Contains(Halt, StringComparison.Ordinal));
        Must(failure is null || isRefused, failure ?? "");
        if (!isServing || isRefused) return;
        Must(world.Ask<MetadataRequest, MetadataResponse>(new MetadataRequest { Topics = null }, 12) is not null, $"the node serves nobody: {world.World.Failure}");
        world.Node.Kill();
    }

    private byte[] Dump(NodeWorld world, bool clean)
    {
        world.RunFor(1000);
        if (clean)
        {
            world.Node.Stop();
            world.RunFor(5000);
        }
        else
        {
            world.Node.Kill();
        }

        IDisk disk = world.Node.Disk.OpenSession();
        return _form.Encode(FolderInput.Read(disk, Root).Where(f => Paths.Contains(f.Path)));
    }

    private static void Repair(string path, byte[] bytes)
    {
        bool isOfBatches = path.EndsWith(".log", StringComparison.Ordinal) || path.EndsWith(".checkpoint", StringComparison.Ordinal);
        if (isOfBatches) BatchRepair.Repair(bytes, alsoLength: false);
        if (path.EndsWith(LogFileNames.ProducerSnapshot, StringComparison.Ordinal) && bytes.Length > 6)
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), Crc32C.Compute(bytes.AsSpan(6)));
    }
}
