using Microsoft.Win32.SafeHandles;
using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>An open file of <see cref="PortableDisk"/>. The handle counts its users itself: a call that is under way when
/// it is closed ends on the same file.</summary>
internal sealed class PortableFile(string path, SafeFileHandle handle, PortableDisk disk) : IDiskFile
{
    private int _disposed;

    public string Path => path;

    public long Length => Run("lseek", static h => RandomAccess.GetLength(h));

    public int Read(long position, Span<byte> destination)
    {
        Verify.That(Volatile.Read(ref _disposed) == 0);
        try
        {
            int done = 0;
            while (done < destination.Length)
            {
                int count = RandomAccess.Read(handle, destination[done..], position + done);
                if (count == 0) break;
                done += count;
            }

            return done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw PortableDisk.Failed("pread", path, e);
        }
    }

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        Verify.That(Volatile.Read(ref _disposed) == 0);
        try
        {
            RandomAccess.Write(handle, source, position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw PortableDisk.Failed("pwrite", path, e);
        }
    }

    public void Sync()
    {
        if (disk.SkipsSync) return;
        Run("fsync", static h =>
        {
            RandomAccess.FlushToDisk(h);
            return 0;
        });
    }

    public void SetLength(long length) => Run("ftruncate", h =>
    {
        RandomAccess.SetLength(h, length);
        return 0;
    });

    public void Allocate(long length)
    {
        // The base library reserves only where it makes the file; without, a file is slower, not wrong.
    }

    public void StartWriteback(long position, long length)
    {
        // The system decides.
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        disk.Closed(this);
        handle.Dispose();
    }

    private T Run<T>(string call, Func<SafeFileHandle, T> run)
    {
        Verify.That(Volatile.Read(ref _disposed) == 0);
        try
        {
            return run(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw PortableDisk.Failed(call, path, e);
        }
    }
}
