using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>Plays the shell of the real client: links through the simulated network, jobs that end at some later moment,
/// deadlines that come a little late. Producers and consumers of the scenario act through <see cref="Do{T}"/>.</summary>
internal sealed class ClientHost : ISimActor
{
    private const int DeadlineDue = 0, JobDone = 1;
    private const string Listener = "PLAINTEXT";

    /// <summary>Stands where the waiter of an operation stood that has been told.</summary>
    private static readonly object _told = new();

    private readonly SimWorld _world;
    private readonly SimNode _node;
    private readonly Prng _prng;
    private readonly EffectList<ClientEffect> _effects = new();
    private readonly Dictionary<long, Link> _links = [];
    private readonly Queue<Action> _completed = new();
    private long _scheduledNs = long.MaxValue;

    public ClientHost(SimWorld world, SimNode node, string name)
    {
        (_world, _node, _prng) = (world, node, world.Fork());
        ClientSettings settings = new()
        {
            BootstrapServers = [new BrokerAddress("localhost", 9092)],
            ClientId = name,
            // Short enough to come to pass while the faults last.
            RequestTimeout = Duration.FromSeconds(3),
            ApiTimeout = Duration.FromSeconds(20),
            ConnectTimeout = Duration.FromSeconds(2),
            MetadataMaxAge = Duration.FromSeconds(2),
        };
        Machine = new ClientMachine(settings, _prng.NextUInt64());
    }

    public ClientMachine Machine { get; }

    /// <summary>What the machine waits for, in words.</summary>
    public string State => $"{_links.Count} links";

    /// <summary>A user asks for something: a turn of the machine.</summary>
    public T Do<T>(Func<ClientTurn, T> action)
    {
        _effects.Clear();
        ClientTurn turn = Machine.Begin(_world.Now, _effects);
        T result = action(turn);
        Machine.End(turn);
        Perform();
        return result;
    }

    /// <summary>Calls when the operation has ended, after the turn that ends it. Who waits for one that is used again says so in
    /// the turn in which it began: after it was told it may be another one.</summary>
    public void When(ClientOperation operation, Action done)
    {
        if (operation.Waiter != _told)
        {
            operation.Waiter = done;
            return;
        }

        _completed.Enqueue(done);
        TellCompleted();
    }

    public void OnEvent(int code, long number, object? payload)
    {
        if (code == JobDone)
        {
            Step(ClientEvent.JobDone((ClientJob)payload!)); // scheduled with one
            return;
        }

        if (number == _scheduledNs) _scheduledNs = long.MaxValue;
        if (Machine.NextDeadline.MonotonicNs <= _world.Clock.NowNs) Step(ClientEvent.Deadline);
        else ScheduleDeadline();
    }

    private void Step(in ClientEvent happened)
    {
        _world.Trace.Add("client " + happened.Kind, -1, int.MaxValue, happened.Link, null, (ulong)(happened.Frame?.Length ?? 0));
        _effects.Clear();
        try
        {
            Machine.Step(happened, _world.Now, _effects);
        }
        catch (Exception x) when (x is not SimCrashException)
        {
            _world.Fail($"{Machine.Settings.ClientId}: {x.GetType().Name}: {x.Message}\n{x.StackTrace}");
            return;
        }

        Perform();
    }

    private void Perform()
    {
        for (int i = 0; i < _effects.Count; i++) Perform(_effects[i]);
        _effects.Clear();
        ScheduleDeadline();
        TellCompleted();
    }

    private void Perform(in ClientEffect effect)
    {
        switch (effect.Kind)
        {
            case ClientEffectKind.Open:
                Link opened = new(this, effect.Link);
                _links.Add(effect.Link, opened);
                opened.Connection = _world.Network.Connect(opened, _node, Listener);
                break;
            case ClientEffectKind.Send:
                Check(effect.Frame!);
                if (_links.TryGetValue(effect.Link, out Link? link)) link.Connection!.Send(effect.Frame!.Span); // set when it was added
                effect.Frame!.Release();
                break;
            case ClientEffectKind.Close:
                if (_links.Remove(effect.Link, out Link? closed)) closed.Connection!.Close(); // as above
                break;
            case ClientEffectKind.Run:
                effect.Job!.Run();
                _world.After(_prng.Next(0, 3_000_000), this, JobDone, 0, effect.Job);
                break;
            case ClientEffectKind.Complete:
                ClientOperation ended = effect.Operation!; // has one
                _completed.Enqueue(() => Tell(ended));
                break;
            default:
                _world.Fail($"effect {effect.Kind} of a client");
                break;
        }
    }

    /// <summary>What a producer sends is whole: memory that was given back is overwritten, so that a batch which another one took
    /// over too early shows here.</summary>
    private void Check(ClientFrame frame)
    {
        Span<byte> request = frame.Span[Link.SizeBytes..];
        if (FrameParts.ApiOf(request) != ApiKey.Produce) return;
        KafkaReader reader = new(FrameParts.BodyOf(request, out short version));
        foreach (ProduceRequest.TopicProduceData topic in ProduceRequest.Read(ref reader, version).TopicData)
            foreach (ProduceRequest.PartitionProduceData data in topic.PartitionData)
                if (!IsWhole(data.Records)) _world.Fail($"[D1] {Machine.Settings.ClientId} sends a batch that is not whole");
        if (!reader.IsComplete) _world.Fail($"[D1] {Machine.Settings.ClientId} sends a request that cannot be read");
    }

    private static bool IsWhole(ReadOnlyMemory<byte>? records) =>
        RecordBatchView.TryRead(records.GetValueOrDefault().Span, out RecordBatchView batch) == BatchReadStatus.Ok && batch.IsCrcValid;

    /// <summary>From here on the operation may be used again.</summary>
    private void Tell(ClientOperation ended)
    {
        (ended.Waiter as Action)?.Invoke();
        ended.Waiter = _told;
        ended.OnTold();
    }

    private void TellCompleted()
    {
        // What is told may ask for more, which may end at once.
        while (_completed.TryDequeue(out Action? done)) done();
    }

    private void ScheduleDeadline()
    {
        if (Machine.IsClosed) return;
        long due = Machine.NextDeadline.MonotonicNs;
        if (due == long.MaxValue || due >= _scheduledNs) return;
        _scheduledNs = due;
        _world.At(Math.Max(due, _world.Clock.NowNs) + _prng.Next(1, 500_000), this, DeadlineDue, due);
    }

    /// <summary>One link: what comes is cut into frames.</summary>
    private sealed class Link(ClientHost host, long number) : ISimPeer
    {
        public const int SizeBytes = 4;

        private byte[] _held = new byte[1024];
        private int _heldBytes;

        public SimConnection? Connection { get; set; }

        public void OnOpen(SimConnection connection) => host.Step(ClientEvent.Opened(number));

        public void OnBytes(SimConnection connection, ReadOnlySpan<byte> bytes)
        {
            if (_held.Length < _heldBytes + bytes.Length) Array.Resize(ref _held, Math.Max(_held.Length * 2, _heldBytes + bytes.Length));
            bytes.CopyTo(_held.AsSpan(_heldBytes));
            _heldBytes += bytes.Length;
            int at = 0;
            while (_heldBytes - at >= SizeBytes)
            {
                int size = BinaryPrimitives.ReadInt32BigEndian(_held.AsSpan(at));
                if (_heldBytes - at - SizeBytes < size) break;
                ClientFrame frame = ClientFrame.Rent(size);
                _held.AsSpan(at + SizeBytes, size).CopyTo(frame.Span);
                at += SizeBytes + size;
                host.Step(ClientEvent.Received(number, frame));
            }

            _held.AsSpan(at, _heldBytes - at).CopyTo(_held);
            _heldBytes -= at;
        }

        public void OnClose(SimConnection connection)
        {
            host._links.Remove(number);
            host.Step(ClientEvent.Closed(number, new LinkFailure("the connection broke")));
        }
    }
}
