using System.Runtime.InteropServices;

namespace Moldau.Runtime;

/// <summary>SIGTERM and SIGINT: the first asks for a clean end, the second for a quick one. While there is no node yet, the
/// first is kept for it, so that whatever its start has made is cleared away; the second ends the process.</summary>
public sealed class NodeSignals : IDisposable
{
    // Guards what follows: signals come on a thread of their own, the node on the main thread.
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _interrupt;
    private Action? _stop;
    private Action? _stopNow;
    private int _count;

    public NodeSignals()
    {
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
    }

    /// <summary>There is a node, which has been started.</summary>
    public void Attach(Action stop, Action stopNow)
    {
        lock (_lock)
        {
            _stop = stop;
            _stopNow = stopNow;
            if (_count > 0) stop();
        }
    }

    public void Dispose()
    {
        _terminate.Dispose();
        _interrupt.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        lock (_lock)
        {
            _count++;
            // The process ends when the node has, not here.
            context.Cancel = _count == 1 || _stopNow is not null;
            if (_count == 1) _stop?.Invoke();
            else _stopNow?.Invoke();
        }
    }
}
