using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Moldau.Base;

namespace Moldau.Transport;

/// <summary>Level-triggered epoll.</summary>
internal sealed unsafe class Epoll : Poller
{
    private const int CloseOnExec = 0x80000;
    private const int AddOperation = 1;
    private const int RemoveOperation = 2;
    private const int ModifyOperation = 3;
    private const int BatchSize = 256;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int TagOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventBytes = TagOffset + sizeof(long);

    // No tag of a caller's: sequence numbers and small negative ones.
    private const long WakeTag = long.MinValue;

    private readonly WakeSignal _wake;
    private int _fd;
    private byte* _events;

    public Epoll()
    {
        Platform.EnsureSupported();
        _fd = LibC.EpollCreate(CloseOnExec);
        if (_fd < 0) throw new IOException($"epoll_create1: {Errno.Describe(Marshal.GetLastPInvokeError())}");
        _events = (byte*)NativeMemory.Alloc((nuint)(BatchSize * EventBytes));
        _wake = new();
        Verify.That(Control(AddOperation, _wake.Descriptor, Interest.Readable, WakeTag) == 0);
    }

    public override bool TryAdd(StreamSocket socket, Interest interest, long tag) =>
        Control(AddOperation, DescriptorOf(socket), interest, tag) == 0;

    public override bool TryAdd(ListenSocket socket, Interest interest, long tag) =>
        Control(AddOperation, DescriptorOf(socket), interest, tag) == 0;

    public override void Modify(StreamSocket socket, Interest interest, long tag) =>
        Control(ModifyOperation, DescriptorOf(socket), interest, tag);

    public override void Modify(ListenSocket socket, Interest interest, long tag) =>
        Control(ModifyOperation, DescriptorOf(socket), interest, tag);

    public override void Remove(StreamSocket socket) => Control(RemoveOperation, DescriptorOf(socket), Interest.None, 0);

    public override void Remove(ListenSocket socket) => Control(RemoveOperation, DescriptorOf(socket), Interest.None, 0);

    public override int Wait(int timeoutMs)
    {
        int count = LibC.EpollWait(_fd, _events, BatchSize, timeoutMs);
        if (count < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Errno.Interrupted) return 0;
            throw new IOException($"epoll_wait: {Errno.Describe(error)}");
        }

        for (int i = 0; i < count; i++)
        {
            if (TagAt(i) != WakeTag) continue;
            _wake.Clear();
            // The last one takes its place: the order of those that are ready means nothing.
            count--;
            Unsafe.CopyBlockUnaligned(_events + (i * EventBytes), _events + (count * EventBytes), (uint)EventBytes);
            break;
        }

        return count;
    }

    public override Ready this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)BatchSize);
            return new((Interest)Unsafe.ReadUnaligned<uint>(_events + (index * EventBytes)), TagAt(index));
        }
    }

    public override void Wake() => _wake.Set();

    public override void Dispose()
    {
        _wake.Dispose();
        if (_fd >= 0) LibC.Close(_fd);
        NativeMemory.Free(_events);
        _fd = -1;
        _events = null;
    }

    private static int DescriptorOf(StreamSocket socket) => ((LinuxStreamSocket)socket).Descriptor;

    private static int DescriptorOf(ListenSocket socket) => ((LinuxListenSocket)socket).Descriptor;

    private long TagAt(int index) => Unsafe.ReadUnaligned<long>(_events + (index * EventBytes) + TagOffset);

    private int Control(int operation, int fd, Interest interest, long tag)
    {
        byte* e = stackalloc byte[16];
        Unsafe.WriteUnaligned(e, (uint)interest);
        Unsafe.WriteUnaligned(e + TagOffset, tag);
        return LibC.EpollControl(_fd, operation, fd, e);
    }
}
