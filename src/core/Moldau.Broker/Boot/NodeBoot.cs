using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Raft;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Why a node cannot start, in one line that says what to do.</summary>
public sealed class BootException(string message) : Exception(message);

/// <summary>What the start found on disk: the node's identity, its log directories, and the metadata log.</summary>
public sealed record BootedNode(
    string ClusterId,
    IReadOnlyList<BootedDirectory> Directories,
    MetadataBoot Metadata,
    IReadOnlyList<IDisposable> Locks,
    IReadOnlyList<string> Notes);

/// <summary>Reads the log directories before the machines start: locks, identity, checkpoints, partition folders, and the
/// whole metadata log. Blocking calls of <see cref="IDisk"/>, run once by the shell or the simulator. May be cut short
/// anywhere and run again.</summary>
public static class NodeBoot
{
    /// <param name="disk">Where the directories are.</param>
    /// <param name="config">Names them.</param>
    /// <param name="prng">For new ids.</param>
    /// <param name="nowMs">Milliseconds since 1970.</param>
    /// <param name="newClusterId">For directories that are formatted now; null: one is made up.</param>
    /// <exception cref="BootException">The node cannot start on these directories.</exception>
    public static BootedNode Run(IDisk disk, BrokerConfig config, Prng prng, long nowMs, string? newClusterId = null)
    {
        List<IDisposable> locks = [];
        try
        {
            return Boot(disk, config, prng, nowMs, newClusterId, locks);
        }
        catch (DiskException e)
        {
            Release(locks);
            throw new BootException($"the log directories cannot be used: {e.Message}");
        }
        catch (BootException)
        {
            Release(locks);
            throw;
        }
    }

    private static BootedNode Boot(IDisk disk, BrokerConfig config, Prng prng, long nowMs, string? newClusterId, List<IDisposable> locks)
    {
        List<string> notes = [];
        List<string> paths = [.. config.LogDirs.Append(config.MetadataLogDir).Distinct(StringComparer.Ordinal)];
        foreach (string path in paths)
        {
            MakeDirectory(disk, path);
            locks.Add(disk.TryLock($"{path}/{LogFileNames.Lock}") ?? throw new BootException(
                $"the data folder {path} is in use by another process: stop that node, or give this one a folder of its own"));
        }

        List<MetaProperties?> metas = [.. paths.Select(p => ReadMeta(disk, p))];
        string? clusterId = metas.Find(m => m is not null)?.ClusterId;
        if (clusterId is null)
        {
            if (!config.StorageAutoFormat)
                throw new BootException($"the data folder {paths[0]} is not formatted: run 'moldau storage format', or set moldau.storage.auto.format=true");
            clusterId = newClusterId ?? prng.NextUuid().ToString();
            notes.Add($"formatted {string.Join(", ", paths)} for the new cluster {clusterId}");
        }

        List<Uuid> ids = [];
        string metadataPath = config.MetadataLogDir;
        for (int i = 0; i < paths.Count; i++)
            ids.Add(Identify(disk, paths[i], metas[i], clusterId, config, prng, paths[i] == metadataPath, nowMs));
        MetadataBoot metadata = MetadataBoot.Read(disk, metadataPath, ids[paths.IndexOf(metadataPath)], config, nowMs);
        List<BootedDirectory> directories = [];
        foreach (string path in config.LogDirs.Distinct(StringComparer.Ordinal))
            directories.Add(ReadDirectory(disk, path, ids[paths.IndexOf(path)], notes));
        DropUnfinished(disk, directories);
        return new BootedNode(clusterId, directories, metadata, locks, notes);
    }

    /// <summary>A new data folder must outlive a power loss as its contents do: until its identity is written, the name is
    /// made durable at each start, with the names of all folders made on the way.</summary>
    private static void MakeDirectory(IDisk disk, string path)
    {
        if (disk.FileExists($"{path}/{LogFileNames.MetaProperties}")) return;
        List<string> parents = [LogFileNames.ParentOf(path)];
        while (parents[^1].Length > 1 && !disk.DirectoryExists(parents[^1])) parents.Add(LogFileNames.ParentOf(parents[^1]));
        disk.CreateDirectory(path);
        foreach (string parent in parents) disk.SyncDirectory(parent);
    }

    private static Uuid Identify(
        IDisk disk,
        string path,
        MetaProperties? meta,
        string clusterId,
        BrokerConfig config,
        Prng prng,
        bool isForMetadata,
        long nowMs)
    {
        if (meta is not null)
        {
            if (meta.ClusterId != clusterId)
                throw new BootException($"the data folder {path} belongs to cluster {meta.ClusterId}, the others to {clusterId}");
            if (meta.NodeId is { } id && id != config.NodeId)
                throw new BootException($"the data folder {path} belongs to node {id}, but node.id is {config.NodeId}");
            if (meta.DirectoryId is { } known) return known;
        }
        else if (HoldsForeignData(disk, path))
        {
            throw new BootException($"the folder {path} holds files but no meta.properties: it is no data folder; choose an empty one");
        }

        Uuid directoryId = MetaProperties.NewDirectoryId(prng);
        if (meta is null)
            NodeFormat.Write(disk, path, new FormatRequest(clusterId, config) { IsStandalone = true }, directoryId, isForMetadata, nowMs);
        else DiskFiles.WriteDurably(disk, $"{path}/{LogFileNames.MetaProperties}", new MetaProperties(clusterId, config.NodeId, directoryId) { Others = meta.Others }.Encode());
        disk.SyncDirectory(path);
        return directoryId;
    }

    /// <summary>A folder without meta.properties may hold what an earlier, interrupted start left, and nothing else.</summary>
    private static bool HoldsForeignData(IDisk disk, string path)
    {
        foreach (string name in disk.List(path))
            if (name != LogFileNames.Lock && !name.StartsWith(LogFileNames.MetaProperties, StringComparison.Ordinal) && name is not ("lost+found" or StorageFormat.OldBootstrapFile or StorageFormat.MetadataFolder))
                return true;
        return false;
    }

    private static MetaProperties? ReadMeta(IDisk disk, string path)
    {
        byte[]? bytes = DiskFiles.ReadWhole(disk, $"{path}/{LogFileNames.MetaProperties}");
        if (bytes is null) return null;
        return MetaProperties.TryDecode(bytes, out string? problem)
            ?? throw new BootException($"{path}/meta.properties cannot be read: {problem}");
    }

    private static BootedDirectory ReadDirectory(IDisk disk, string path, Uuid id, List<string> notes)
    {
        LogDirScan scan = LogDirScan.Run(disk, path);
        notes.AddRange(scan.Notes);
        List<string> folders = [];
        foreach (PartitionFolder folder in scan.Partitions)
        {
            if (folder.Kind == PartitionFolderKind.Deleted) disk.DeleteDirectory(LogFileNames.Join(path, folder.Name));
            bool isLog = folder.Kind == PartitionFolderKind.Current && folder.Name != MetadataBoot.FolderName;
            if (isLog) folders.Add(folder.Name);
        }

        return new BootedDirectory(
            path, id, folders, scan.HadCleanShutdown, scan.CleanBrokerEpoch ?? -1,
            scan.RecoveryPoints, scan.LogStartOffsets, scan.HighWatermarks);
    }

    /// <summary>A replica may have a folder in several directories: where one failed while a replica was being made in it, it
    /// was made elsewhere later. A folder without partition.metadata, which is written last, has no records, and is not the
    /// replica's where there is another.</summary>
    private static void DropUnfinished(IDisk disk, List<BootedDirectory> directories)
    {
        HashSet<string> several = new(StringComparer.Ordinal);
        HashSet<string> all = new(StringComparer.Ordinal);
        foreach (BootedDirectory directory in directories)
            foreach (string folder in directory.Folders)
                if (!all.Add(folder)) several.Add(folder);
        if (several.Count == 0) return;
        bool IsWhole(BootedDirectory d, string folder) => disk.FileExists($"{d.Path}/{folder}/{LogFileNames.PartitionMetadata}");
        several.RemoveWhere(folder => !directories.Exists(d => d.Folders.Contains(folder) && IsWhole(d, folder)));
        for (int i = 0; i < directories.Count; i++)
        {
            BootedDirectory directory = directories[i];
            directories[i] = directory with { Folders = [.. directory.Folders.Where(f => !several.Contains(f) || IsWhole(directory, f))] };
        }
    }

    private static void Release(List<IDisposable> locks)
    {
        foreach (IDisposable taken in locks) taken.Dispose();
    }
}
