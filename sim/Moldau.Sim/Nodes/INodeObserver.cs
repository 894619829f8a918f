using Moldau.Broker;

namespace Moldau.Sim;

/// <summary>Looks at a node between its events, and draws nothing: a run with an observer is the same run.</summary>
public interface INodeObserver
{
    /// <summary>A machine is about to take an event.</summary>
    void BeforeStep(SimMachine machine, in NodeEvent e);

    /// <summary>A machine has taken an event; its effects are not yet performed.</summary>
    void AfterStep(SimMachine machine, in NodeEvent e);

    /// <summary>The process is gone.</summary>
    /// <param name="lostPower">What was not synced may be gone with it.</param>
    void Died(bool lostPower);
}
