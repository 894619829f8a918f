using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Support;

/// <summary>A client machine on virtual time among scripted brokers: links open and answers come at once, unless the
/// script holds them back.</summary>
internal sealed class MachineWorld
{
    /// <summary>More deadlines than any test needs: a machine that asks for a turn and does nothing in it.</summary>
    private const int MostSteps = 100_000;

    private readonly Dictionary<BrokerAddress, ScriptedBroker> _brokers = [];
    private readonly Dictionary<long, ScriptedBroker> _links = [];
    private readonly Queue<ClientEvent> _events = new();
    private readonly EffectList<ClientEffect> _effects = new();
    private bool _isSettling;

    public MachineWorld(ClientSettings? settings = null, ulong seed = 1) =>
        Machine = new ClientMachine(settings ?? Settings(), seed);

    public ClientMachine Machine { get; }

    public Instant Now { get; private set; } = new(1_000_000_000_000, 1_700_000_000_000);

    /// <summary>Who gives tokens to the machine.</summary>
    public Func<OAuthToken?> NextToken { get; set; } = () => null;

    /// <summary>Operations that have ended, in order.</summary>
    public List<ClientOperation> Completed { get; } = [];

    /// <summary>Where it is set, who waits is told, as a shell does it: operations may then be used again for others.</summary>
    public Action<ClientOperation>? Told { get; set; }

    /// <summary>What the user's code was called for, in order; a test ends a call with <see cref="Return"/>.</summary>
    public List<UserCall> UserCalls { get; } = [];

    /// <summary>Calls that the machine waits for no longer.</summary>
    public List<UserCall> GivenUp { get; } = [];

    public static ClientSettings Settings() => new() { BootstrapServers = [new BrokerAddress("one", 9092)] };

    public ScriptedBroker Broker(int id, string host)
    {
        BrokerAddress address = new(host, 9092);
        return _brokers[address] = new ScriptedBroker(this, id, address);
    }

    public IEnumerable<ScriptedBroker> Brokers => _brokers.Values;

    /// <summary>A user asks for something; then everything runs until nothing is left to do now.</summary>
    public T Do<T>(Func<ClientMachine, ClientTurn, T> action)
    {
        ClientTurn turn = Machine.Begin(Now, _effects);
        T result = action(Machine, turn);
        Machine.End(turn);
        Settle();
        return result;
    }

    /// <summary>Runs until the condition holds, moving time from deadline to deadline, for at most so long.</summary>
    public void RunUntil(Func<bool> condition, long mostMs = 600_000)
    {
        Instant end = Now + Duration.FromMs(mostMs);
        for (int steps = 0; !condition(); steps++)
        {
            Assert.True(steps < MostSteps, "the machine's deadline comes again and again");
            Instant next = Machine.NextDeadline;
            Assert.True(next <= end, $"nothing more happens in {mostMs} ms");
            if (next > Now) Now = Now + (next - Now);
            Machine.Step(ClientEvent.Deadline, Now, _effects);
            Settle();
        }
    }

    public void RunFor(long ms)
    {
        Instant end = Now + Duration.FromMs(ms);
        for (int steps = 0; Machine.NextDeadline <= end; steps++)
        {
            Assert.True(steps < MostSteps, "the machine's deadline comes again and again");
            if (Machine.NextDeadline > Now) Now = Now + (Machine.NextDeadline - Now);
            Machine.Step(ClientEvent.Deadline, Now, _effects);
            Settle();
        }

        Now = end;
        Machine.Step(ClientEvent.Deadline, Now, _effects);
        Settle();
    }

    /// <summary>The user's code has ended.</summary>
    public void Return(UserCall call, string? failure = null)
    {
        call.Failure = failure;
        Post(ClientEvent.UserDone(call));
    }

    public void Post(ClientEvent happened)
    {
        _events.Enqueue(happened);
        Settle();
    }

    internal void Later(ClientEvent happened) => _events.Enqueue(happened);

    /// <summary>Breaks every link to a broker.</summary>
    internal void Break(ScriptedBroker broker, LinkFailure? reason)
    {
        foreach ((long link, _) in _links.Where(l => l.Value == broker).ToArray())
        {
            _links.Remove(link);
            _events.Enqueue(ClientEvent.Closed(link, reason));
        }

        Settle();
    }

    internal void Settle()
    {
        // A script may answer while effects are performed: the loop that runs takes it up.
        if (_isSettling) return;
        _isSettling = true;
        while (true)
        {
            for (int i = 0; i < _effects.Count; i++) Perform(_effects[i]);
            _effects.Clear();
            if (!_events.TryDequeue(out ClientEvent happened)) break;
            Machine.Step(happened, Now, _effects);
        }

        _isSettling = false;
    }

    private void Perform(ClientEffect effect)
    {
        switch (effect.Kind)
        {
            case ClientEffectKind.Open when _brokers.TryGetValue(effect.Address, out ScriptedBroker? broker) && broker.IsUp:
                _links[effect.Link] = broker;
                if (!broker.IsMute) _events.Enqueue(ClientEvent.Opened(effect.Link));
                break;
            case ClientEffectKind.Open:
                _events.Enqueue(ClientEvent.Closed(effect.Link, new LinkFailure($"{effect.Address}: refused")));
                break;
            case ClientEffectKind.Send:
                if (_links.TryGetValue(effect.Link, out ScriptedBroker? to)) to.Receive(effect.Link, effect.Frame!);
                effect.Frame!.Release();
                break;
            case ClientEffectKind.Close:
                _links.Remove(effect.Link);
                break;
            case ClientEffectKind.Run:
                effect.Job!.Run();
                _events.Enqueue(ClientEvent.JobDone(effect.Job));
                break;
            case ClientEffectKind.CallUser:
                UserCalls.Add(effect.Call!);
                break;
            case ClientEffectKind.GiveUpUser:
                GivenUp.Add(effect.Call!);
                break;
            case ClientEffectKind.GetToken:
                TokenJob wanted = (TokenJob)effect.Job!;
                if (NextToken() is { } token) wanted.Succeed(token);
                else wanted.Fail(new LinkFailure("the script has no token"));
                _events.Enqueue(ClientEvent.JobDone(wanted));
                break;
            case ClientEffectKind.Complete:
            default:
                Completed.Add(effect.Operation!);
                if (Told is null) break;
                Told(effect.Operation!);
                effect.Operation!.OnTold();
                break;
        }
    }
}
