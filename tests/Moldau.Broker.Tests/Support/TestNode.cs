using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Sim;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

/// <summary>A node whose turns, disk and time the test drives: every choice comes from one seed. Ends with a clean stop
/// that checks that nothing was leaked.</summary>
internal sealed partial class TestNode : IDisposable
{
    public const string Data = "/data";
    private const long StartUnixMs = 1_767_225_600_000;

    private readonly Prng _prng;
    private readonly List<Hosted> _machines = [];
    private long _nowNs = 1_000_000;
    private IReadOnlyList<IDisposable> _locks = [];

    public TestNode(int shards = 1, ulong seed = 1, params (string Name, string Value)[] properties)
    {
        Shards = shards;
        _prng = new Prng(seed);
        Disk = new SimDisk(new SimClock(), _prng.Fork());
        foreach ((string name, string value) in properties) Properties[name] = value;
        Start();
    }

    public int Shards { get; set; }

    public SimDisk Disk { get; }

    /// <summary>The disk as the running process sees it.</summary>
    public ProbeDisk Probe { get; private set; } = null!; // set by Start, which the constructor calls

    public BootedNode Boot { get; private set; } = null!; // as above

    public SortedDictionary<string, string> Properties { get; } = new(StringComparer.Ordinal)
    {
        ["process.roles"] = "broker,controller",
        ["node.id"] = "1",
        ["listeners"] = "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
        ["controller.listener.names"] = "CONTROLLER",
        ["controller.quorum.bootstrap.servers"] = "localhost:9093",
        ["log.dirs"] = Data,
        ["offsets.topic.replication.factor"] = "1",
        ["offsets.topic.num.partitions"] = "8",
        ["group.initial.rebalance.delay.ms"] = "0",
        ["moldau.storage.auto.format"] = "true",
    };

    public List<string> LogLines { get; } = [];

    public bool IsReady { get; private set; }

    public bool IsRunning { get; private set; }

    public string? Halted { get; private set; }

    /// <summary>What the shell was told of changed configuration, oldest first.</summary>
    public List<BrokerConfig> Configured { get; } = [];

    public Instant Now => new(_nowNs, StartUnixMs + _nowNs / 1_000_000);

    /// <summary>Disk operations that do not run while this says so.</summary>
    public Func<DiskOp, bool>? HoldsDisk { get; set; }

    /// <summary>Machines whose mail waits while this says so.</summary>
    public Func<MachineId, bool>? HoldsMail { get; set; }

    /// <summary>Share of appends that run on the owner's thread, as the shell does where the disk is quick.</summary>
    public double InlineAppends { get; set; } = 0.5;

    /// <summary>For the next start.</summary>
    public long MaxHeldBytes { get; set; } = 64 * 1024 * 1024;

    public NodeTrace Trace { get; } = new();

    /// <summary>Boots and runs until clients are served, or the node has ended itself.</summary>
    public void Start(bool untilReady = true)
    {
        Assert.False(IsRunning);
        BrokerConfig config = ConfigNow();
        Probe = new ProbeDisk(Disk.OpenSession());
        Boot = NodeBoot.Run(Probe, config, _prng, Now.UnixMs);
        _locks = Boot.Locks;
        NodeOptions options = new()
        {
            Config = config,
            StaticProperties = Properties,
            ClusterId = Boot.ClusterId,
            Directories = Boot.Directories,
            BrokenDirectories = Boot.Broken,
            ShardCount = Shards,
            Log = new LogAreas(new Lines(LogLines)),
            MaxHeldBytesPerConnection = MaxHeldBytes,
        };
        IsRunning = true;
        IsReady = false;
        Halted = null;
        foreach (NodeMachine machine in NodeMachines.Create(options, Boot.Metadata, _prng.Fork()))
            _machines.Add(new Hosted(machine));
        foreach (Hosted machine in _machines.ToArray()) Turn(machine, NodeEvent.Started);
        if (untilReady) Until(() => IsReady || Halted is not null);
    }

    public BrokerConfig ConfigNow()
    {
        List<string> errors = [];
        Assert.True(BrokerConfig.TryBuild(Properties, out BrokerConfig? config, errors, []), string.Join("; ", errors));
        return config!; // built, as checked
    }

    /// <summary>SIGTERM, until all machines have ended; then nothing may be left.</summary>
    public void Stop()
    {
        RequestStop();
        Until(() => _machines.TrueForAll(m => m.HasStopped), 30_000);
        AssertNothingHeld();
        Drop();
    }

    public void RequestStop()
    {
        foreach (Hosted machine in _machines.ToArray()) Turn(machine, NodeEvent.StopRequested);
    }

    public bool HasStopped(MachineId id) => Find(id).HasStopped;

    /// <summary>SIGKILL: the page cache lives on.</summary>
    public void Kill() => Drop();

    public void LosePower()
    {
        Drop();
        Disk.LosePower();
    }

    public void Dispose()
    {
        if (!IsRunning || Halted is not null) return;
        HoldsDisk = null;
        HoldsMail = null;
        foreach (TestClient client in Clients()) client.Disconnect();
        Advance(2_000);
        if (Halted is null) Stop();
    }

    public void AssertNothingHeld()
    {
        foreach (Hosted machine in _machines) Assert.Equal((machine.Id, 0L), (machine.Id, machine.Machine.Pool.Outstanding));
        Assert.Empty(Probe.OpenPaths);
    }

    public bool Exists(string path) => Probe.FileExists(path) || Probe.DirectoryExists(path);

    /// <summary>How often a fetch has looked at a partition, since the start.</summary>
    public long FetchVisits => Enumerable.Range(0, Shards).Sum(i => ShardAt(i).Fetches.Visits);

    /// <summary>Who hears of the moves of any partition.</summary>
    public int FetchWatchers => Enumerable.Range(0, Shards).Sum(i => ShardAt(i).Replicas.All.Sum(p => p.Watchers.Count));

    public int ShardOf(Uuid topic, int partition) => new ShardMap(Shards).OwnerOf(topic, partition).Number;

    public ShardMachine ShardAt(int index) => (ShardMachine)Find(MachineId.Shard(index)).Machine.Machine;

    /// <summary>Tells every shard of metadata that no controller has decided.</summary>
    public void Publish(MetadataRecord record)
    {
        for (int i = 0; i < Shards; i++)
        {
            MetadataDelta delta = new(ShardAt(i).Image);
            Assert.Null(delta.Replay(record));
            ImagePublished published = new(delta.Apply(delta.Image.Provenance), delta);
            Turn(Find(MachineId.Shard(i)), NodeEvent.Message(published));
        }
    }

    public BufferPool PoolOf(MachineId id) => Find(id).Machine.Pool;

    public TestClient Connect(int shard = 0) => Connect(MachineId.Shard(shard), "PLAINTEXT");

    public TestClient Connect(MachineId machine, string listener)
    {
        TestClient client = new(this, machine, new ConnectionId(++_connections));
        _clients.Add((machine.Number, client.Id.Number), client);
        Turn(Find(machine), NodeEvent.Connected(client.Id, new ConnectionInfo(listener, "127.0.0.1", 40_000, false)));
        return client;
    }

    private void Drop()
    {
        IsRunning = false;
        _machines.Clear();
        _clients.Clear();
        _channels.Clear();
        foreach (IDisposable taken in _locks) taken.Dispose();
        _locks = [];
        Disk.EndSession();
    }

    private Hosted Find(MachineId id) => _machines.Find(m => m.Id == id)!; // tests name machines that are there

    private sealed class Hosted(NodeMachine machine)
    {
        public NodeMachine Machine => machine;

        public MachineId Id => machine.Id;

        public bool HasStopped { get; set; }
    }

    private sealed class Lines(List<string> lines) : ILogSink
    {
        public void Write(string area, LogLevel level, string message) => lines.Add($"{level} {area} {message}");
    }
}
