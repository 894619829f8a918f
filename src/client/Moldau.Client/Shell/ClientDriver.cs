using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Runs a <see cref="ClientMachine"/> on real time and sockets without a thread of its own: whoever brings an
/// event (a socket, the timer, a user) steps the machine under its lock. Effects only enqueue there; system calls come
/// after the lock is given back.</summary>
internal sealed class ClientDriver : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly ClientMachine _machine;
    private readonly SocketOptions _sockets;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly EffectList<ClientEffect> _effects = new();
    private readonly Dictionary<long, LinkSocket> _links = [];
    private readonly List<LinkSocket> _toFlush = [];
    private Instant _armed = Instant.Never;

    public ClientDriver(ClientMachine machine, SocketOptions sockets, TimeProvider time)
    {
        (_machine, _sockets, _time) = (machine, sockets, time);
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ClusterView Cluster => _machine.Cluster;

    public Instant Now => new(
        (long)(_time.GetTimestamp() * (1e9 / _time.TimestampFrequency)), _time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Something happened.</summary>
    public void Post(in ClientEvent happened)
    {
        LinkSocket[] flush;
        lock (_lock)
        {
            if (_machine.IsClosed)
            {
                happened.Frame?.Release();
                return;
            }

            _machine.Step(happened, Now, _effects);
            flush = Perform();
        }

        Flush(flush);
    }

    /// <summary>A user asks for something: the action runs as a turn of the machine.</summary>
    public TResult Do<TState, TResult>(TState state, Func<ClientMachine, ClientTurn, TState, TResult> action)
    {
        LinkSocket[] flush;
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
        LinkSocket[] flush = [];
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
        return waiter.Task.WaitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        List<LinkSocket> links;
        lock (_lock)
        {
            if (_machine.IsClosed) return;
            _machine.Close(Now, _effects);
            links = [.. _links.Values];
            Perform();
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (LinkSocket link in links) await link.Ended.ConfigureAwait(false);
    }

    private void OnTimer()
    {
        // A timer may fire a moment before the deadline by our clock: then it must be set again for the same one.
        lock (_lock) _armed = Instant.Never;
        Post(ClientEvent.Deadline);
    }

    private static void Flush(LinkSocket[] links)
    {
        foreach (LinkSocket link in links) link.Flush();
    }

    /// <summary>Under the lock.</summary>
    private LinkSocket[] Perform()
    {
        for (int i = 0; i < _effects.Count; i++) Perform(_effects[i]);
        _effects.Clear();
        Arm();
        if (_toFlush.Count == 0) return [];
        LinkSocket[] flush = [.. _toFlush];
        _toFlush.Clear();
        return flush;
    }

    private void Perform(in ClientEffect effect)
    {
        switch (effect.Kind)
        {
            case ClientEffectKind.Open:
                LinkSocket opened = new(this, effect.Link, effect.Address, _sockets);
                _links.Add(effect.Link, opened);
                opened.Start();
                break;
            case ClientEffectKind.Send when _links.TryGetValue(effect.Link, out LinkSocket? link):
                if (link.Enqueue(effect.Frame!)) _toFlush.Add(link);
                break;
            case ClientEffectKind.Send:
                effect.Frame!.Release();
                break;
            case ClientEffectKind.Close:
                if (_links.Remove(effect.Link, out LinkSocket? closed)) closed.Close();
                break;
            case ClientEffectKind.Run:
                ThreadPool.UnsafeQueueUserWorkItem(
                    static work =>
                    {
                        work.Job.Run();
                        work.Driver.Post(ClientEvent.JobDone(work.Job));
                    },
                    (Job: effect.Job!, Driver: this), preferLocal: false);
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

        // Round up: waking a moment early would mean a second turn.
        long ms = Math.Clamp(((next - Now).Ns + 999_999) / 1_000_000, 0, int.MaxValue);
        _timer.Change(TimeSpan.FromMilliseconds(ms), Timeout.InfiniteTimeSpan);
    }
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
        if (operation.Error is { } error) _source.TrySetException(new MoldauException(error));
        else _source.TrySetResult(((ClientOperation<T>)operation).Result);
    }
}
