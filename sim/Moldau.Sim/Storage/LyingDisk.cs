using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>A disk that does not do all it is asked to, as if the storage machine had forgotten to ask.</summary>
internal sealed class LyingDisk(IDisk disk, StorageBug bug, Prng prng) : IDisk
{
    /// <summary>What was written as a snapshot before.</summary>
    public byte[]? LastSnapshot { get; set; }

    public IDiskFile Open(string path, DiskOpenMode mode) => new LyingFile(disk.Open(path, mode), mode, bug, prng, this);

    public bool FileExists(string path) => disk.FileExists(path);

    public bool DirectoryExists(string path) => disk.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    public void Delete(string path)
    {
        bool isMark = path.EndsWith(LogFileNames.CleanShutdown, StringComparison.Ordinal);
        if (bug != StorageBug.CleanMarkKept || !isMark) disk.Delete(path);
    }

    public void DeleteDirectory(string path) => disk.DeleteDirectory(path);

    public void Rename(string from, string to)
    {
        bool isEpochs = to.EndsWith(LogFileNames.LeaderEpochCheckpoint, StringComparison.Ordinal);
        bool isKept = bug == StorageBug.EpochsNotCut && isEpochs && disk.FileExists(to);
        if (!isKept) disk.Rename(from, to);
    }

    public void SyncDirectory(string path)
    {
        if (bug != StorageBug.NamesNotSynced) disk.SyncDirectory(path);
    }

    public long LastModifiedMs(string path) => disk.LastModifiedMs(path);

    public (long Total, long Free) Volume(string path) => disk.Volume(path);

    public IDisposable? TryLock(string path) => disk.TryLock(path);
}

/// <summary>A file of such a disk.</summary>
internal sealed class LyingFile(IDiskFile file, DiskOpenMode mode, StorageBug bug, Prng prng, LyingDisk disk) : IDiskFile
{
    private readonly bool _isLog = file.Path.EndsWith(LogFileNames.Log, StringComparison.Ordinal);

    public IDiskFile Inner => file;

    public string Path => file.Path;

    public long Length => bug == StorageBug.RecoveryCutsTail && _isLog && mode == DiskOpenMode.Read
        ? Math.Max(0, file.Length - 1)
        : file.Length;

    public int Read(long position, Span<byte> destination) => file.Read(position, destination);

    public int ReadCached(long position, Span<byte> destination) => file.ReadCached(position, destination);

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        if (bug == StorageBug.VisibleBeforeWritten && _isLog && prng.Chance(0.01)) return;
        bool isIndex = bug == StorageBug.IndexDamaged && source.Length >= OffsetIndex.EntryBytes
            && file.Path.EndsWith(LogFileNames.OffsetIndex, StringComparison.Ordinal);
        bool isSnapshot = bug == StorageBug.SnapshotTooOld && file.Path.EndsWith(LogFileNames.ProducerSnapshot, StringComparison.Ordinal);
        byte[] bytes = source.ToArray();
        if (isIndex) bytes[^1] ^= 1;
        if (isSnapshot) (bytes, disk.LastSnapshot) = (disk.LastSnapshot ?? bytes, bytes);
        file.Write(position, bytes);
    }

    public void Sync()
    {
        if (bug == StorageBug.SyncForgotten && _isLog) return;
        bool isEpochs = file.Path.Contains(LogFileNames.LeaderEpochCheckpoint, StringComparison.Ordinal);
        if (bug == StorageBug.EpochsNotSynced && isEpochs) return;
        try
        {
            file.Sync();
        }
        catch (DiskException) when (bug == StorageBug.SyncErrorIgnored)
        {
            // The log would have to go offline now.
        }
    }

    public void SetLength(long length)
    {
        if (bug != StorageBug.CutForgotten || !_isLog || length >= file.Length) file.SetLength(length);
    }

    public void Allocate(long length) => file.Allocate(length);

    public void StartWriteback(long position, long length) => file.StartWriteback(position, length);

    public void Dispose() => file.Dispose();
}
