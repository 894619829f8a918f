using System.Runtime.InteropServices;
using Moldau.Base;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

internal enum MailKind : byte
{
    /// <summary>From another machine of the node.</summary>
    Message,

    /// <summary>A disk operation that ran on a disk thread.</summary>
    DiskDone,

    /// <summary>A client accepted by another reactor.</summary>
    Adopt,

    /// <summary>A listener to accept from, from now on.</summary>
    Serve,

    /// <summary>The limits of connections have changed or are exceeded: close what is too many, accept what may be.</summary>
    Limits,

    StopRequested,

    /// <summary>Close everything and end the thread.</summary>
    Exit,
}

internal readonly record struct Mail(MailKind Kind, object? Payload);

/// <summary>What other threads send to a reactor: a list filled under a lock that is held for one append, swapped out
/// whole by the reactor. FIFO per sender. The poller is woken only when the reactor sleeps or is about to.</summary>
internal sealed class Mailbox(int capacity, Poller poller)
{
    private readonly Lock _lock = new();
    private List<Mail> _arriving = [];
    private List<Mail> _taken = [];
    private bool _isAsleep;

    /// <summary>A message of a machine; false when the mailbox is full.</summary>
    internal bool TryPost(object message)
    {
        bool wake;
        lock (_lock)
        {
            if (_arriving.Count >= capacity) return false;
            _arriving.Add(new(MailKind.Message, message));
            wake = _isAsleep;
            _isAsleep = false;
        }

        if (wake) poller.Wake();
        return true;
    }

    /// <summary>A completion. Never refused: there are at most as many as operations under way.</summary>
    internal void Complete(DiskOp op) => Post(new(MailKind.DiskDone, op));

    internal void Post(in Mail mail)
    {
        bool wake;
        lock (_lock)
        {
            _arriving.Add(mail);
            wake = _isAsleep;
            _isAsleep = false;
        }

        if (wake) poller.Wake();
    }

    /// <summary>The reactor is about to wait; false if mail has come meanwhile.</summary>
    internal bool TrySleep()
    {
        lock (_lock)
        {
            _isAsleep = _arriving.Count == 0;
            return _isAsleep;
        }
    }

    /// <summary>All that has come, valid until the next call.</summary>
    internal ReadOnlySpan<Mail> Take()
    {
        _taken.Clear();
        lock (_lock)
        {
            _isAsleep = false;
            (_arriving, _taken) = (_taken, _arriving);
        }

        return CollectionsMarshal.AsSpan(_taken);
    }
}
