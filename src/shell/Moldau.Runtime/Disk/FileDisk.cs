using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>The real file system. Everything that must be durable or whose failure matters is a system call of our
/// own: the base library's flush returns normally when fsync fails.</summary>
public sealed class FileDisk : IDisk, IDisposable
{
    private readonly OpenFiles<DiskFile> _open = new();

    public FileDisk() => Platform.EnsureSupported();

    /// <summary>Leaves flushing out: for folders that nobody needs after the process.</summary>
    public bool SkipsSync { get; init; }

    public IDiskFile Open(string path, DiskOpenMode mode) => OpenFile(path, mode);

    public DiskFile OpenFile(string path, DiskOpenMode mode)
    {
        PosixOpen flags = mode switch
        {
            DiskOpenMode.Read => PosixOpen.Read,
            DiskOpenMode.ReadWrite => PosixOpen.ReadWrite,
            DiskOpenMode.OpenOrCreate => PosixOpen.ReadWrite | PosixOpen.Create,
            _ => PosixOpen.ReadWrite | PosixOpen.Create | PosixOpen.Exclusive,
        };
        PosixFile? file = PosixFile.Open(path, flags, out int error);
        return file is null ? throw DiskFailure.Of("open", path, error) : _open.Add(new DiskFile(file, path, this));
    }

    public bool FileExists(string path) => File.Exists(path);

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public IReadOnlyList<string> List(string directory)
    {
        try
        {
            string[] entries = Directory.GetFileSystemEntries(directory);
            for (int i = 0; i < entries.Length; i++) entries[i] = Path.GetFileName(entries[i]);
            Array.Sort(entries, StringComparer.Ordinal);
            return entries;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskFailure.Of("list", directory, e);
        }
    }

    public void CreateDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskFailure.Of("mkdir", path, e);
        }
    }

    public void Delete(string path) => DiskFailure.Check(PosixPaths.Unlink(path), "unlink", path);

    public void DeleteDirectory(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskFailure.Of("rmdir", path, e);
        }
    }

    public void Rename(string from, string to) => DiskFailure.Check(PosixPaths.Rename(from, to), "rename", from);

    public void SyncDirectory(string path)
    {
        if (!SkipsSync) DiskFailure.Check(PosixPaths.SyncDirectory(path), "fsync", path);
    }

    public long LastModifiedMs(string path)
    {
        try
        {
            if (!File.Exists(path) && !Directory.Exists(path)) throw DiskFailure.Of("stat", path, Errno.NoEntry);
            return new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or (IOException and not DiskException))
        {
            throw DiskFailure.Of("stat", path, e);
        }
    }

    public (long Total, long Free) Volume(string path)
    {
        DiskFailure.Check(PosixPaths.Volume(path, out long total, out long free), "statvfs", path);
        return (total, free);
    }

    public IDisposable? TryLock(string path)
    {
        PosixFile? file = PosixFile.Open(path, PosixOpen.ReadWrite | PosixOpen.Create, out int error);
        if (file is null) throw DiskFailure.Of("open", path, error);
        IoResult result = file.TryLock();
        if (result.IsOk) return new HeldLock(file);
        file.Release();
        // POSIX lets the kernel answer either way when another process holds the lock.
        if (result.Error is Errno.Again or Errno.AccessDenied) return null;
        throw DiskFailure.Of("fcntl", path, result.Error);
    }

    /// <summary>Closes what is still open, when nobody uses it any more.</summary>
    public void Dispose() => _open.Dispose();

    internal void Closed(DiskFile file) => _open.Remove(file);

    /// <summary>Closing the descriptor lets go of the lock.</summary>
    private sealed class HeldLock(PosixFile file) : IDisposable
    {
        private PosixFile? _file = file;

        public void Dispose() => Interlocked.Exchange(ref _file, null)?.Release();
    }
}
