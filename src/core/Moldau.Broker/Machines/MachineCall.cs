namespace Moldau.Broker;

/// <summary>Work that one machine of the node has another one do. The same object goes out as a message, is worked on
/// at its owner, and comes back with its outcome; where origin and owner are the same machine no message is sent.
/// Only the machine that has it in hand touches it, so the mailbox is the only synchronisation it needs.</summary>
internal abstract class MachineCall
{
    public MachineId Origin { get; private set; }

    public bool IsReturning { get; private set; }

    /// <summary>Begins the work, at the owner. The owner calls <see cref="Machine.Return"/> when it is done.</summary>
    public abstract void RunAt(Machine owner);

    /// <summary>Takes the outcome, at the origin.</summary>
    public abstract void ReturnedTo(Machine origin);

    internal void SendFrom(MachineId origin)
    {
        Origin = origin;
        IsReturning = false;
    }

    internal void MarkReturning() => IsReturning = true;
}
