using System.Runtime.InteropServices;

namespace Moldau.Runtime;

/// <summary>SIGTERM and SIGINT: the first asks for a clean end, the second for a quick one.</summary>
public sealed class NodeSignals : IDisposable
{
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _interrupt;
    private readonly Action _stop;
    private readonly Action _stopNow;
    private int _count;

    public NodeSignals(Action stop, Action stopNow)
    {
        _stop = stop;
        _stopNow = stopNow;
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
    }

    public void Dispose()
    {
        _terminate.Dispose();
        _interrupt.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        // The process ends when the node has, not here.
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) == 1) _stop();
        else _stopNow();
    }
}
