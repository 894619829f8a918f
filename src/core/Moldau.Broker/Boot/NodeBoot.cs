using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Raft;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Why a node cannot start, in one line that says what to do.</summary>
public sealed class BootException(string message) : Exception(message);

/// <summary>What the start found on disk: the node's identity, its log directories, and the metadata log.</summary>
/// <param name="ClusterId">Which all directories have.</param>
/// <param name="Directories">Those of log.dirs that can be used; at least one.</param>
/// <param name="Broken">Those that cannot, with the reason.</param>
/// <param name="Metadata">The metadata log.</param>
/// <param name="Locks">Held while the process uses the directories.</param>
/// <param name="Notes">For the log file, one line each.</param>
public sealed record BootedNode(
    string ClusterId,
    IReadOnlyList<BootedDirectory> Directories,
    IReadOnlyList<BrokenDirectory> Broken,
    MetadataBoot Metadata,
    IReadOnlyList<IDisposable> Locks,
    IReadOnlyList<string> Notes);

/// <summary>Reads the log directories before the machines start: locks, identity, checkpoints, partition folders, and the
/// whole metadata log. Blocking calls of <see cref="IDisk"/>, run once by the shell or the simulator. May be cut short
/// anywhere and run again. A directory that cannot be used is left out; the start fails where none can, or the one with the
/// metadata log cannot (docs/design/log-directories.md).</summary>
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
        string metadataPath = config.MetadataLogDir;
        List<StartingDirectory> starting =
            [.. config.LogDirs.Append(metadataPath).Distinct(StringComparer.Ordinal).Select(p => new StartingDirectory(p))];
        foreach (StartingDirectory directory in starting)
        {
            directory.Try(metadataPath, () =>
            {
                MakeDirectory(disk, directory.Path);
                locks.Add(disk.TryLock($"{directory.Path}/{LogFileNames.Lock}") ?? throw new BootException(
                    $"the data folder {directory.Path} is in use by another process: stop that node, or give this one a folder of its own"));
                directory.Meta = ReadMeta(disk, directory);
            });
        }

        string clusterId = ClusterIdOf(starting, config, prng, newClusterId, notes);
        foreach (StartingDirectory directory in starting)
            directory.Try(metadataPath, () => directory.Id = Identify(disk, directory, clusterId, config, prng, nowMs));
        foreach (StartingDirectory directory in starting)
            if (directory is { Meta: null, Failure: null } && starting.Exists(d => d.Meta is not null))
                notes.Add($"{directory.Path} was empty and is formatted as a further log directory, {directory.Id}");
        Uuid metadataId = starting.Find(d => d.Path == metadataPath)!.Id; // it is one of them
        MetadataBoot metadata = MetadataBoot.Read(disk, metadataPath, metadataId, config, nowMs);
        List<StartingDirectory> forLogs = starting.FindAll(d => config.LogDirs.Contains(d.Path));
        foreach (StartingDirectory directory in forLogs)
            directory.Try(metadataPath, () => directory.Found = ReadDirectory(disk, directory.Path, directory.Id, notes));
        DropUnfinished(disk, forLogs, metadataPath);
        List<BrokenDirectory> broken =
            [.. forLogs.Where(d => d.Failure is not null).Select(d => new BrokenDirectory(d.Path, d.Failure!))]; // as asked
        List<BootedDirectory> usable = [.. forLogs.Where(d => d.Failure is null).Select(d => d.Found!)]; // read, as it has not failed
        if (usable.Count == 0)
            throw new BootException($"no log directory can be used: {string.Join("; ", broken.Select(b => $"{b.Path}: {b.Reason}"))}");
        return new BootedNode(clusterId, usable, broken, metadata, locks, notes);
    }

    /// <summary>The cluster that the directories belong to; a new one where none is formatted yet.</summary>
    private static string ClusterIdOf(
        List<StartingDirectory> starting, BrokerConfig config, Prng prng, string? newClusterId, List<string> notes)
    {
        if (starting.Find(d => d.Meta is not null)?.Meta!.ClusterId is { } known) return known; // as asked
        string path = starting[0].Path;
        if (!config.StorageAutoFormat)
            throw new BootException($"the data folder {path} is not formatted: run 'moldau storage format', or set moldau.storage.auto.format=true");
        // What cannot be read may belong to a cluster, which is not to be founded a second time.
        if (starting.Find(d => d.Failure is not null) is { } broken)
            throw new BootException($"no data folder is formatted, and {broken.Path} cannot be used: {broken.Failure}");
        string clusterId = newClusterId ?? prng.NextUuid().ToString();
        notes.Add($"formatted {string.Join(", ", starting.Select(d => d.Path))} for the new cluster {clusterId}");
        return clusterId;
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
        IDisk disk, StartingDirectory directory, string clusterId, BrokerConfig config, Prng prng, long nowMs)
    {
        string path = directory.Path;
        MetaProperties? meta = directory.Meta;
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
        {
            FormatRequest request = new(clusterId, config) { IsStandalone = true };
            NodeFormat.Write(disk, path, request, directoryId, path == config.MetadataLogDir, nowMs);
        }
        else
        {
            byte[] identity = new MetaProperties(clusterId, config.NodeId, directoryId) { Others = meta.Others }.Encode();
            DiskFiles.WriteDurably(disk, $"{path}/{LogFileNames.MetaProperties}", identity);
        }

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

    private static MetaProperties? ReadMeta(IDisk disk, StartingDirectory directory)
    {
        byte[]? bytes = DiskFiles.ReadWhole(disk, $"{directory.Path}/{LogFileNames.MetaProperties}");
        if (bytes is null) return null;
        MetaProperties? meta = MetaProperties.TryDecode(bytes, out string? problem);
        if (meta is null) directory.Failure = $"its meta.properties cannot be read: {problem}";
        return meta;
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
    private static void DropUnfinished(IDisk disk, List<StartingDirectory> directories, string metadataPath)
    {
        HashSet<string> several = new(StringComparer.Ordinal);
        HashSet<string> all = new(StringComparer.Ordinal);
        foreach (StartingDirectory directory in directories)
            foreach (string folder in directory.Folders)
                if (!all.Add(folder)) several.Add(folder);
        if (several.Count == 0) return;
        HashSet<string> whole = new(StringComparer.Ordinal);
        foreach (StartingDirectory directory in directories)
        {
            directory.Try(metadataPath, () =>
            {
                foreach (string folder in directory.Folders.Where(several.Contains).ToArray())
                    if (disk.FileExists($"{directory.Path}/{folder}/{LogFileNames.PartitionMetadata}")) directory.Whole.Add(folder);
            });
            whole.UnionWith(directory.Whole);
        }

        foreach (StartingDirectory directory in directories)
        {
            if (directory.Found is not { } found) continue;
            directory.Found = found with { Folders = [.. found.Folders.Where(f => !whole.Contains(f) || directory.Whole.Contains(f))] };
        }
    }

    private static void Release(List<IDisposable> locks)
    {
        foreach (IDisposable taken in locks) taken.Dispose();
    }

    /// <summary>A log directory while the start looks at it.</summary>
    private sealed class StartingDirectory(string path)
    {
        public string Path => path;

        public MetaProperties? Meta { get; set; }

        public Uuid Id { get; set; }

        public BootedDirectory? Found { get; set; }

        public IReadOnlyList<string> Folders => Found?.Folders ?? [];

        /// <summary>Folders of a name that several directories have which are known to be finished.</summary>
        public HashSet<string> Whole { get; } = new(StringComparer.Ordinal);

        /// <summary>Why it cannot be used; null: nothing has failed yet.</summary>
        public string? Failure { get; set; }

        /// <summary>Does a part of the start's work on this directory, unless an earlier part failed.</summary>
        public void Try(string metadataPath, Action work)
        {
            if (Failure is not null) return;
            try
            {
                work();
            }
            catch (DiskException e)
            {
                Failure = e.Message;
            }

            if (Failure is null) return;
            Found = null;
            if (path == metadataPath)
                throw new BootException($"the data folder {path}, which has the metadata log, cannot be used: {Failure}");
        }
    }
}
