using Moldau.Base;

namespace Moldau.Client;

/// <summary>Something a user of the client waits for. It ends once: with a result, or with an error.</summary>
public abstract class ClientOperation
{
    /// <summary>True once it has a result or an error.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Null while it goes on, and after success.</summary>
    public ClientError? Error { get; private set; }

    /// <summary>What the shell hangs on it to know who waits.</summary>
    public object? Waiter { get; set; }

    /// <summary>What another part of the machine does when it ends, in the same turn.</summary>
    internal Action<ClientTurn>? Then { get; set; }

    /// <summary>The shell has told who waits: the operation may be used again for another one where its owner does
    /// that.</summary>
    internal virtual void OnTold()
    {
    }

    internal bool TryFail(ClientError error, ClientTurn turn)
    {
        if (IsDone) return false;
        Error = error;
        End(turn);
        return true;
    }

    /// <summary>As new.</summary>
    private protected void Renew()
    {
        (IsDone, Error, Waiter, Then) = (false, null, null, null);
    }

    private protected void End(ClientTurn turn)
    {
        Verify.That(!IsDone);
        IsDone = true;
        turn.Effects.Add(ClientEffect.Complete(this));
        Then?.Invoke(turn);
    }
}

/// <inheritdoc/>
public sealed class ClientOperation<T> : ClientOperation
{
    private T? _result;

    /// <summary>Only after success.</summary>
    public T Result
    {
        get
        {
            Verify.That(IsDone);
            Verify.That(Error is null);
            return _result!;
        }
    }

    internal bool TrySucceed(T result, ClientTurn turn)
    {
        if (IsDone) return false;
        _result = result;
        End(turn);
        return true;
    }
}
