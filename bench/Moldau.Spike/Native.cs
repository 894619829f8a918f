using System.Runtime.InteropServices;
using Moldau.Base;

#pragma warning disable SYSLIB1054, CA5392, IDE1006 // plain system calls of a measuring tool
namespace Moldau.Spike;

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct EpollEvent
{
    public uint Events;
    public long Data;
}

internal static unsafe partial class Native
{
    public const uint In = 1, Out = 4;
    private const int ReadWriteCreate = 2 | 64;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_ctl(int epfd, int op, int fd, EpollEvent* e);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_wait(int epfd, EpollEvent* events, int max, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, void* p, nuint n);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, void* p, nuint n);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int fd, void* p, nuint n, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int fd, void* p, nuint n, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendfile(int to, int from, long* offset, nuint n);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pwrite(int fd, void* p, nuint n, long offset);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc")]
    internal static partial int usleep(uint microseconds);

    public static int OpenFile(string path)
    {
        int fd = open(path, ReadWriteCreate, 0x1A4);
        Verify.That(fd >= 0);
        return fd;
    }

    public static void Watch(int epfd, int fd, uint events, long data, bool modify = false)
    {
        EpollEvent e = new() { Events = events, Data = data };
        Verify.That(epoll_ctl(epfd, modify ? 3 : 1, fd, &e) == 0);
    }
}
