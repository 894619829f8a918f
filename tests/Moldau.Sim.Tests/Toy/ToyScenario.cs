using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Broker;

namespace Moldau.Sim.Tests;

/// <summary>Clients that append unique values to the toy server under faults; what was acknowledged must be there.</summary>
internal sealed class ToyScenario(ToyBug bug) : Scenario
{
    private readonly List<ToyClient> _clients = [];
    private ToyReader? _reader;
    private SimWorld? _world;

    /// <summary>Value by offset, as acknowledged.</summary>
    public SortedDictionary<long, long> Acknowledged { get; } = [];

    public string? Contradiction { get; set; }

    public override int WorkMs => 6_000;

    public override IReadOnlyList<FaultKind> Faults => Enum.GetValues<FaultKind>();

    public override bool IsReady => true;

    public override bool IsSettled => _clients.TrueForAll(c => c.IsSettled);

    public override string Unsettled => $"{_clients.Count(c => !c.IsSettled)} clients wait, {Acknowledged.Count} acknowledged";

    public override bool IsVerified => _reader?.IsDone ?? false;

    public override string Summary => $"{Acknowledged.Count} acknowledged, {_reader?.Values.Count ?? 0} in the log";

    public override void Build(SimWorld world)
    {
        _world = world;
        int shards = 1 + world.Fork().Next(4);
        SimNode node = new(world, host => Machines(shards));
        for (int i = 0; i < 4; i++) _clients.Add(new ToyClient(world, node, this, i));
    }

    public override void BeginWork()
    {
        foreach (ToyClient client in _clients) client.Start();
    }

    public override void EndWork()
    {
        foreach (ToyClient client in _clients) client.StopAfterThis = true;
    }

    public override void BeginVerification() => (_reader = new ToyReader(_world!, _world!.Nodes[0])).Start(); // built before

    public override string? Check()
    {
        if (Contradiction is not null) return Contradiction;
        List<long> log = _reader!.Values; // verification has ended
        foreach (long value in log)
            if (value % 1_000_000 == 0 || value / 1_000_000 >= _clients.Count || value < 0)
                return $"the log has {value}, which nobody sent";
        foreach ((long offset, long value) in Acknowledged)
            if (offset >= log.Count || log[(int)offset] != value)
                return $"value {value} was acknowledged at {offset}, where the log has "
                    + (offset < log.Count ? $"{log[(int)offset]}" : $"nothing (it ends at {log.Count})");
        return null;
    }

    private IReadOnlyList<SimMachine> Machines(int shards)
    {
        List<SimMachine> machines = [];
        for (int i = 0; i < shards; i++)
        {
            BufferPool pool = new();
            MachineId id = MachineId.Shard(i);
            machines.Add(new SimMachine(id, new ToyLog(id, bug, pool), pool, ["PLAINTEXT"]));
        }

        return machines;
    }
}

/// <summary>One connection, one request at a time, a new one when it breaks or nothing comes.</summary>
internal abstract class ToyPeer(SimWorld world, SimNode node) : ISimPeer, ISimActor
{
    private const int TimedOut = 0, Retry = 1, Think = 2;
    private const long TimeoutNs = 2_000_000_000;

    private readonly Prng _prng = world.Fork();
    private readonly List<byte> _in = [];
    private SimConnection? _connection;
    private long _attempt;

    public void Start() => Reconnect();

    public void OnOpen(SimConnection connection)
    {
        if (connection == _connection) SendNext();
    }

    public void OnBytes(SimConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (connection != _connection) return;
        _in.AddRange(bytes);
        while (_in.Count >= 12)
        {
            long result = BinaryPrimitives.ReadInt64BigEndian(_in.ToArray().AsSpan(4));
            _in.RemoveRange(0, 12);
            _attempt++;
            if (Answered(result)) world.After(_prng.Next(0, ThinkNs), this, Think, _attempt);
        }
    }

    public void OnClose(SimConnection connection)
    {
        if (connection == _connection) world.After(50_000_000, this, Retry, _attempt);
    }

    public void OnEvent(int code, long number, object? payload)
    {
        if (number != _attempt) return;
        if (code == Think) SendNext();
        else Reconnect();
    }

    protected virtual long ThinkNs => 10_000_000;

    /// <summary>The next frame: 1 and a value, or 2 and an offset.</summary>
    protected abstract (byte Kind, long Argument)? Next();

    /// <summary>Whether there is more to send.</summary>
    protected abstract bool Answered(long result);

    private void Reconnect()
    {
        _connection?.Close();
        _in.Clear();
        _attempt++;
        world.After(TimeoutNs, this, TimedOut, _attempt);
        _connection = world.Network.Connect(this, node, "PLAINTEXT");
    }

    private void SendNext()
    {
        if (Next() is not { } next) return;
        byte[] frame = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(frame, 9);
        frame[4] = next.Kind;
        BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(5), next.Argument);
        world.After(TimeoutNs, this, TimedOut, ++_attempt);
        _connection!.Send(frame); // set before anything opens
    }
}

internal sealed class ToyClient(SimWorld world, SimNode node, ToyScenario scenario, int number) : ToyPeer(world, node)
{
    private long _value;

    public bool StopAfterThis { get; set; }

    public bool IsSettled { get; private set; }

    protected override (byte Kind, long Argument)? Next() => (1, number * 1_000_000L + ++_value);

    protected override bool Answered(long result)
    {
        if (!scenario.Acknowledged.TryAdd(result, number * 1_000_000L + _value))
            scenario.Contradiction ??= $"offset {result} was acknowledged twice";
        IsSettled = StopAfterThis;
        return !StopAfterThis;
    }
}

internal sealed class ToyReader(SimWorld world, SimNode node) : ToyPeer(world, node)
{
    public List<long> Values { get; } = [];

    public bool IsDone { get; private set; }

    protected override long ThinkNs => 1_000;

    protected override (byte Kind, long Argument)? Next() => (2, Values.Count);

    protected override bool Answered(long result)
    {
        IsDone = result < 0;
        if (!IsDone) Values.Add(result);
        return !IsDone;
    }
}
