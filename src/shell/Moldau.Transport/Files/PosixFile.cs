using System.Runtime.InteropServices;

namespace Moldau.Transport;

[Flags]
public enum PosixOpen
{
    Read = 0,
    ReadWrite = 0x2,
    Create = 0x40,
    Exclusive = 0x80,
    Directory = 0x10000,
}

/// <summary>An open file by its descriptor. Holds are counted: the descriptor is closed when the last one is let go,
/// so a number that the kernel gave to another file meanwhile is never used by a call still under way.</summary>
public sealed unsafe class PosixFile
{
    private const int CloseOnExec = 0x80000;
    private const int DefaultMode = 0x1A4; // rw-r--r--
    private const int NoWait = 0x8;
    private const int KeepSize = 0x1;
    private const int SeekEnd = 2;
    private const uint RangeWaitBefore = 1;
    private const uint RangeWrite = 2;
    private const uint RangeWaitAfter = 4;
    private const int DontNeed = 4;
    // The same number on all processors.
    private const long CacheStatCall = 451;
    private const int SetOpenFileLock = 37;
    private const short WriteLock = 1;

    // O_DIRECTORY is the one flag used here whose number depends on the processor.
    private static readonly int DirectoryFlag =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 0x10000 : 0x4000;

    private readonly int _fd;
    private int _holders = 1;

    private PosixFile(int fd) => _fd = fd;

    internal int Descriptor => _fd;

    /// <summary>The opened file with one hold, or null with the <see cref="Errno"/>.</summary>
    public static PosixFile? Open(string path, PosixOpen flags, out int error)
    {
        Platform.EnsureSupported();
        int native = (int)(flags & ~PosixOpen.Directory) | CloseOnExec;
        if (flags.HasFlag(PosixOpen.Directory)) native |= DirectoryFlag;
        while (true)
        {
            int fd = LibC.Open(path, native, DefaultMode);
            error = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (fd >= 0) return new PosixFile(fd);
            if (error != Errno.Interrupted) return null;
        }
    }

    /// <summary>Adds a hold; false once the last one is gone. Called by reactors and disk threads at the same
    /// time.</summary>
    public bool TryRetain()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders) return true;
            holders = seen;
        }

        return false;
    }

    /// <summary>Lets go of a hold; the last one closes the descriptor.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0) LibC.Close(_fd);
    }

    public IoResult ReadAt(long position, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                IoResult result = IoResult.Of(LibC.ReadAt(_fd, start, (nuint)buffer.Length, position));
                if (result.Error != Errno.Interrupted) return result;
            }
        }
    }

    /// <summary>Reads only what the page cache holds; <see cref="Errno.Again"/> when the first page is not there, fewer
    /// bytes when a later one is not.</summary>
    public IoResult ReadCachedAt(long position, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            LibC.IoVector vector = new() { Base = start, Length = (nuint)buffer.Length };
            while (true)
            {
                IoResult result = IoResult.Of(LibC.ReadVector(_fd, &vector, 1, position, NoWait));
                if (result.Error != Errno.Interrupted) return result;
            }
        }
    }

    /// <summary>Whether the page cache holds all of the range, or is about to; null where the kernel does not tell (before Linux
    /// 6.5).</summary>
    public bool? IsCached(long position, long length)
    {
        long page = Environment.SystemPageSize;
        LibC.CacheRange range = new() { Position = (ulong)position, Length = (ulong)length };
        LibC.CacheStatus status;
        if (LibC.CacheStat(CacheStatCall, _fd, &range, &status, 0) < 0) return null;
        long pages = ((position + length - 1) / page) - (position / page) + 1;
        return (long)status.Cached >= pages;
    }

    public IoResult WriteAt(long position, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            while (true)
            {
                IoResult result = IoResult.Of(LibC.WriteAt(_fd, start, (nuint)bytes.Length, position));
                if (result.Error != Errno.Interrupted) return result;
            }
        }
    }

    public IoResult Length() => IoResult.Of(LibC.Seek(_fd, 0, SeekEnd));

    public IoResult DataSync()
    {
        while (true)
        {
            IoResult result = IoResult.Of(LibC.DataSync(_fd));
            if (result.Error != Errno.Interrupted) return result;
        }
    }

    /// <summary>fsync: for directories.</summary>
    public IoResult Sync()
    {
        while (true)
        {
            IoResult result = IoResult.Of(LibC.Sync(_fd));
            if (result.Error != Errno.Interrupted) return result;
        }
    }

    public IoResult Truncate(long length)
    {
        while (true)
        {
            IoResult result = IoResult.Of(LibC.Truncate(_fd, length));
            if (result.Error != Errno.Interrupted) return result;
        }
    }

    /// <summary>Reserves blocks up to the length; the file's size stays.</summary>
    public IoResult Reserve(long length)
    {
        while (true)
        {
            IoResult result = IoResult.Of(LibC.Allocate(_fd, KeepSize, 0, length));
            if (result.Error != Errno.Interrupted) return result;
        }
    }

    /// <summary>Starts writing dirty pages back, without waiting for the disk.</summary>
    public IoResult StartWriteback(long position, long length) =>
        IoResult.Of(LibC.SyncFileRange(_fd, position, length, RangeWrite));

    /// <summary>Waits until the range has been written back (its metadata need not be durable).</summary>
    public IoResult WaitWriteback(long position, long length) =>
        IoResult.Of(LibC.SyncFileRange(_fd, position, length, RangeWaitBefore | RangeWrite | RangeWaitAfter));

    /// <summary>Asks the kernel to drop clean pages of the file from its cache.</summary>
    public void DropCache() => _ = LibC.Advise(_fd, 0, 0, DontNeed);

    /// <summary>Takes the exclusive lock of the whole file, without waiting. An open-file-description lock: it excludes
    /// other holders in this process too, and conflicts with the record locks that Kafka's FileChannel takes.</summary>
    public IoResult TryLock()
    {
        LibC.FileLock request = new() { Type = WriteLock };
        return IoResult.Of(LibC.ControlLock(_fd, SetOpenFileLock, &request));
    }
}
