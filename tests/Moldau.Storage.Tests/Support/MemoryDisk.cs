using Moldau.Base;

namespace Moldau.Storage.Tests;

/// <summary>A file system in memory that tells what is written from what is durable. <see cref="Crash"/> makes the disk
/// as a loss of power would find it again: any subset of what was not synced, in any file, with torn writes; names that
/// no directory sync covered may be lost too. What a sync failed to write stays readable, and no other sync writes it.
/// <see cref="Kill"/> keeps all that was written.</summary>
public sealed class MemoryDisk : IDisk
{
    private readonly SortedDictionary<string, Node> _names = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _folders = new(StringComparer.Ordinal) { "/" };
    private readonly List<(string Path, Node? Before, Node? After)> _unsyncedNames = [];
    private readonly List<string> _unsyncedFolders = [];
    private readonly HashSet<string> _locked = [];

    /// <summary>Counts the calls that change or sync something: the crash points.</summary>
    public int Calls { get; private set; }

    /// <summary>Calls of any kind.</summary>
    public int AllCalls { get; private set; }

    /// <summary>At this call the process dies: it throws <see cref="CrashException"/> before (or half through) its effect.</summary>
    public int? CrashAt { get; set; }

    /// <summary>The page cache has everything, and says so.</summary>
    public bool IsCached { get; set; }

    /// <summary>A call whose number (of all calls) is here fails with the error.</summary>
    public Dictionary<int, DiskError> Failures { get; } = [];

    /// <summary>Fails each call for which it gives an error.</summary>
    public Func<string, string, DiskError>? Fault { get; set; }

    public int OpenFiles { get; private set; }

    public IEnumerable<string> Paths => _names.Keys;

    public byte[] Contents(string path) => _names[path].Bytes[.._names[path].Length];

    public void Put(string path, ReadOnlySpan<byte> bytes)
    {
        CreateDirectory(path[..path.LastIndexOf('/')]);
        Node node = new();
        node.Write(0, bytes);
        node.Sync();
        _names[path] = node;
    }

    /// <summary>The same files, independent of this disk, all durable.</summary>
    public MemoryDisk Kill()
    {
        MemoryDisk copy = new();
        foreach (string folder in _folders) copy._folders.Add(folder);
        foreach ((string path, Node node) in _names) copy._names[path] = node.Settled(node.Bytes, node.Length);
        return copy;
    }

    /// <summary>The files as power loss leaves them.</summary>
    public MemoryDisk Crash(Prng random)
    {
        SortedDictionary<string, Node> names = new(_names, StringComparer.Ordinal);
        SortedSet<string> folders = new(_folders, StringComparer.Ordinal);
        // A suffix of the name changes is lost: file systems journal them in order.
        int keep = random.Next(_unsyncedNames.Count + 1);
        for (int i = _unsyncedNames.Count - 1; i >= keep; i--)
        {
            (string path, Node? before, _) = _unsyncedNames[i];
            if (before is null) names.Remove(path);
            else names[path] = before;
        }

        foreach (string folder in _unsyncedFolders)
            if (!names.Keys.Any(p => p.StartsWith(folder + "/", StringComparison.Ordinal)) && random.Chance(0.5))
                folders.Remove(folder);
        MemoryDisk copy = new();
        foreach (string folder in folders) copy._folders.Add(folder);
        foreach ((string path, Node node) in names) copy._names[path] = node.AfterPowerLoss(random);
        return copy;
    }

    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        Check("open", path);
        bool isThere = _names.TryGetValue(path, out Node? node);
        if (!isThere && mode is DiskOpenMode.Read or DiskOpenMode.ReadWrite && !isThere)
            throw new DiskException(DiskError.NotFound, "open", path);
        if (isThere && mode == DiskOpenMode.CreateNew) throw new DiskException(DiskError.AlreadyExists, "open", path);
        if (!isThere)
        {
            if (!_folders.Contains(Parent(path))) throw new DiskException(DiskError.NotFound, "open", path);
            Change();
            node = new Node();
            Rebind(path, node);
        }

        OpenFiles++;
        return new OpenFile(this, path, node!);
    }

    public bool FileExists(string path)
    {
        Check("stat", path);
        return _names.ContainsKey(path);
    }

    public bool DirectoryExists(string path)
    {
        Check("stat", path);
        return _folders.Contains(path);
    }

    public IReadOnlyList<string> List(string directory)
    {
        Check("list", directory);
        if (!_folders.Contains(directory)) throw new DiskException(DiskError.NotFound, "list", directory);
        SortedSet<string> names = new(StringComparer.Ordinal);
        string prefix = directory + "/";
        foreach (string path in _names.Keys.Concat(_folders))
            if (path.StartsWith(prefix, StringComparison.Ordinal)) names.Add(path[prefix.Length..].Split('/')[0]);
        return [.. names];
    }

    public void CreateDirectory(string path)
    {
        Check("mkdir", path);
        for (string at = path; at.Length > 1 && _folders.Add(at); at = Parent(at)) _unsyncedFolders.Add(at);
        Change();
    }

    public void Delete(string path)
    {
        Check("unlink", path);
        if (!_names.ContainsKey(path)) throw new DiskException(DiskError.NotFound, "unlink", path);
        Change();
        Rebind(path, null);
    }

    public void DeleteDirectory(string path)
    {
        Check("rmdir", path);
        Change();
        foreach (string file in _names.Keys.Where(p => p.StartsWith(path + "/", StringComparison.Ordinal)).ToArray())
            Rebind(file, null);
        _folders.RemoveWhere(f => f == path || f.StartsWith(path + "/", StringComparison.Ordinal));
    }

    public void Rename(string from, string to)
    {
        Check("rename", from);
        Change();
        if (_folders.Contains(from))
        {
            foreach (string file in _names.Keys.Where(p => p.StartsWith(from + "/", StringComparison.Ordinal)).ToArray())
            {
                Node moved = _names[file];
                Rebind(file, null);
                Rebind(to + file[from.Length..], moved);
            }

            _folders.Remove(from);
            _folders.Add(to);
            return;
        }

        if (!_names.TryGetValue(from, out Node? node)) throw new DiskException(DiskError.NotFound, "rename", from);
        Rebind(to, node);
        Rebind(from, null);
    }

    public void SyncDirectory(string path)
    {
        Check("syncdir", path);
        Change();
        _unsyncedNames.RemoveAll(c => Parent(c.Path) == path);
        _unsyncedFolders.RemoveAll(f => Parent(f) == path);
    }

    public long LastModifiedMs(string path) => 0;

    public (long Total, long Free) Volume(string path) => (1L << 40, 1L << 39);

    public IDisposable? TryLock(string path) => _locked.Add(path) ? new Unlock(() => _locked.Remove(path)) : null;

    private void Rebind(string path, Node? node)
    {
        _unsyncedNames.Add((path, _names.GetValueOrDefault(path), node));
        if (node is null) _names.Remove(path);
        else _names[path] = node;
    }

    private void Check(string call, string path)
    {
        AllCalls++;
        DiskError error = Failures.GetValueOrDefault(AllCalls);
        if (error == DiskError.None && Fault is not null) error = Fault(call, path);
        if (error != DiskError.None) throw new DiskException(error, call, path);
    }

    private void Change()
    {
        Calls++;
        if (Calls == CrashAt) throw new CrashException();
    }

    private static string Parent(string path) => path.LastIndexOf('/') <= 0 ? "/" : path[..path.LastIndexOf('/')];

    private sealed class Unlock(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    private sealed class Node
    {
        private readonly List<(long Position, byte[] Bytes, long LengthAfter)> _unsynced = [];
        private byte[] _durable = [];

        public byte[] Bytes { get; private set; } = [];

        public int Length { get; private set; }

        public void Write(long position, ReadOnlySpan<byte> source)
        {
            Apply(position, source.ToArray());
            _unsynced.Add((position, source.ToArray(), -1));
        }

        public void SetLength(long length)
        {
            Resize((int)length);
            _unsynced.Add((0, [], length));
        }

        public void Sync()
        {
            Node onDisk = Settled(_durable, _durable.Length);
            foreach ((long position, byte[] bytes, long lengthAfter) in _unsynced)
            {
                if (lengthAfter >= 0) onDisk.Resize((int)lengthAfter);
                else onDisk.Apply(position, bytes);
            }

            _unsynced.Clear();
            _durable = onDisk.Bytes[..onDisk.Length];
        }

        /// <summary>The kernel calls clean what a failed sync did not write, and no later sync writes it.</summary>
        public void FailSync() => _unsynced.Clear();

        public Node Settled(byte[] bytes, int length) =>
            new() { Bytes = bytes[..length], Length = length, _durable = bytes[..length] };

        // Any subset of the unsynced changes arrives; one of the writes may be torn.
        public Node AfterPowerLoss(Prng random)
        {
            Node node = Settled(_durable, _durable.Length);
            bool takesAll = random.Chance(0.3);
            foreach ((long position, byte[] bytes, long lengthAfter) in _unsynced)
            {
                if (!takesAll && random.Chance(0.5)) continue;
                if (lengthAfter >= 0) node.Resize((int)lengthAfter);
                else node.Apply(position, random.Chance(0.3) ? bytes[..random.Next(bytes.Length + 1)] : bytes);
            }

            return node.Settled(node.Bytes, node.Length);
        }

        private void Apply(long position, byte[] source)
        {
            int end = (int)position + source.Length;
            if (end > Length) Resize(end);
            source.CopyTo(Bytes.AsSpan((int)position));
        }

        private void Resize(int length)
        {
            if (length > Bytes.Length)
            {
                byte[] larger = new byte[Math.Max(length, Bytes.Length * 2)];
                Bytes.AsSpan(0, Length).CopyTo(larger);
                Bytes = larger;
            }
            else if (length < Length)
            {
                Bytes.AsSpan(length, Length - length).Clear();
            }

            Length = length;
        }
    }

    private sealed class OpenFile(MemoryDisk disk, string path, Node node) : IDiskFile
    {
        private bool _isClosed;

        public string Path => path;

        public long Length => node.Length;

        public int Read(long position, Span<byte> destination)
        {
            Use("read");
            int n = (int)Math.Clamp(node.Length - position, 0, destination.Length);
            node.Bytes.AsSpan((int)position, n).CopyTo(destination);
            return n;
        }

        public int ReadCached(long position, Span<byte> destination)
        {
            if (!disk.IsCached) return 0;
            int n = (int)Math.Clamp(node.Length - position, 0, destination.Length);
            node.Bytes.AsSpan((int)position, n).CopyTo(destination);
            return n;
        }

        public void Write(long position, ReadOnlySpan<byte> source)
        {
            Use("write");
            if (disk.Calls + 1 == disk.CrashAt) node.Write(position, source[..(source.Length / 2)]);
            disk.Change();
            node.Write(position, source);
        }

        public void Sync()
        {
            try
            {
                Use("fsync");
            }
            catch (DiskException)
            {
                node.FailSync();
                throw;
            }

            disk.Change();
            node.Sync();
        }

        public void SetLength(long length)
        {
            Use("truncate");
            disk.Change();
            node.SetLength(length);
        }

        public void Allocate(long length) => Use("fallocate");

        public void StartWriteback(long position, long length)
        {
        }

        public void Dispose()
        {
            if (_isClosed) return;
            _isClosed = true;
            disk.OpenFiles--;
        }

        private void Use(string call)
        {
            Verify.That(!_isClosed);
            disk.Check(call, path);
        }
    }
}

/// <summary>The process died at this call.</summary>
public sealed class CrashException : Exception;
