using Moldau.Base;

namespace Moldau.Sim;

/// <summary>A file or a folder; names point to it, open handles keep it.</summary>
internal abstract class SimInode;

/// <summary>A folder: names as programs see them, names as a power loss would leave them, and the changes in between in
/// the order they were made. A change may touch two names (a rename) and is applied whole or not at all.</summary>
internal sealed class SimFolder : SimInode
{
    private readonly record struct Change(string Name, SimInode? After, string? SecondName, SimInode? SecondAfter);

    private readonly SortedDictionary<string, SimInode> _durable = new(StringComparer.Ordinal);
    private readonly List<Change> _pending = [];

    public SortedDictionary<string, SimInode> Names { get; } = new(StringComparer.Ordinal);

    public void Set(string name, SimInode? inode) => Apply(new Change(name, inode, null, null));

    /// <summary>Whether the name would still lead there after a loss of power.</summary>
    public bool IsDurable(string name, SimInode inode) =>
        _durable.TryGetValue(name, out SimInode? durable) && ReferenceEquals(durable, inode);

    public void Move(string from, string to, SimInode inode) => Apply(new Change(from, null, to, inode));

    public void Sync()
    {
        foreach (Change change in _pending) Apply(change, _durable);
        _pending.Clear();
    }

    /// <summary>What the journal had written: mostly the first so many changes, sometimes any of them.</summary>
    public void LosePower(Prng prng)
    {
        bool isPrefix = prng.Chance(0.7);
        int first = prng.Next(_pending.Count + 1);
        for (int i = 0; i < _pending.Count; i++)
            if (isPrefix ? i < first : prng.Chance(0.5)) Apply(_pending[i], _durable);
        _pending.Clear();
        Names.Clear();
        foreach ((string name, SimInode inode) in _durable)
        {
            Names.Add(name, inode);
            if (inode is SimFolder folder) folder.LosePower(prng);
            else ((SimFileData)inode).LosePower(prng);
        }
    }

    /// <summary>A folder like this one with files like these; the map keeps what several names share.</summary>
    public SimFolder Copy(Dictionary<SimInode, SimInode> copies)
    {
        SimFolder copy = new();
        copies.Add(this, copy);
        foreach ((string name, SimInode inode) in Names) copy.Names.Add(name, CopyOf(inode, copies));
        foreach ((string name, SimInode inode) in _durable) copy._durable.Add(name, CopyOf(inode, copies));
        foreach (Change c in _pending)
        {
            SimInode? after = c.After is null ? null : CopyOf(c.After, copies);
            SimInode? second = c.SecondAfter is null ? null : CopyOf(c.SecondAfter, copies);
            copy._pending.Add(c with { After = after, SecondAfter = second });
        }

        return copy;
    }

    private static SimInode CopyOf(SimInode inode, Dictionary<SimInode, SimInode> copies)
    {
        if (copies.TryGetValue(inode, out SimInode? copy)) return copy;
        if (inode is SimFolder folder) return folder.Copy(copies);
        copies.Add(inode, copy = ((SimFileData)inode).Copy());
        return copy;
    }

    private void Apply(in Change change)
    {
        Apply(change, Names);
        _pending.Add(change);
    }

    private static void Apply(in Change change, SortedDictionary<string, SimInode> names)
    {
        Put(names, change.Name, change.After);
        if (change.SecondName is not null) Put(names, change.SecondName, change.SecondAfter);
    }

    private static void Put(SortedDictionary<string, SimInode> names, string name, SimInode? inode)
    {
        if (inode is null) names.Remove(name);
        else names[name] = inode;
    }
}

/// <summary>Contents of a file: pages as the page cache has them and, for pages written since the last sync, what the
/// disk has. A page without memory is all zeros.</summary>
internal sealed class SimFileData : SimInode
{
    public const int PageBytes = 4096;
    public const int SectorBytes = 512;

    /// <summary>The path that the last rename gave this file; null: none did.</summary>
    public string? RenamedTo { get; set; }

    private readonly List<byte[]?> _pages = [];
    private readonly SortedDictionary<int, Dirty> _dirty = [];
    private long _syncedLength;

    private sealed class Dirty(byte[]? onDisk)
    {
        public byte[]? OnDisk => onDisk;

        /// <summary>A sync failed while it was dirty: the kernel calls it clean now, and no later sync writes it.</summary>
        public bool IsForgotten { get; set; }
    }

    public long Length { get; private set; }

    public long ModifiedMs { get; set; }

    public int Generation { get; private set; }

    /// <summary>Bytes of it are not what was written.</summary>
    public bool HasRotted { get; private set; }

    public int Read(long position, Span<byte> destination)
    {
        int count = (int)Math.Clamp(Length - position, 0, destination.Length);
        for (int done = 0; done < count;)
        {
            (int page, int start) = ((int)((position + done) / PageBytes), (int)((position + done) % PageBytes));
            int n = Math.Min(PageBytes - start, count - done);
            if (page < _pages.Count && _pages[page] is { } bytes) bytes.AsSpan(start, n).CopyTo(destination[done..]);
            else destination.Slice(done, n).Clear();
            done += n;
        }

        return count;
    }

    /// <summary>The whole contents, as programs see them.</summary>
    public byte[] Bytes()
    {
        byte[] bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }

    /// <summary>Whether a loss of power now would leave these bytes as they are.</summary>
    public bool IsDurable(long position, int length)
    {
        if (position + length > Math.Min(Length, _syncedLength)) return false;
        for (int done = 0; done < length;)
        {
            (int page, int start) = ((int)((position + done) / PageBytes), (int)((position + done) % PageBytes));
            int n = Math.Min(PageBytes - start, length - done);
            if (_dirty.TryGetValue(page, out Dirty? dirty) && !IsSame(_pages[page], dirty.OnDisk, start, n)) return false;
            done += n;
        }

        return true;
    }

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        for (int done = 0; done < source.Length;)
        {
            (int page, int start) = ((int)((position + done) / PageBytes), (int)((position + done) % PageBytes));
            int n = Math.Min(PageBytes - start, source.Length - done);
            source.Slice(done, n).CopyTo(ForWriting(page).AsSpan(start));
            done += n;
        }

        Length = Math.Max(Length, position + source.Length);
    }

    public void SetLength(long length)
    {
        if (length < Length)
        {
            Generation++;
            int keep = (int)((length + PageBytes - 1) / PageBytes);
            for (int page = keep; page < _pages.Count; page++)
            {
                MarkDirty(page);
                _pages[page] = null;
            }

            if (length % PageBytes != 0) ForWriting(keep - 1).AsSpan((int)(length % PageBytes)).Clear();
        }

        Length = length;
    }

    public void Sync()
    {
        List<int> forgotten = [];
        foreach ((int page, Dirty dirty) in _dirty)
            if (dirty.IsForgotten) forgotten.Add(page);
        if (forgotten.Count == 0)
        {
            _dirty.Clear();
        }
        else
        {
            List<int> clean = [.. _dirty.Keys.Except(forgotten)];
            foreach (int page in clean) _dirty.Remove(page);
        }

        _syncedLength = Length;
    }

    /// <summary>fdatasync returned an error: what was dirty is now called clean and is not on disk.</summary>
    public void FailSync()
    {
        foreach (Dirty dirty in _dirty.Values) dirty.IsForgotten = true;
    }

    /// <summary>Bytes change on the medium, and nobody has written them: no page becomes dirty.</summary>
    public void Rot(long position, ReadOnlySpan<byte> bytes)
    {
        HasRotted = true;
        for (int done = 0; done < bytes.Length && position + done < Length;)
        {
            (int page, int start) = ((int)((position + done) / PageBytes), (int)((position + done) % PageBytes));
            int n = (int)Math.Min(Math.Min(PageBytes - start, bytes.Length - done), Length - position - done);
            while (_pages.Count <= page) _pages.Add(null);
            byte[] rotten = _pages[page] is { } old ? (byte[])old.Clone() : new byte[PageBytes];
            bytes.Slice(done, n).CopyTo(rotten.AsSpan(start));
            _pages[page] = rotten;
            done += n;
        }
    }

    public SimFileData Copy()
    {
        SimFileData copy = new()
        {
            Length = Length,
            _syncedLength = _syncedLength,
            ModifiedMs = ModifiedMs,
            Generation = Generation,
            HasRotted = HasRotted,
            RenamedTo = RenamedTo,
        };
        foreach (byte[]? page in _pages) copy._pages.Add((byte[]?)page?.Clone());
        // What is on disk is never written in place, so both may have it.
        foreach ((int page, Dirty dirty) in _dirty)
            copy._dirty.Add(page, new Dirty(dirty.OnDisk) { IsForgotten = dirty.IsForgotten });
        return copy;
    }

    public void LosePower(Prng prng)
    {
        long length = Length;
        if (Length != _syncedLength)
        {
            int draw = prng.Next(3);
            long low = Math.Min(Length, _syncedLength);
            length = draw switch { 0 => Length, 1 => _syncedLength, _ => prng.Next(low, Math.Max(Length, _syncedLength) + 1) };
        }

        int mode = prng.Next(4);
        foreach ((int page, Dirty dirty) in _dirty)
        {
            bool isKept = !dirty.IsForgotten && (mode == 0 || (mode != 1 && prng.Chance(0.5)));
            if (!isKept && !dirty.IsForgotten && prng.Chance(0.2)) _pages[page] = Tear(_pages[page], dirty.OnDisk, prng);
            else if (!isKept) _pages[page] = dirty.OnDisk;
        }

        _dirty.Clear();
        Length = _syncedLength = length;
        Trim();
        Generation++;
    }

    private static bool IsSame(byte[]? a, byte[]? b, int start, int length)
    {
        if (a is not null && b is not null) return a.AsSpan(start, length).SequenceEqual(b.AsSpan(start, length));
        return (a ?? b) is not { } only || !only.AsSpan(start, length).ContainsAnyExcept((byte)0);
    }

    private static byte[] Tear(byte[]? now, byte[]? onDisk, Prng prng)
    {
        byte[] torn = new byte[PageBytes];
        for (int at = 0; at < PageBytes; at += SectorBytes)
            (prng.Chance(0.5) ? now : onDisk)?.AsSpan(at, SectorBytes).CopyTo(torn.AsSpan(at));
        return torn;
    }

    private void Trim()
    {
        int keep = (int)((Length + PageBytes - 1) / PageBytes);
        if (keep < _pages.Count) _pages.RemoveRange(keep, _pages.Count - keep);
        if (Length % PageBytes == 0 || keep > _pages.Count || _pages[keep - 1] is not { } last) return;
        // The page may be shared with nobody: contents that were on disk are copied before they are cut.
        last = (byte[])last.Clone();
        last.AsSpan((int)(Length % PageBytes)).Clear();
        _pages[keep - 1] = last;
    }

    private byte[] ForWriting(int page)
    {
        while (_pages.Count <= page) _pages.Add(null);
        MarkDirty(page);
        byte[] bytes = _pages[page] ??= new byte[PageBytes];
        if (!ReferenceEquals(bytes, _dirty[page].OnDisk)) return bytes;
        return _pages[page] = (byte[])bytes.Clone();
    }

    private void MarkDirty(int page)
    {
        if (!_dirty.TryGetValue(page, out Dirty? dirty)) _dirty.Add(page, new Dirty(_pages[page]));
        else dirty.IsForgotten = false;
    }
}
