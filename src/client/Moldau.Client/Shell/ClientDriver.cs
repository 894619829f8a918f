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

    private readonly EffectList<ClientEffect> _effects = new();
    private readonly Dictionary<long, ILink> _links = [];
    private readonly List<ILink> _toFlush = [];
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
    public void Post(in ClientEvent happened)
    {
        ILink[] flush;
        lock (_lock)
        {
            if (_machine.IsClosed)
            {
                happened.Frame?.Release();
                return;
            }

            _machine.Step(happened, Now, _effects);

            // The machine closes no link that has closed itself.
            if (happened.Kind == ClientEventKind.Closed) _links.Remove(happened.Link);
            flush = Perform();
        }

        Flush(flush);
    }

    /// <summary>A user asks for something: the action runs as a turn of the machine.</summary>
    public TResult Do<TState, TResult>(TState state, Func<ClientMachine, ClientTurn, TState, TResult> action)
    {
        ILink[] flush;
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
        ILink[] flush = [];
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
        _world.Wait(this, waiter.Task, cancel);
        return waiter.Task.WaitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        List<ILink> links;
        ILink[] flush;
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

    private static void Flush(ILink[] links)
    {
        foreach (ILink link in links) link.Flush();
    }

    /// <summary>Under the lock.</summary>
    private ILink[] Perform()
    {
        for (int i = 0; i < _effects.Count; i++) Perform(_effects[i]);
        _effects.Clear();
        Arm();
        if (_toFlush.Count == 0) return [];
        ILink[] flush = [.. _toFlush];
        _toFlush.Clear();
        return flush;
    }

    private void Perform(in ClientEffect effect)
    {
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
                TokenJob wanted = (TokenJob)effect.Job!;
                _ = Task.Run(async () =>
                {
                    await _tokens!.FillAsync(wanted).ConfigureAwait(false);
                    Post(ClientEvent.JobDone(wanted));
                });
                break;
            case ClientEffectKind.Complete:
                (effect.Operation!.Waiter as IOperationWaiter)?.Complete(effect.Operation);
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

    private void Arm()
    {
        Instant next = _machine.IsClosed ? Instant.Never : _machine.NextDeadline;
        if (next == _armed) return;
        _armed = next;
        if (next == Instant.Never)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        _timer.Change(TimeSpan.FromMilliseconds(MsUntil(next)), Timeout.InfiniteTimeSpan);
    }

    private int MsUntil(Instant next) =>
        next == Instant.Never ? int.MaxValue : (int)Math.Clamp(((next - Now).Ns + 999_999) / 1_000_000, 0, int.MaxValue);
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
