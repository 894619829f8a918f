using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>The file system by the base library alone, for systems on which <see cref="FileDisk"/> has no calls of its own.
/// It promises less of a loss of power: the base library does not tell of a flush that fails, and Windows has no flush of
/// a folder's names. What is served of a file goes through memory.</summary>
public sealed class PortableDisk : IDisk, IDisposable
{
    private readonly OpenFiles<PortableFile> _open = new();

    /// <summary>Leaves flushing out: for folders that nobody needs after the process.</summary>
    public bool SkipsSync { get; init; }

    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        FileMode how = mode switch
        {
            DiskOpenMode.OpenOrCreate => FileMode.OpenOrCreate,
            DiskOpenMode.CreateNew => FileMode.CreateNew,
            _ => FileMode.Open,
        };
        FileAccess access = mode == DiskOpenMode.Read ? FileAccess.Read : FileAccess.ReadWrite;
        return Try("open", path, () => _open.Add(new PortableFile(
            path, File.OpenHandle(path, how, access, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess), this)));
    }

    public bool FileExists(string path) => File.Exists(path);

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public IReadOnlyList<string> List(string directory) => Try("list", directory, () =>
    {
        string[] entries = Directory.GetFileSystemEntries(directory);
        for (int i = 0; i < entries.Length; i++) entries[i] = Path.GetFileName(entries[i]);
        Array.Sort(entries, StringComparer.Ordinal);
        return entries;
    });

    public void CreateDirectory(string path) => Try("mkdir", path, () => Directory.CreateDirectory(path));

    public void Delete(string path) => Try("unlink", path, () =>
    {
        if (!File.Exists(path)) throw new FileNotFoundException(null, path);
        File.Delete(path);
        return 0;
    });

    public void DeleteDirectory(string path) => Try("rmdir", path, () =>
    {
        Directory.Delete(path, recursive: true);
        return 0;
    });

    public void Rename(string from, string to) => Try("rename", from, () =>
    {
        if (Directory.Exists(from)) Directory.Move(from, to);
        else File.Move(from, to, overwrite: true);
        return 0;
    });

    public void SyncDirectory(string path)
    {
        if (!SkipsSync) DiskFailure.Check(PortableFolder.Sync(path), "fsync", path);
    }

    public long LastModifiedMs(string path) => Try("stat", path, () =>
    {
        if (!File.Exists(path) && !Directory.Exists(path)) throw new FileNotFoundException(null, path);
        return new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds();
    });

    public (long Total, long Free) Volume(string path) => Try("statvfs", path, () =>
    {
        DriveInfo drive = new(OperatingSystem.IsWindows() ? Path.GetPathRoot(Path.GetFullPath(path))! : path); // a full path has a root
        return (drive.TotalSize, drive.AvailableFreeSpace);
    });

    public IDisposable? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskFailure.Of("open", path, e);
        }
    }

    /// <summary>Closes what is still open, when nobody uses it any more.</summary>
    public void Dispose() => _open.Dispose();

    internal void Closed(PortableFile file) => _open.Remove(file);

    internal static T Try<T>(string call, string path, Func<T> run)
    {
        try
        {
            return run();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or (IOException and not DiskException))
        {
            throw Failed(call, path, e);
        }
    }

    internal static DiskException Failed(string call, string path, Exception e)
    {
        // Windows: ERROR_FILE_EXISTS, ERROR_ALREADY_EXISTS, ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL as HRESULTs.
        const int windows = unchecked((int)0x80070000);
        return e.HResult switch
        {
            windows | 80 or windows | 183 => DiskFailure.Of(call, path, Errno.Exists),
            windows | 112 or windows | 39 => DiskFailure.Of(call, path, Errno.NoSpace),
            windows | 4 => DiskFailure.Of(call, path, Errno.TooManyFilesInProcess),
            _ => DiskFailure.Of(call, path, e),
        };
    }
}
