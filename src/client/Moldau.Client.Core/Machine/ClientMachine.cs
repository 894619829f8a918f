using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A whole Kafka client without a clock, a thread or a socket: events in, effects out. Producers, consumers and
/// administration are parts of it and share its links, its metadata and its coordinators. One thread at a time; it
/// persists nothing.</summary>
public sealed class ClientMachine
{
    private readonly ClientTurn _turn;
    private readonly List<IClientPart> _parts = [];

    /// <param name="settings">What all parts share.</param>
    /// <param name="seed">Of the jitter and of the choice among equals.</param>
    /// <param name="secrets">Fills with bytes that nobody can guess, for nonces; null takes them from the seed, as
    /// simulations want it.</param>
    /// <exception cref="ArgumentException">The settings contradict one another.</exception>
    public ClientMachine(ClientSettings settings, ulong seed, Action<Span<byte>>? secrets = null)
    {
        if (settings.Security.WhyInvalid is { } reason) throw new ArgumentException(reason, nameof(settings));
        Settings = settings;
        Prng = new Prng(seed);
        Calls = new CallDesk(settings, Prng);
        Links = new LinkTable(settings, Calls, Prng) { Secrets = secrets ?? Prng.NextBytes };
        Metadata = new MetadataKeeper(settings, this, Prng);
        Coordinators = new CoordinatorTable(this, settings);
        Calls.Attach(this);
        _turn = new ClientTurn(this);
    }

    /// <summary>What all parts share.</summary>
    public ClientSettings Settings { get; }

    /// <summary>What is known of the cluster now.</summary>
    public ClusterView Cluster => Metadata.View;

    /// <summary>True after its end: it takes no more events.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The next time at which a step is due without an event.</summary>
    public Instant NextDeadline
    {
        get
        {
            if (IsClosed) return Instant.Never;
            Instant next = Instant.Min(Instant.Min(Links.NextDeadline, Calls.NextDeadline), Metadata.NextDeadline);
            foreach (IClientPart part in _parts) next = Instant.Min(next, part.NextDeadline);
            return next;
        }
    }

    internal Prng Prng { get; }

    internal LinkTable Links { get; }

    internal CallDesk Calls { get; }

    internal MetadataKeeper Metadata { get; }

    internal CoordinatorTable Coordinators { get; }

    /// <summary>Something became known in this turn that parked calls may have waited for.</summary>
    internal bool HasNews { get; set; }

    private int LastLane { get; set; }

    /// <summary>Takes one event and adds what is to be done.</summary>
    public void Step(in ClientEvent happened, Instant now, EffectList<ClientEffect> effects)
    {
        ClientTurn turn = Begin(now, effects);
        switch (happened.Kind)
        {
            case ClientEventKind.Opened:
                Links.OnOpened(happened.Link, turn);
                break;
            case ClientEventKind.Received:
                Links.OnFrame(happened.Link, happened.Frame!, turn);
                break;
            case ClientEventKind.Closed:
                Links.OnClosed(happened.Link, happened.Reason, turn);
                break;
            case ClientEventKind.JobDone:
                happened.Job!.Done(turn);
                break;
            case ClientEventKind.UserDone:
                happened.Call!.Done(turn);
                break;
            case ClientEventKind.Deadline:
            default:
                break;
        }

        End(turn);
    }

    /// <summary>Fails what is under way and closes all links. The machine does nothing more after it.</summary>
    public void Close(Instant now, EffectList<ClientEffect> effects)
    {
        if (IsClosed) return;
        ClientTurn turn = Begin(now, effects);
        ClientError error = new(ErrorCode.NetworkException, "the client was closed");
        foreach (IClientPart part in _parts.ToArray()) part.OnClosed(error, turn);
        Calls.FailAll(error, turn);
        Links.CloseAll(turn);
        Calls.FailAll(error, turn);
        IsClosed = true;
    }

    /// <summary>Starts a turn from outside a step: a user asks for something. <see cref="End"/> closes it.</summary>
    internal ClientTurn Begin(Instant now, EffectList<ClientEffect> effects)
    {
        _turn.Now = now;
        _turn.Effects = effects;
        return _turn;
    }

    /// <summary>What a turn made possible is done before it ends.</summary>
    internal void End(ClientTurn turn)
    {
        if (IsClosed) return;
        Links.OnDeadline(turn);
        Metadata.OnTurn(turn);
        for (int i = 0; i < _parts.Count; i++) _parts[i].OnTurn(turn);
        bool isNewsThere = HasNews;
        HasNews = false;
        Calls.Pump(turn, isNewsThere);
        Metadata.OnTurn(turn);
    }

    /// <summary>The cluster cannot be asked, and trying again cannot help.</summary>
    internal void ShutOut(ClientError error, ClientTurn turn)
    {
        Calls.ShutOut(error, turn);
        foreach (IClientPart part in _parts.ToArray()) part.OnShutOut(error, turn);
    }

    internal void Add(IClientPart part) => _parts.Add(part);

    internal void Remove(IClientPart part) => _parts.Remove(part);

    /// <summary>A lane of its own for calls that may wait long at the broker.</summary>
    internal int NewLane() => ++LastLane;
}
