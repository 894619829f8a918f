using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Moldau.Transport;

[Flags]
public enum EpollInterest : uint
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,
    Error = 0x8,
    HangUp = 0x10,
    PeerClosed = 0x2000,
}

/// <summary>A descriptor that is ready. <paramref name="Tag"/> is what it was registered with.</summary>
public readonly record struct EpollReady(EpollInterest Ready, long Tag);

/// <summary>Level-triggered epoll.</summary>
public sealed unsafe class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int AddOperation = 1;
    private const int RemoveOperation = 2;
    private const int ModifyOperation = 3;
    private const int BatchSize = 256;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int TagOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventBytes = TagOffset + sizeof(long);

    private int _fd;
    private byte* _events;

    public Epoll()
    {
        Platform.EnsureSupported();
        _fd = LibC.EpollCreate(CloseOnExec);
        if (_fd < 0) throw new IOException($"epoll_create1: {Errno.Describe(Marshal.GetLastPInvokeError())}");
        _events = (byte*)NativeMemory.Alloc((nuint)(BatchSize * EventBytes));
    }

    public bool TryAdd(StreamSocket socket, EpollInterest interest, long tag) =>
        Control(AddOperation, socket.Descriptor, interest, tag) == 0;

    public bool TryAdd(ListenSocket socket, EpollInterest interest, long tag) =>
        Control(AddOperation, socket.Descriptor, interest, tag) == 0;

    public bool TryAdd(WakeSignal signal, long tag) =>
        Control(AddOperation, signal.Descriptor, EpollInterest.Readable, tag) == 0;

    public void Modify(StreamSocket socket, EpollInterest interest, long tag) =>
        Control(ModifyOperation, socket.Descriptor, interest, tag);

    public void Modify(ListenSocket socket, EpollInterest interest, long tag) =>
        Control(ModifyOperation, socket.Descriptor, interest, tag);

    public void Remove(StreamSocket socket) => Control(RemoveOperation, socket.Descriptor, EpollInterest.None, 0);

    public void Remove(ListenSocket socket) => Control(RemoveOperation, socket.Descriptor, EpollInterest.None, 0);

    /// <summary>Waits up to the timeout (-1: for ever) and returns how many descriptors are ready; a signal ends the
    /// wait early with none.</summary>
    public int Wait(int timeoutMs)
    {
        int count = LibC.EpollWait(_fd, _events, BatchSize, timeoutMs);
        if (count >= 0) return count;
        int error = Marshal.GetLastPInvokeError();
        if (error == Errno.Interrupted) return 0;
        throw new IOException($"epoll_wait: {Errno.Describe(error)}");
    }

    /// <summary>One of the descriptors that the last <see cref="Wait"/> counted.</summary>
    public EpollReady this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)BatchSize);
            byte* at = _events + (index * EventBytes);
            return new((EpollInterest)Unsafe.ReadUnaligned<uint>(at), Unsafe.ReadUnaligned<long>(at + TagOffset));
        }
    }

    public void Dispose()
    {
        if (_fd >= 0) LibC.Close(_fd);
        NativeMemory.Free(_events);
        _fd = -1;
        _events = null;
    }

    private int Control(int operation, int fd, EpollInterest interest, long tag)
    {
        byte* e = stackalloc byte[16];
        Unsafe.WriteUnaligned(e, (uint)interest);
        Unsafe.WriteUnaligned(e + TagOffset, tag);
        return LibC.EpollControl(_fd, operation, fd, e);
    }
}
