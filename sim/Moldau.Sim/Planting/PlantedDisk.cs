using Moldau.Base;
using Moldau.Broker;
using Moldau.Raft;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>A disk that does not do all it is asked to, as if the node had forgotten to ask.</summary>
internal sealed class PlantedDisk(IDisk disk, PlantedBug bug) : IDisk
{
    public IDiskFile Open(string path, DiskOpenMode mode) => new PlantedFile(disk.Open(path, mode), mode, bug);

    public bool FileExists(string path) => disk.FileExists(path);

    public bool DirectoryExists(string path) => disk.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    public void Delete(string path) => disk.Delete(path);

    public void DeleteDirectory(string path) => disk.DeleteDirectory(path);

    public void Rename(string from, string to)
    {
        bool isNew = !disk.FileExists(to);
        if (!isNew && bug == PlantedBug.EpochsNotWritten && EndsWith(to, LogFileNames.LeaderEpochCheckpoint))
        {
            disk.Delete(from);
            return;
        }

        if (bug == PlantedBug.SnapshotMisnamed && SnapshotFiles.TryParseName(NameOf(to), out OffsetAndEpoch id))
            to = to[..^NameOf(to).Length] + SnapshotFiles.Name(id with { Offset = id.Offset + 1 });
        if (bug == PlantedBug.CheckpointsKept && !isNew && EndsWith(to, LogFileNames.LogStartOffsetCheckpoint)) KeepEntries(from, to);
        disk.Rename(from, to);
    }

    /// <summary>What the old file says and the new one does not, or says lower, stays.</summary>
    private void KeepEntries(string from, string to)
    {
        if (OffsetCheckpoint.TryDecode(DiskFiles.ReadWhole(disk, to)) is not { } old) return;
        if (OffsetCheckpoint.TryDecode(DiskFiles.ReadWhole(disk, from)) is not { } written) return;
        foreach ((TopicPartition partition, long offset) in old)
            written[partition] = Math.Max(offset, written.GetValueOrDefault(partition));
        DiskFiles.WriteDurably(disk, from, OffsetCheckpoint.Encode(written));
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static bool EndsWith(string path, string name) => path.EndsWith(name, StringComparison.Ordinal);

    public void SyncDirectory(string path)
    {
        if (bug != PlantedBug.NamesNotSynced) disk.SyncDirectory(path);
    }

    public long LastModifiedMs(string path) => disk.LastModifiedMs(path);

    public (long Total, long Free) Volume(string path) => disk.Volume(path);

    public IDisposable? TryLock(string path) => disk.TryLock(path);
}

/// <summary>A file of such a disk.</summary>
internal sealed class PlantedFile(IDiskFile file, DiskOpenMode mode, PlantedBug bug) : IDiskFile
{
    private const string MetadataFolder = "__cluster_metadata";

    private readonly bool _isLog = file.Path.EndsWith(LogFileNames.Log, StringComparison.Ordinal);
    private readonly bool _isMetadata = file.Path.Contains(MetadataFolder, StringComparison.Ordinal);

    public IDiskFile Inner => file;

    public string Path => file.Path;

    public long Length => IsCut ? Math.Max(0, file.Length - 1) : file.Length;

    private bool IsCut => bug == PlantedBug.RecoveryCutsTail && _isLog && !_isMetadata && mode == DiskOpenMode.Read;

    public int Read(long position, Span<byte> destination)
    {
        int count = file.Read(position, destination);
        if (bug == PlantedBug.ReplayStopsShort && _isLog && file.Path.Contains(InternalTopics.ConsumerOffsets, StringComparison.Ordinal))
            destination[..count][(count / 2)..].Clear();
        return count;
    }

    public int ReadCached(long position, Span<byte> destination) =>
        bug == PlantedBug.ReplayStopsShort ? 0 : file.ReadCached(position, destination);

    public void Write(long position, ReadOnlySpan<byte> source)
    {
        if (bug == PlantedBug.IndexDamaged && file.Path.EndsWith(LogFileNames.OffsetIndex, StringComparison.Ordinal) && source.Length >= 8)
        {
            byte[] damaged = source.ToArray();
            damaged[^1] ^= 1;
            file.Write(position, damaged);
            return;
        }

        try
        {
            file.Write(position, source);
        }
        catch (DiskException) when (bug == PlantedBug.WriteErrorIgnored && _isLog && !_isMetadata)
        {
            // The log would have to be given up now.
        }
    }

    public void Sync()
    {
        if (bug == PlantedBug.SyncForgotten && _isLog && !_isMetadata) return;
        if (bug == PlantedBug.MetadataNotSynced && _isLog && _isMetadata) return;
        try
        {
            file.Sync();
        }
        catch (DiskException) when (bug == PlantedBug.SyncErrorIgnored)
        {
            // The node would have to take its directory offline now.
        }
    }

    public void SetLength(long length) => file.SetLength(length);

    public void Allocate(long length) => file.Allocate(length);

    public void StartWriteback(long position, long length) => file.StartWriteback(position, length);

    public void Dispose() => file.Dispose();
}
