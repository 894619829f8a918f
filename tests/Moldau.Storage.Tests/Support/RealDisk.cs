namespace Moldau.Storage.Tests;

/// <summary>Real files, for tests with foreign software. Without durability: the shell has that.</summary>
public sealed class RealDisk : IDisk
{
    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        FileMode fileMode = mode switch
        {
            DiskOpenMode.CreateNew => FileMode.CreateNew,
            DiskOpenMode.OpenOrCreate => FileMode.OpenOrCreate,
            _ => FileMode.Open,
        };
        if (fileMode == FileMode.Open && !File.Exists(path)) throw new DiskException(DiskError.NotFound, "open", path);
        FileAccess access = mode == DiskOpenMode.Read ? FileAccess.Read : FileAccess.ReadWrite;
        return new OpenFile(path, new FileStream(path, fileMode, access, FileShare.ReadWrite | FileShare.Delete, 0));
    }

    public bool FileExists(string path) => File.Exists(path);

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public IReadOnlyList<string> List(string directory) =>
        [.. Directory.GetFileSystemEntries(directory).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public void Delete(string path) => File.Delete(path);

    public void DeleteDirectory(string path) => Directory.Delete(path, true);

    public void Rename(string from, string to)
    {
        if (Directory.Exists(from)) Directory.Move(from, to);
        else File.Move(from, to, true);
    }

    public void SyncDirectory(string path)
    {
    }

    public long LastModifiedMs(string path) => new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds();

    public (long Total, long Free) Volume(string path) => (1L << 40, 1L << 39);

    public IDisposable? TryLock(string path) => File.Create(path);

    private sealed class OpenFile(string path, FileStream stream) : IDiskFile
    {
        public string Path => path;

        public long Length => stream.Length;

        public int Read(long position, Span<byte> destination) =>
            RandomAccess.Read(stream.SafeFileHandle, destination, position);

        public void Write(long position, ReadOnlySpan<byte> source) =>
            RandomAccess.Write(stream.SafeFileHandle, source, position);

        public void Sync()
        {
        }

        public void SetLength(long length) => RandomAccess.SetLength(stream.SafeFileHandle, length);

        public void Allocate(long length)
        {
        }

        public void StartWriteback(long position, long length)
        {
        }

        public void Dispose() => stream.Dispose();
    }
}
