using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Runs a <see cref="ClientMachine"/> in its <see cref="IClientWorld"/> without a thread of its own: whoever brings an
/// event (a socket, the timer, a user) steps the machine under its lock. Effects only enqueue there; system calls come
/// after the lock is given back.</summary>
internal sealed class ClientDriver : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly ClientMachine _machine;
    private readonly IClientWorld _world;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    /// <summary>Null where no tokens are needed.</summary>
    private readonly TokenSource? _tokens;

    private readonly TurnJob _soon = new();
    private readonly EffectList<ClientEffect> _effects = new();
    private readonly Dictionary<long, ILink> _links = [];

    /// <summary>What the turn under way has given frames to; its thread flushes it outside of the lock.</summary>
    private List<ILink> _toFlush = [];

    /// <summary>The thread's own list for that; null while it is in use.</summary>
    [ThreadStatic]
    private static List<ILink>? _flushing;

    private readonly long _ticksPerMs;
    private Instant _armed = Instant.Never;

    /// <summary>When the wall clock was read last, by the other clock, and what it said in milliseconds since 1970.</summary>
    private long _wallReadAt;
    private long _wallMs;

    public ClientDriver(ClientMachine machine, IClientWorld world, TimeProvider time)
    {
        (_machine, _world, _time) = (machine, world, time);
        _ticksPerMs = Math.Max(1, time.TimestampFrequency / 1000);
        _wallReadAt = time.GetTimestamp() - _ticksPerMs;
        if (machine.Settings.Security is { UsesSasl: true, Sasl.Mechanism: SaslMechanism.OAuthBearer } security)
            _tokens = new TokenSource(security.Sasl, time);
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ClusterView Cluster => _machine.Cluster;

    /// <summary>Looks at what passes; null where nobody does. To be set before anything is asked.</summary>
    public IWireWatcher? Watcher { get; set; }

    /// <summary>Links that are open or being opened.</summary>
    internal int LinkCount
    {
        get
        {
            lock (_lock) return _links.Count;
        }
    }

    /// <summary>How long nothing is due, in milliseconds, rounded up: waking a moment early would mean a second turn.</summary>
    internal int MsToDeadline
    {
        get
        {
            lock (_lock) return MsUntil(_machine.IsClosed ? Instant.Never : _machine.NextDeadline);
        }
    }

    public string ClientId => _machine.Settings.ClientId;

    /// <summary>The time, under the lock. The wall clock is read once a millisecond: two clocks for every record that is
    /// produced would be a good part of its cost.</summary>
    private Instant Now
    {
        get
        {
            long ticks = _time.GetTimestamp();
            if (ticks - _wallReadAt >= _ticksPerMs)
                (_wallReadAt, _wallMs) = (ticks, _time.GetUtcNow().ToUnixTimeMilliseconds());
            return new Instant((long)(ticks * (1e9 / _time.TimestampFrequency)), _wallMs);
        }
    }

    /// <summary>Something happened.</summary>
    /// <param name="happened">What.</param>
    /// <param name="woken">Takes the readers whose records have come, to be released by the caller; null has them
    /// released on other threads.</param>
    public void Post(in ClientEvent happened, List<OperationWait>? woken = null)
    {
        List<ILink>? flush;
        lock (_lock)
        {
            if (_machine.IsClosed)
            {
                happened.Frame?.Release();
                return;
            }

            if (Watcher is not null) Watch(happened);
            _machine.Step(happened, Now, _effects);

            // The machine closes no link that has closed itself.
            if (happened.Kind == ClientEventKind.Closed) _links.Remove(happened.Link);
            flush = Perform(woken);
        }

        Flush(flush);
    }

    /// <summary>A user asks for something: the action runs as a turn of the machine.</summary>
    public TResult Do<TState, TResult>(TState state, Func<ClientMachine, ClientTurn, TState, TResult> action)
    {
        List<ILink>? flush;
        TResult result;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_machine.IsClosed, typeof(MoldauClient));
            ClientTurn turn = _machine.Begin(Now, _effects);
            result = action(_machine, turn, state);
            _machine.End(turn);
            flush = Perform();
        }

        Flush(flush);
        return result;
    }

    /// <summary>As <see cref="Do"/> for what mostly leaves nothing to do behind it, such as a record that only fills an
    /// open batch: the turn goes on to its end where the action says so.</summary>
    public void DoLightly<TState>(scoped ref TState state, LightAction<TState> action)
        where TState : allows ref struct
    {
        List<ILink>? flush = null;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_machine.IsClosed, typeof(MoldauClient));
            ClientTurn turn = _machine.Begin(Now, _effects);
            if (action(turn, ref state))
            {
                _machine.End(turn);
                flush = Perform();
            }
        }

        Flush(flush);
    }

    /// <summary>Starts an operation and waits for its end. Giving up by the token leaves the operation to end by
    /// itself.</summary>
    /// <exception cref="MoldauException">The operation failed.</exception>
    public Task<T> WaitAsync<TState, T>(
        TState state, Func<ClientMachine, ClientTurn, TState, ClientOperation<T>> start, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        OperationWaiter<T> waiter = new();
        Do((state, start, waiter), static (machine, turn, s) =>
        {
            ClientOperation<T> operation = s.start(machine, turn, s.state);
            if (operation.IsDone) s.waiter.Complete(operation);
            else operation.Waiter = s.waiter;
            return true;
        });
        _world.Wait(this, new ValueTask(waiter.Task), cancel);
        return waiter.Task.WaitAsync(cancel);
    }

    /// <summary>What is about to be awaited, in a world that may have to move for it.</summary>
    public ValueTask Await(ValueTask ended, CancellationToken cancel)
    {
        _world.Wait(this, ended, cancel);
        return ended;
    }

    public async ValueTask DisposeAsync()
    {
        List<ILink> links;
        List<ILink>? flush;
        lock (_lock)
        {
            if (_machine.IsClosed) return;
            _machine.Close(Now, _effects);
            links = [.. _links.Values];
            flush = Perform();
        }

        Flush(flush);
        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (ILink link in links) await link.Ended.ConfigureAwait(false);
        _tokens?.Dispose();
    }

    private void OnTimer()
    {
        // A timer may fire a moment before the deadline by our clock: then it must be set again for the same one.
        lock (_lock) _armed = Instant.Never;
        Post(ClientEvent.Deadline);
    }

    /// <summary>Under the lock: a turn elsewhere, soon, for what many calls of a user may bring together.</summary>
    public void TurnSoon()
    {
        if (_soon.IsQueued) return;
        _soon.IsQueued = true;
        _world.Run(this, _soon);
    }

    private static void Flush(List<ILink>? links)
    {
        if (links is null) return;
        foreach (ILink link in links) link.Flush();
        links.Clear();
        _flushing = links;
    }

    /// <summary>Under the lock.</summary>
    private List<ILink>? Perform(List<OperationWait>? woken = null)
    {
        for (int i = 0; i < _effects.Count; i++) Perform(_effects[i], woken);
        _effects.Clear();
        Arm();
        if (_toFlush.Count == 0) return null;
        List<ILink> flush = _toFlush;
        _toFlush = _flushing ?? [];
        _flushing = null;
        return flush;
    }

    private void Perform(in ClientEffect effect, List<OperationWait>? woken)
    {
        if (Watcher is not null) Watch(effect);
        switch (effect.Kind)
        {
            case ClientEffectKind.Open:
                ILink opened = _world.NewLink(this, effect.Link, effect.Address);
                _links.Add(effect.Link, opened);
                opened.Start();
                break;
            case ClientEffectKind.Send when _links.TryGetValue(effect.Link, out ILink? link):
                if (link.Enqueue(effect.Frame!)) _toFlush.Add(link);
                break;
            case ClientEffectKind.Send:
                effect.Frame!.Release();
                break;
            case ClientEffectKind.Close:
                if (_links.Remove(effect.Link, out ILink? closed)) closed.Close();
                break;
            case ClientEffectKind.Run:
                _world.Run(this, effect.Job!);
                break;
            case ClientEffectKind.GetToken:
                GetToken((TokenJob)effect.Job!);
                break;
            case ClientEffectKind.Complete:
                Tell(effect.Operation!, woken);
                break;
            case ClientEffectKind.CallUser:
                ((IUserCallRunner)effect.Call!.Runner!).Start(effect.Call, this);
                break;
            case ClientEffectKind.GiveUpUser:
                ((IUserCallRunner)effect.Call!.Runner!).GiveUp(effect.Call);
                break;
            default:
                Verify.Fail($"effect {effect.Kind}");
                break;
        }
    }

    private void Watch(in ClientEvent happened)
    {
        if (happened.Kind == ClientEventKind.Opened) Watcher!.Opened(happened.Link);
        else if (happened.Kind == ClientEventKind.Received) Watcher!.Received(happened.Link, happened.Frame!.Span);
        else if (happened.Kind == ClientEventKind.Closed) Watcher!.Closed(happened.Link, happened.Reason?.Text ?? "by the broker");
    }

    private void Watch(in ClientEffect effect)
    {
        if (effect.Kind == ClientEffectKind.Open) Watcher!.Opening(effect.Link, effect.Address);
        else if (effect.Kind == ClientEffectKind.Send) Watcher!.Sent(effect.Link, effect.Frame!.Span);
        else if (effect.Kind == ClientEffectKind.Close) Watcher!.Closed(effect.Link, null);
    }

    private static void Tell(ClientOperation ended, List<OperationWait>? woken)
    {
        if (woken is not null && ended.Waiter is OperationWait reader)
        {
            reader.Hold(ended);
            woken.Add(reader);
        }
        else
        {
            (ended.Waiter as IOperationWaiter)?.Complete(ended);
        }

        ended.OnTold();
    }

    private void GetToken(TokenJob wanted) => _ = Task.Run(async () =>
    {
        await _tokens!.FillAsync(wanted).ConfigureAwait(false);
        Post(ClientEvent.JobDone(wanted));
    });

    private void Arm()
    {
        Instant next = _machine.IsClosed ? Instant.Never : _machine.NextDeadline;

        // Nearly every request moves the deadline away, and a turn too many once in a while costs less than a timer that is
        // set with each.
        if (next >= _armed) return;
        _armed = next;

        _timer.Change(TimeSpan.FromMilliseconds(MsUntil(next)), Timeout.InfiniteTimeSpan);
    }

    private int MsUntil(Instant next) =>
        next == Instant.Never ? int.MaxValue : (int)Math.Clamp(((next - Now).Ns + 999_999) / 1_000_000, 0, int.MaxValue);
}

/// <summary>Does nothing itself: the turn that it ends with does what is due.</summary>
internal sealed class TurnJob : ClientJob
{
    public bool IsQueued { get; set; }

    public override void Run()
    {
    }

    internal override void Done(ClientTurn turn) => IsQueued = false;
}

/// <summary>A small part of a turn; true where the turn must go on to its end.</summary>
internal delegate bool LightAction<TState>(ClientTurn turn, scoped ref TState state)
    where TState : allows ref struct;

/// <summary>Who waits for an operation in the shell.</summary>
internal interface IOperationWaiter
{
    void Complete(ClientOperation operation);
}

internal sealed class OperationWaiter<T> : IOperationWaiter
{
    // Continuations run elsewhere: this is completed under the machine's lock.
    private readonly TaskCompletionSource<T> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _source.Task;

    public void Complete(ClientOperation operation)
    {
        if (operation.Error is { } error)
        {
            // Who gave up waiting does not look at it: that is nothing to report as unobserved.
            if (_source.TrySetException(new MoldauException(error))) _ = _source.Task.Exception;
        }
        else
        {
            _source.TrySetResult(((ClientOperation<T>)operation).Result);
        }
    }
}
