namespace Moldau.Client;

/// <summary>Code of the user that the machine waits for, such as a rebalance listener. The shell runs it on a thread of its
/// own choice and comes back with <see cref="ClientEventKind.UserDone"/>.</summary>
public abstract class UserCall
{
    /// <summary>Who runs it: the shell's own.</summary>
    public object? Runner { get; internal init; }

    /// <summary>Why the user's code failed, for people; null where it did not. Set before the event.</summary>
    public string? Failure { get; set; }

    /// <summary>In a step of the machine, after the user's code has ended.</summary>
    internal abstract void Done(ClientTurn turn);
}
