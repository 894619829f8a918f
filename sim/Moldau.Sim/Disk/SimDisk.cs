using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Thrown out of a disk call at which the plan kills the process; nothing but the simulated node catches it.</summary>
public sealed class SimCrashException : Exception;

/// <summary>A node's file system. It outlives the node's processes, each of which sees it through a session of its own:
/// a kill ends the session and keeps the page cache, a power loss keeps only what was synced and some of the rest.</summary>
public sealed class SimDisk(SimClock clock, Prng prng)
{
    private const long VolumeBytes = 1L << 40;

    private SimFolder _root = new();
    private SimDiskSession? _session;
    private DiskError _error;
    private int _errorAfter;
    private int _errorCount;
    private string _errorPath = "";
    private int _crashAfter = -1;
    private readonly Dictionary<SimFileData, List<long>> _rotten = [];
    private readonly HashSet<string> _failed = new(StringComparer.Ordinal);
    private string? _brokenDirectory;
    private int _brokenAfter;

    internal HashSet<string> Locks { get; } = new(StringComparer.Ordinal);

    internal SimClock Clock => clock;

    /// <summary>What the disk draws from: which writes a loss of power keeps, how far a failed one got.</summary>
    internal Prng Prng { get; set; } = prng;

    /// <summary>Names in the root folder, for those who look past the processes.</summary>
    internal SimFolder Root => _root;

    /// <summary>The same disk once more, as another world would go on with it.</summary>
    internal SimDisk Copy(SimClock copyClock, Prng copyPrng) => new(copyClock, copyPrng) { _root = _root.Copy([]) };

    public long Calls { get; private set; }

    /// <summary>Calls that failed because the plan said so, since the last <see cref="Heal"/>.</summary>
    public int InjectedErrors { get; private set; }

    /// <summary>How a new process of the node sees the disk; the session before it is over.</summary>
    public IDisk OpenSession()
    {
        EndSession();
        _failed.Clear();
        return _session = new SimDiskSession(this);
    }

    /// <summary>The process is gone: its handles and locks are dead, the page cache lives on.</summary>
    public void EndSession()
    {
        if (_session is not null) _session.IsOver = true;
        _session = null;
        Locks.Clear();
    }

    public void LosePower()
    {
        EndSession();
        _root.LosePower(Prng);
    }

    /// <summary>From the n-th suitable call on, so many calls fail; only calls on paths with that text, if one is
    /// given.</summary>
    public void FailCalls(DiskError error, int after, int count, string path = "") =>
        (_error, _errorAfter, _errorCount, _errorPath) = (error, after, count, path);

    /// <summary>From the n-th call on a path in the directory on, every one fails with EIO.</summary>
    public void BreakDirectory(string path, int after) => (_brokenDirectory, _brokenAfter) = (path + "/", after);

    /// <summary>Calls on the directory that was broken succeed again.</summary>
    public void MendDirectory() => _brokenDirectory = null;

    /// <summary>A byte of the file reads back wrong, to processes, until <see cref="EndRot"/>.</summary>
    internal void Rot(SimFileData file, long position)
    {
        if (!_rotten.TryGetValue(file, out List<long>? positions)) _rotten.Add(file, positions = []);
        positions.Add(position);
    }

    public void EndRot() => _rotten.Clear();

    /// <summary>What the medium makes of bytes that were read.</summary>
    internal void Spoil(SimFileData file, long position, Span<byte> bytes)
    {
        if (_rotten.Count == 0 || !_rotten.TryGetValue(file, out List<long>? positions)) return;
        foreach (long at in positions)
            if (at >= position && at < position + bytes.Length) bytes[(int)(at - position)] ^= 0x10;
    }

    /// <summary>The process dies inside the n-th call from now.</summary>
    public void CrashAt(int calls) => _crashAfter = calls;

    public void Heal()
    {
        _errorCount = 0;
        _brokenDirectory = null;
        _crashAfter = -1;
        InjectedErrors = 0;
    }

    /// <summary>Whether the call must fail, and as what. Crashes by exception.</summary>
    internal DiskError Enter(bool takesSpace, string path)
    {
        Calls++;
        if (_crashAfter >= 0 && _crashAfter-- == 0) throw new SimCrashException();
        DiskError error = Injected(takesSpace, path);
        if (error == DiskError.None) return error;
        InjectedErrors++;
        _failed.Add(TopOf(path));
        return error;
    }

    /// <summary>Whether a call on this folder of the root has failed in this process.</summary>
    internal bool HasFailed(string directory) => _failed.Contains(TopOf(directory));

    private static string TopOf(string path) => path.Split('/', 3) is [_, { } top, ..] ? top : path;

    private DiskError Injected(bool takesSpace, string path)
    {
        bool isBroken = _brokenDirectory is not null && path.StartsWith(_brokenDirectory, StringComparison.Ordinal);
        if (isBroken && _brokenAfter-- <= 0) return DiskError.Io;
        if (_errorCount <= 0 || (_error == DiskError.NoSpace && !takesSpace)) return DiskError.None;
        if (!path.Contains(_errorPath, StringComparison.Ordinal) || _errorAfter-- > 0) return DiskError.None;
        _errorCount--;
        return _error;
    }

    internal SimInode? Find(string path)
    {
        SimInode? at = _root;
        foreach (Range part in path.AsSpan().Split('/'))
        {
            string name = path[part];
            if (name.Length == 0) continue;
            if (at is not SimFolder folder || !folder.Names.TryGetValue(name, out at)) return null;
        }

        return at;
    }

    /// <summary>Whether every name on the way to the file would survive a loss of power.</summary>
    internal bool IsNameDurable(string path)
    {
        SimInode at = _root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (at is not SimFolder folder || !folder.Names.TryGetValue(name, out SimInode? next)) return false;
            if (!folder.IsDurable(name, next)) return false;
            at = next;
        }

        return true;
    }

    internal (SimFolder? Folder, string Name) Split(string path)
    {
        int cut = path.TrimEnd('/').LastIndexOf('/');
        return (Find(cut <= 0 ? "/" : path[..cut]) as SimFolder, path[(cut + 1)..].TrimEnd('/'));
    }

    internal SimFolder MakeFolders(string path)
    {
        SimFolder at = _root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!at.Names.TryGetValue(name, out SimInode? next)) at.Set(name, next = new SimFolder());
            at = next as SimFolder ?? throw new DiskException(DiskError.AlreadyExists, "mkdir", path);
        }

        return at;
    }

    internal static (long Total, long Free) Volume => (VolumeBytes, VolumeBytes / 2);
}
