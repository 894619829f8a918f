using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>The disk as one process sees it.</summary>
internal sealed class SimDiskSession(SimDisk disk) : IDisk
{
    public bool IsOver { get; set; }

    /// <summary>Files open in this process: a leak shows as a number that grows.</summary>
    public int OpenFiles { get; set; }

    public SimDisk Disk => disk;

    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        Enter("open", path, mode is DiskOpenMode.CreateNew or DiskOpenMode.OpenOrCreate);
        SimInode? found = disk.Find(path);
        if (found is SimFolder) throw new DiskException(DiskError.Access, "open (is a folder)", path);
        if (found is null)
        {
            (SimFolder? folder, string name) = disk.Split(path);
            if (mode is DiskOpenMode.Read or DiskOpenMode.ReadWrite || folder is null)
                throw new DiskException(DiskError.NotFound, "open", path);
            found = new SimFileData { ModifiedMs = disk.Clock.Now.UnixMs };
            folder.Set(name, found);
        }
        else if (mode == DiskOpenMode.CreateNew)
        {
            throw new DiskException(DiskError.AlreadyExists, "open", path);
        }

        OpenFiles++;
        return new SimFile(this, (SimFileData)found, path, mode == DiskOpenMode.Read);
    }

    public bool FileExists(string path)
    {
        Enter("stat", path, false);
        return disk.Find(path) is SimFileData;
    }

    public bool DirectoryExists(string path)
    {
        Enter("stat", path, false);
        return disk.Find(path) is SimFolder;
    }

    public IReadOnlyList<string> List(string directory)
    {
        Enter("list", directory, false);
        return [.. FolderAt("list", directory).Names.Keys];
    }

    public void CreateDirectory(string path)
    {
        Enter("mkdir", path, true);
        disk.MakeFolders(path);
    }

    public void Delete(string path)
    {
        Enter("unlink", path, false);
        if (disk.Find(path) is not SimFileData) throw new DiskException(DiskError.NotFound, "unlink", path);
        (SimFolder? folder, string name) = disk.Split(path);
        folder!.Set(name, null); // the file was found in it
    }

    public void DeleteDirectory(string path)
    {
        SimFolder folder = FolderAt("rmdir", path);
        // One name at a time, as rm -r does: each is a call of its own that may fail or be the last.
        foreach (string name in folder.Names.Keys.ToArray())
        {
            if (folder.Names[name] is SimFolder)
            {
                DeleteDirectory($"{path}/{name}");
                continue;
            }

            Enter("unlink", path, false);
            folder.Set(name, null);
        }

        Enter("rmdir", path, false);
        (SimFolder? parent, string last) = disk.Split(path);
        parent!.Set(last, null); // the folder was found in it
    }

    public void Rename(string from, string to)
    {
        Enter("rename", from, true);
        SimInode moved = disk.Find(from) ?? throw new DiskException(DiskError.NotFound, "rename", from);
        (SimFolder? source, string oldName) = disk.Split(from);
        (SimFolder? target, string newName) = disk.Split(to);
        if (target is null) throw new DiskException(DiskError.NotFound, "rename", to);
        if (moved is SimFileData file) file.RenamedTo = to;
        if (disk.Find(to) is SimFolder { Names.Count: > 0 }) throw new DiskException(DiskError.AlreadyExists, "rename", to);
        if (ReferenceEquals(source, target))
        {
            target.Move(oldName, newName, moved);
            return;
        }

        target.Set(newName, moved);
        source!.Set(oldName, null); // what was found has a folder
    }

    public void SyncDirectory(string path)
    {
        Enter("fsync", path, false);
        FolderAt("fsync", path).Sync();
    }

    public long LastModifiedMs(string path)
    {
        Enter("stat", path, false);
        return (disk.Find(path) as SimFileData)?.ModifiedMs ?? throw new DiskException(DiskError.NotFound, "stat", path);
    }

    public (long Total, long Free) Volume(string path)
    {
        Enter("statvfs", path, false);
        return SimDisk.Volume;
    }

    public IDisposable? TryLock(string path)
    {
        Enter("lock", path, true);
        if (!disk.Locks.Add(path)) return null;
        (SimFolder? folder, string name) = disk.Split(path);
        if (folder is null) throw new DiskException(DiskError.NotFound, "lock", path);
        if (!folder.Names.ContainsKey(name)) folder.Set(name, new SimFileData());
        return new HeldLock(this, path);
    }

    internal void Enter(string call, string path, bool takesSpace)
    {
        if (IsOver) throw new SimCrashException();
        DiskError error = disk.Enter(takesSpace, path);
        if (error != DiskError.None) throw new DiskException(error, $"{call} (injected)", path);
    }

    private SimFolder FolderAt(string call, string path) =>
        disk.Find(path) as SimFolder ?? throw new DiskException(DiskError.NotFound, call, path);

    private sealed class HeldLock(SimDiskSession session, string path) : IDisposable
    {
        public void Dispose()
        {
            if (!session.IsOver) session.Disk.Locks.Remove(path);
        }
    }
}

/// <summary>An open file of one process.</summary>
internal sealed class SimFile(SimDiskSession session, SimFileData data, string path, bool isReadOnly) : IDiskFile
{
    private readonly string? _renamedBefore = data.RenamedTo;
    private bool _isClosed;

    /// <summary>The file behind whatever stands before it.</summary>
    public static SimFile Of(IDiskFile file) => file switch
    {
        PlantedFile planted => Of(planted.Inner),
        LyingFile lying => Of(lying.Inner),
        _ => (SimFile)file,
    };

    /// <summary>Where it was opened, or what it was renamed to since.</summary>
    public string Path => ReferenceEquals(data.RenamedTo, _renamedBefore) ? path : data.RenamedTo ?? path;

    /// <summary>The file itself, for those who look past the process.</summary>
    public SimFileData Data => data;

    public long Length => data.Length;

    public int Generation => data.Generation;

    public int Read(long position, Span<byte> destination)
    {
        Enter("pread", false);
        int count = data.Read(position, destination);
        session.Disk.Spoil(data, position, destination[..count]);
        return count;
    }

    /// <summary>A page in four is taken not to be in memory.</summary>
    public int ReadCached(long position, Span<byte> destination)
    {
        int count = (position >> 12) % 4 == 3 ? 0 : data.Read(position, destination);
        session.Disk.Spoil(data, position, destination[..count]);
        return count;
    }

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        try
        {
            Enter("pwrite", true);
        }
        catch (Exception e) when (e is DiskException or SimCrashException && !session.IsOver)
        {
            // A write that fails or dies half-way has written some of its bytes.
            if (!isReadOnly) Put(position, source[..session.Disk.Prng.Next(source.Length + 1)]);
            throw;
        }

        if (isReadOnly) throw new DiskException(DiskError.Access, "pwrite", path);
        Put(position, source);
    }

    public void Sync()
    {
        try
        {
            Enter("fdatasync", false);
        }
        catch (DiskException)
        {
            data.FailSync();
            throw;
        }

        data.Sync();
    }

    public void SetLength(long length)
    {
        Enter("ftruncate", true);
        data.SetLength(length);
        data.ModifiedMs = session.Disk.Clock.Now.UnixMs;
    }

    public void Allocate(long length) => Enter("fallocate", true);

    public void StartWriteback(long position, long length) => Enter("sync_file_range", false);

    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        session.OpenFiles--;
    }

    private void Put(long position, ReadOnlySpan<byte> source)
    {
        data.Write(position, source);
        data.ModifiedMs = session.Disk.Clock.Now.UnixMs;
    }

    private void Enter(string call, bool takesSpace)
    {
        Moldau.Base.Verify.That(!_isClosed);
        session.Enter(call, path, takesSpace);
    }
}
