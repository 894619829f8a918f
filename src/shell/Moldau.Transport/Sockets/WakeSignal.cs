using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>An eventfd: any thread sets it, and the thread that waits in epoll wakes.</summary>
internal sealed unsafe class WakeSignal : IDisposable
{
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    private int _fd;

    public WakeSignal()
    {
        Platform.EnsureSupported();
        _fd = LibC.EventFd(0, NonBlocking | CloseOnExec);
        if (_fd < 0) throw new IOException($"eventfd: {Errno.Describe(Marshal.GetLastPInvokeError())}");
    }

    internal int Descriptor => _fd;

    public void Set()
    {
        ulong one = 1;
        LibC.Write(_fd, &one, sizeof(ulong));
    }

    public void Clear()
    {
        ulong value;
        LibC.Read(_fd, &value, sizeof(ulong));
    }

    public void Dispose()
    {
        if (_fd >= 0) LibC.Close(_fd);
        _fd = -1;
    }
}
