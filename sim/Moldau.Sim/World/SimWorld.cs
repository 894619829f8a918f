using Moldau.Base;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>The simulated world: one thread, one queue, one seed. Everything that happens is an event of the queue, and
/// every choice is drawn from generators that fork off the seed in a fixed order.</summary>
public sealed class SimWorld : IDisposable
{
    /// <summary>So many events without time moving on mean that something answers itself for ever.</summary>
    private const int MaxEventsPerMoment = 200_000;

    private readonly SimQueue _queue = new();
    private readonly Prng _root;
    private long _sequence;
    private int _eventsThisMoment;

    public SimWorld(ulong seed)
    {
        Seed = seed;
        _root = new Prng(seed);
        Clock = new SimClock();
        Trace = new SimTrace(Clock);
        Network = new SimNetwork(this);
    }

    public ulong Seed { get; }

    public SimClock Clock { get; }

    public SimTrace Trace { get; }

    public SimNetwork Network { get; }

    public List<SimNode> Nodes { get; } = [];

    /// <summary>What this run has seen.</summary>
    public SimCoverage Coverage { get; } = new();

    /// <summary>For all who read or write batches here: making a decoder costs more than using it.</summary>
    public RecordCodecs Codecs { get; } = new();

    public Instant Now => Clock.Now;

    public long EventCount { get; private set; }

    /// <summary>When the next event comes; <see cref="long.MaxValue"/> if none is planned.</summary>
    public long NextEventNs => _queue.Count == 0 ? long.MaxValue : _queue.NextAtNs;

    /// <summary>The first thing that must not happen and did; null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>A generator for one part of the world. Called in a fixed order while the world is built.</summary>
    public Prng Fork() => _root.Fork();

    public void Fail(string text)
    {
        if (Failure is not null) return;
        Failure = text;
        Trace.Add("FAILURE", -1, int.MaxValue, 0, null);
    }

    public void Dispose() => Codecs.Dispose();

    public void After(long delayNs, ISimActor actor, int code, long number = 0, object? payload = null) =>
        At(Clock.NowNs + Math.Max(delayNs, 0), actor, code, number, payload);

    public void At(long atNs, ISimActor actor, int code, long number = 0, object? payload = null) =>
        _queue.Push(new SimEvent(Math.Max(atNs, Clock.NowNs), _sequence++, actor, code, number, payload));

    /// <summary>Lets the world run until the condition holds, the time is up or something failed; says whether it holds.
    /// The condition is looked at after each event.</summary>
    public bool RunUntil(long atNs, Func<bool>? condition = null)
    {
        while (Failure is null && _queue.Count > 0 && _queue.NextAtNs <= atNs)
        {
            if (condition is not null && condition()) return true;
            RunOne();
        }

        if (Failure is not null) return false;
        bool holds = condition?.Invoke() ?? true;
        if (!holds || condition is null) Clock.MoveTo(Math.Max(atNs, Clock.NowNs));
        return holds;
    }

    private void RunOne()
    {
        SimEvent e = _queue.Pop();
        _eventsThisMoment = e.AtNs == Clock.NowNs ? _eventsThisMoment + 1 : 0;
        Clock.MoveTo(e.AtNs);
        EventCount++;
        if (_eventsThisMoment > MaxEventsPerMoment)
        {
            Fail($"time stands still: {MaxEventsPerMoment} events in one moment, the last for {e.Actor.GetType().Name}");
            return;
        }

        e.Actor.OnEvent(e.Code, e.Number, e.Payload);
    }
}
