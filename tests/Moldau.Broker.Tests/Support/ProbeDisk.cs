using Moldau.Storage;

namespace Moldau.Broker.Tests;

/// <summary>A disk between the node and the simulated one: counts open files and fails the calls that a test picks.</summary>
internal sealed class ProbeDisk(IDisk inner) : IDisk
{
    /// <summary>Given the call (pread, pwrite, fdatasync, open, rename …) and the path: what it fails with.</summary>
    public Func<string, string, DiskError>? Fails { get; set; }

    /// <summary>Paths of the open files, with repetition.</summary>
    public List<string> OpenPaths { get; } = [];

    /// <summary>Calls in order, as "pwrite /data/t-0/….log".</summary>
    public List<string> Calls { get; } = [];

    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        Enter("open", path);
        IDiskFile file = inner.Open(path, mode);
        OpenPaths.Add(path);
        return new ProbeFile(this, path, file);
    }

    public bool FileExists(string path) => inner.FileExists(path);

    public bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public void CreateDirectory(string path)
    {
        Enter("mkdir", path);
        inner.CreateDirectory(path);
    }

    public void Delete(string path)
    {
        Enter("unlink", path);
        inner.Delete(path);
    }

    public void DeleteDirectory(string path)
    {
        Enter("rmdir", path);
        inner.DeleteDirectory(path);
    }

    public void Rename(string from, string to)
    {
        Enter("rename", from);
        inner.Rename(from, to);
    }

    public void SyncDirectory(string path)
    {
        Enter("fsync", path);
        inner.SyncDirectory(path);
    }

    public long LastModifiedMs(string path) => inner.LastModifiedMs(path);

    /// <summary>Given a path: the bytes that are free there, or null for what the simulated disk says.</summary>
    public Func<string, long?>? Free { get; set; }

    public (long Total, long Free) Volume(string path) =>
        Free?.Invoke(path) is { } free ? (1L << 40, free) : inner.Volume(path);

    public IDisposable? TryLock(string path) => inner.TryLock(path);

    private void Enter(string call, string path)
    {
        Calls.Add($"{call} {path}");
        DiskError error = Fails?.Invoke(call, path) ?? DiskError.None;
        if (error != DiskError.None) throw new DiskException(error, $"{call} (injected)", path);
    }

    private sealed class ProbeFile(ProbeDisk disk, string opened, IDiskFile file) : IDiskFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public int Read(long position, Span<byte> destination)
        {
            disk.Enter("pread", Path);
            return file.Read(position, destination);
        }

        public void Write(long position, ReadOnlySpan<byte> source)
        {
            disk.Enter("pwrite", Path);
            file.Write(position, source);
        }

        public void Sync()
        {
            disk.Enter("fdatasync", Path);
            file.Sync();
        }

        public void SetLength(long length)
        {
            disk.Enter("ftruncate", Path);
            file.SetLength(length);
        }

        public void Allocate(long length) => file.Allocate(length);

        public void StartWriteback(long position, long length) => file.StartWriteback(position, length);

        public void Dispose()
        {
            disk.OpenPaths.Remove(opened);
            file.Dispose();
        }
    }
}
