using Moldau.Base;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>An open file. One thread at a time writes (the owner's reactor, or its directory's writer); other threads
/// read, sync and send it meanwhile. The descriptor lives until the last hold is let go, which may be after
/// <see cref="Dispose"/>.</summary>
public sealed class DiskFile : IDiskFile
{
    /// <summary>Writeback is started each time so much has been written.</summary>
    public const int WritebackBytes = 8 * 1024 * 1024;

    /// <summary>Writeback stops at a multiple of this: a page that is on its way to the disk would hold up the append that
    /// goes on in it.</summary>
    private const int WritebackUnitBytes = 1024 * 1024;

    /// <summary>Bytes written longer ago than one to two of these are not taken to be in the page cache.</summary>
    private const long HotPeriodMs = 15_000;

    private readonly PosixFile _file;
    private readonly FileDisk _disk;
    private int _disposed;
    private long _writtenEnd;
    private long _writebackFrom = -1;
    // Start of what was written in the current period and in the one before. Written by the writing thread; the
    // reactors that send read them and may see a value one write old, which only picks the other way of sending.
    private long _hotFrom = long.MaxValue;
    private long _olderHotFrom = long.MaxValue;
    private long _periodStartMs;

    internal DiskFile(PosixFile file, string path, FileDisk disk)
    {
        _file = file;
        _disk = disk;
        Path = path;
    }

    public string Path { get; }

    public long Length
    {
        get
        {
            IoResult result = _file.Length();
            DiskFailure.Check(result, "lseek", Path);
            return result.Count;
        }
    }

    /// <summary>For sending. Valid while the caller holds the file.</summary>
    internal PosixFile Native => _file;

    public int Read(long position, Span<byte> destination)
    {
        Enter("pread");
        try
        {
            int done = 0;
            while (done < destination.Length)
            {
                IoResult result = _file.ReadAt(position + done, destination[done..]);
                DiskFailure.Check(result, "pread", Path);
                if (result.Count == 0) break;
                done += (int)result.Count;
            }

            return done;
        }
        finally
        {
            _file.Release();
        }
    }

    public int ReadCached(long position, Span<byte> destination)
    {
        Enter("preadv2");
        IoResult result = _file.ReadCachedAt(position, destination);
        _file.Release();
        // Not in the cache, or this file system cannot tell, or an error: a blocking read finds out which.
        return result.IsOk ? (int)result.Count : 0;
    }

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        Enter("pwrite");
        try
        {
            int done = 0;
            while (done < source.Length)
            {
                IoResult result = _file.WriteAt(position + done, source[done..]);
                DiskFailure.Check(result, "pwrite", Path);
                // A regular file that takes nothing and reports nothing would loop for ever.
                if (result.Count == 0) throw DiskFailure.Of("pwrite", Path, Errno.InputOutput);
                done += (int)result.Count;
            }
        }
        finally
        {
            _file.Release();
        }

        NoteWritten(position, position + source.Length);
    }

    public void Sync()
    {
        if (!_disk.SkipsSync) Held("fdatasync", static file => file.DataSync());
    }

    public void SetLength(long length)
    {
        Enter("ftruncate");
        try
        {
            DiskFailure.Check(_file.Truncate(length), "ftruncate", Path);
        }
        finally
        {
            _file.Release();
        }

        _writtenEnd = Math.Min(_writtenEnd, length);
        if (_writebackFrom > length) _writebackFrom = length;
    }

    public void Allocate(long length)
    {
        Enter("fallocate");
        try
        {
            IoResult result = _file.Reserve(length);
            // A file system without reservation is slower, not wrong.
            if (result.Error is Errno.NotSupported or Errno.Invalid) return;
            DiskFailure.Check(result, "fallocate", Path);
        }
        finally
        {
            _file.Release();
        }
    }

    public void StartWriteback(long position, long length)
    {
        Enter("sync_file_range");
        try
        {
            IoResult result = _file.StartWriteback(position, length);
            if (result.Error is not Errno.Invalid) DiskFailure.Check(result, "sync_file_range", Path);
        }
        finally
        {
            _file.Release();
        }
    }

    /// <summary>Drops the file's clean pages from the page cache: for tests and after long copies.</summary>
    public void DropCache()
    {
        if (!_file.TryRetain()) return;
        _file.DropCache();
        _file.Release();
        Volatile.Write(ref _hotFrom, long.MaxValue);
        Volatile.Write(ref _olderHotFrom, long.MaxValue);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _disk.Closed(this);
        // Closing the last descriptor of a deleted file frees its blocks, which takes seconds for a large one.
        if (Reactor.IsReactorThread) ThreadPool.UnsafeQueueUserWorkItem(static file => file.Release(), _file, false);
        else _file.Release();
    }

    /// <summary>Keeps the descriptor open for a disk thread; false if the file is closed already.</summary>
    internal bool TryRetain() => _file.TryRetain();

    internal void Release() => _file.Release();

    /// <summary>Whether these bytes can be sent without waiting for the disk. Valid while the caller holds the
    /// file.</summary>
    internal bool IsInCache(long position, int length) => _file.IsCached(position, length) switch
    {
        null => IsHot(position),
        false => false,
        // Pages that are still being read ahead count as cached, and sending them would wait. They come in order.
        true => IsHot(position) || (IsRead(position + length - 1) && IsRead(position)),
    };

    private bool IsRead(long position)
    {
        Span<byte> probe = stackalloc byte[1];
        return _file.ReadCachedAt(position, probe).Count == 1;
    }

    /// <summary>Whether the bytes from this position on were written so recently that the page cache has
    /// them.</summary>
    private bool IsHot(long position) =>
        position >= Math.Min(Volatile.Read(ref _hotFrom), Volatile.Read(ref _olderHotFrom))
        && Environment.TickCount64 - Volatile.Read(ref _periodStartMs) < 2 * HotPeriodMs;

    /// <summary>A range due for writeback, once per <see cref="WritebackBytes"/> or so. On the writing thread.</summary>
    internal bool TryTakeWriteback(out long position, out long length)
    {
        position = _writebackFrom;
        length = _writtenEnd - (_writtenEnd % WritebackUnitBytes) - _writebackFrom;
        if (_writebackFrom < 0 || length < WritebackBytes) return false;
        _writebackFrom += length;
        return true;
    }

    private void NoteWritten(long from, long to)
    {
        if (_writebackFrom < 0 || from < _writebackFrom) _writebackFrom = from;
        _writtenEnd = to;
        long nowMs = Environment.TickCount64;
        if (nowMs - _periodStartMs > HotPeriodMs)
        {
            bool isStale = nowMs - _periodStartMs > 2 * HotPeriodMs;
            Volatile.Write(ref _olderHotFrom, isStale ? from : _hotFrom);
            Volatile.Write(ref _hotFrom, from);
            Volatile.Write(ref _periodStartMs, nowMs);
        }
        else if (from < _hotFrom)
        {
            Volatile.Write(ref _hotFrom, from);
        }
    }

    private void Held(string call, Func<PosixFile, IoResult> run)
    {
        Enter(call);
        try
        {
            DiskFailure.Check(run(_file), call, Path);
        }
        finally
        {
            _file.Release();
        }
    }

    private void Enter(string call)
    {
        Verify.That(_disposed == 0);
        if (!_file.TryRetain()) throw DiskFailure.Of(call, Path, Errno.BadDescriptor);
    }
}
