namespace Moldau.Storage;

public enum DiskOpenMode
{
    /// <summary>The file must exist; it is not written.</summary>
    Read,

    /// <summary>The file must exist.</summary>
    ReadWrite,

    /// <summary>The file is made if it is not there.</summary>
    OpenOrCreate,

    /// <summary>The file must not exist.</summary>
    CreateNew,
}

/// <summary>Kinds of disk failure that the logic tells apart.</summary>
public enum DiskError
{
    None,
    NotFound,
    AlreadyExists,
    NoSpace,
    Access,
    TooManyFiles,
    Io,
}

/// <summary>A failed call of <see cref="IDisk"/>. Only jobs see it; <see cref="DiskOp.Execute"/> turns it into a value.</summary>
public sealed class DiskException(DiskError error, string call, string path, int errno = 0)
    : IOException($"{call} {path}: {error}{(errno == 0 ? "" : $" (errno {errno})")}")
{
    public DiskError Error { get; } = error;

    public string Path { get; } = path;
}

/// <summary>The file system as jobs and appends see it: blocking calls, each of which may throw
/// <see cref="DiskException"/>, and each of which is a crash point in simulation. Nothing is durable until
/// <see cref="IDiskFile.Sync"/> (contents) and <see cref="SyncDirectory"/> (names) have returned.</summary>
public interface IDisk
{
    IDiskFile Open(string path, DiskOpenMode mode);

    bool FileExists(string path);

    bool DirectoryExists(string path);

    /// <summary>Names (not paths) of files and folders, in ordinal order.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Makes the folder and its parents.</summary>
    void CreateDirectory(string path);

    void Delete(string path);

    /// <summary>Deletes the folder with all in it.</summary>
    void DeleteDirectory(string path);

    /// <summary>Replaces the target if it exists; atomic, as rename(2).</summary>
    void Rename(string from, string to);

    void SyncDirectory(string path);

    /// <summary>Modification time of a file, milliseconds since the epoch.</summary>
    long LastModifiedMs(string path);

    /// <summary>Total and free bytes of the volume that holds the path.</summary>
    (long Total, long Free) Volume(string path);

    /// <summary>Takes the exclusive lock file of a log directory (Kafka's <c>.lock</c>); null if another process holds it.</summary>
    IDisposable? TryLock(string path);
}

public interface IDiskFile : IDisposable
{
    string Path { get; }

    long Length { get; }

    /// <summary>Bytes read; fewer than asked only at the end of the file.</summary>
    int Read(long position, Span<byte> destination);

    /// <summary>As <see cref="Read"/>, but never waits for the disk: bytes that are in memory, from the position on. 0 where
    /// the first is not, or the system cannot tell.</summary>
    int ReadCached(long position, Span<byte> destination) => 0;

    void Write(long position, ReadOnlySpan<byte> source);

    /// <summary>fdatasync. A failure is final for the log directory: the pages may be gone (reliability, D3).</summary>
    void Sync();

    void SetLength(long length);

    /// <summary>Reserves space without changing <see cref="Length"/>; may do nothing.</summary>
    void Allocate(long length);

    /// <summary>Starts writing back dirty pages without waiting (sync_file_range); may do nothing.</summary>
    void StartWriteback(long position, long length);
}
