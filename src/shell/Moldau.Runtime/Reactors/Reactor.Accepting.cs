using Moldau.Base;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>Accepting: this reactor takes the clients of its listeners and hands them out in turn.</summary>
public sealed partial class Reactor
{
    private const int AcceptsPerTurn = 64;

    private readonly List<ListenerState> _listeners = [];
    private readonly List<(ListenerState Listener, ListenSocket Socket)> _listenSockets = [];

    /// <summary>Before the thread starts, or on it.</summary>
    internal void Serve(ListenerState listener)
    {
        _listeners.Add(listener);
        foreach (ListenSocket socket in listener.Sockets)
        {
            Verify.That(_poller.TryAdd(socket, Interest.Readable, ListenerTagBase - _listenSockets.Count));
            _listenSockets.Add((listener, socket));
        }
    }

    private void Accept(int index)
    {
        (ListenerState listener, ListenSocket socket) = _listenSockets[index];
        for (int i = 0; i < AcceptsPerTurn && listener.ResumeAtNs is null; i++)
        {
            if (listener.Limits.IsFull(listener.Name))
            {
                // Clients wait in the kernel's queue until somebody leaves, as with Kafka's max.connections.
                PauseAccepting(listener, _limits.AcceptPauseMs * 1_000_000L);
                return;
            }

            StreamSocket? client = socket.Accept(out int error);
            if (client is null)
            {
                if (error != Errno.Again) NoteAcceptError(listener, socket, error);
                // A client that gave up while it waited is no reason to stop.
                if (error is Errno.ConnectionAborted or Errno.Interrupted) continue;
                return;
            }

            HandOut(client, listener);
            long restNs = listener.Limits.RestNs(listener.Name, SystemClock.MonotonicNs);
            if (restNs == 0) continue;
            listener.ThrottledNs.Add(restNs);
            listener.Throttles.Increment();
            PauseAccepting(listener, restNs);
        }
    }

    private void HandOut(StreamSocket client, ListenerState listener)
    {
        if (!listener.TryTake(client.Peer.Address))
        {
            Metrics.ConnectionsRefused.Increment();
            client.Dispose();
            return;
        }

        // Room was made for it on the protected listener: somebody else has to go.
        if (listener.Limits.IsExceeded) _host.TrimConnections();
        Metrics.ConnectionsAccepted.Increment();
        AcceptedClient accepted = new(client, listener);
        Reactor target = listener.NextTarget();
        if (target == this) Adopt(accepted);
        else target.Mail.Post(new(MailKind.Adopt, accepted));
    }

    private void NoteAcceptError(ListenerState listener, ListenSocket socket, int error)
    {
        if (error is Errno.ConnectionAborted or Errno.Interrupted) return;
        Metrics.AcceptErrors.Increment();
        if (error is Errno.TooManyFilesInProcess or Errno.TooManyFilesInSystem) socket.RefuseOne();
        _log.Error($"listener {listener.Options.Name} cannot accept: {Errno.Describe(error)}; "
            + $"trying again in {_limits.AcceptPauseMs} ms");
        PauseAccepting(listener, _limits.AcceptPauseMs * 1_000_000L);
    }

    private void PauseAccepting(ListenerState listener, long forNs)
    {
        listener.BlockedNs.Add(forNs);
        listener.ResumeAtNs = SystemClock.MonotonicNs + forNs;
        SetAccepting(listener, Interest.None);
    }

    /// <summary>Limits have changed: who rests for the old ones tries again.</summary>
    private void RetryAccepting()
    {
        foreach (ListenerState listener in _listeners)
            if (listener.ResumeAtNs is not null) listener.ResumeAtNs = SystemClock.MonotonicNs;
    }

    private void ResumeListeners()
    {
        if (NextAcceptNs() > SystemClock.MonotonicNs) return;
        foreach (ListenerState listener in _listeners)
        {
            if (listener.ResumeAtNs is not { } at || at > SystemClock.MonotonicNs) continue;
            listener.ResumeAtNs = null;
            SetAccepting(listener, Interest.Readable);
        }
    }

    private long NextAcceptNs()
    {
        long at = long.MaxValue;
        foreach (ListenerState listener in _listeners) at = Math.Min(at, listener.ResumeAtNs ?? long.MaxValue);
        return at;
    }

    private void SetAccepting(ListenerState listener, Interest interest)
    {
        for (int i = 0; i < _listenSockets.Count; i++)
        {
            if (_listenSockets[i].Listener == listener)
                _poller.Modify(_listenSockets[i].Socket, interest, ListenerTagBase - i);
        }
    }

    private void CloseListener(ListenerState listener)
    {
        foreach (ListenSocket socket in listener.Sockets)
        {
            _poller.Remove(socket);
            socket.Dispose();
        }
    }
}
