using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Raft;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>The metadata log as the start found it.</summary>
/// <param name="Folder">Path of <c>__cluster_metadata-0</c>.</param>
/// <param name="DirectoryId">Id of the log directory it is in: the voter's identity (KIP-853).</param>
/// <param name="Job">The executed load of the log itself.</param>
/// <param name="State">What Raft begins with.</param>
/// <param name="Snapshot">Records of the newest snapshot; for the snapshot 0-0 those a new log begins with.</param>
public sealed record MetadataBoot(
    string Folder, Uuid DirectoryId, LoadLogJob Job, RaftStorageState State, IReadOnlyList<MetadataRecord> Snapshot)
{
    public const string FolderName = StorageFormat.MetadataFolder;

    /// <summary>The first offset that is not in the snapshot.</summary>
    public long SnapshotOffset => State.Snapshot?.Offset ?? 0;

    /// <summary>What an empty log begins with.</summary>
    public IReadOnlyList<MetadataRecord> Bootstrap =>
        SnapshotOffset == 0 && Snapshot.Count > 0 ? Snapshot : BootstrapMetadata.ForNewCluster(MetadataVersion.Latest);

    public static MetadataBoot Read(IDisk disk, string directory, Uuid directoryId, BrokerConfig config, long nowMs)
    {
        string folder = $"{directory}/{FolderName}";
        disk.CreateDirectory(folder);
        (OffsetAndEpoch? id, SnapshotContent? snapshot) = ReadSnapshot(disk, directory, folder);
        LoadLogJob job = new(new LoadLogRequest
        {
            Partition = new TopicPartition(RaftNode.MetadataTopic, 0),
            Folder = folder,
            Config = MetadataLogConfig.Of(config),
            TopicId = Uuid.MetadataTopic,
            // The log is always synced; scanning what is there costs little and trusts nothing.
            HadCleanShutdown = false,
            LogStartOffset = id?.Offset ?? 0,
            NowMs = nowMs,
        })
        {
            LogDirectory = directory,
        };
        job.Execute(disk);
        if (job.Error != DiskError.None) throw new BootException($"the metadata log in {folder} cannot be opened: {job.ErrorText}");
        RaftStorageState state = new()
        {
            QuorumState = ReadQuorumState(disk, folder),
            Snapshot = id,
            SnapshotKRaftVersion = snapshot?.KRaftVersion ?? 0,
            SnapshotVoters = snapshot?.Voters ?? VoterSet.Empty,
            ConfiguredVoters = ConfiguredVoters(config),
            LogStartOffset = id?.Offset ?? 0,
            Tail = ReadTail(disk, folder, id?.Offset ?? 0),
        };
        return new MetadataBoot(folder, directoryId, job, state, Decode(snapshot, folder));
    }

    private static (OffsetAndEpoch? Id, SnapshotContent? Content) ReadSnapshot(IDisk disk, string directory, string folder)
    {
        OffsetAndEpoch? newest = null;
        foreach (string name in disk.List(folder))
            if (SnapshotFiles.TryParseName(name, out OffsetAndEpoch id) && (newest is null || id.Offset >= newest.Value.Offset)) newest = id;
        if (newest is { } found) return (found, ReadSnapshotFile(disk, $"{folder}/{SnapshotFiles.Name(found)}"));
        // 4.3 and before kept the bootstrap records beside the metadata log.
        string old = $"{directory}/{StorageFormat.OldBootstrapFile}";
        return disk.FileExists(old) ? (StorageFormat.BootstrapId, ReadSnapshotFile(disk, old)) : (null, null);
    }

    private static SnapshotContent ReadSnapshotFile(IDisk disk, string path)
    {
        byte[] bytes = DiskFiles.ReadWhole(disk, path)!; // it was listed
        return SnapshotFiles.Read(bytes, out string? error) ?? throw new BootException($"{path} cannot be read: {error}");
    }

    private static List<MetadataRecord> Decode(SnapshotContent? snapshot, string folder)
    {
        List<MetadataRecord> records = [];
        foreach (byte[] value in snapshot?.Values ?? [])
        {
            MetadataReadStatus status = MetadataRecords.Read(value, out MetadataRecord record);
            if (status != MetadataReadStatus.Ok) throw new BootException($"the metadata snapshot in {folder} holds a record that cannot be read: {status}");
            records.Add(record);
        }

        return records;
    }

    /// <summary>The whole batches from the snapshot's end on. Read after the load, which cut off what was torn.</summary>
    private static List<RaftBatch> ReadTail(IDisk disk, string folder, long from)
    {
        List<RaftBatch> batches = [];
        foreach (string name in disk.List(folder))
        {
            if (!name.EndsWith(".log", StringComparison.Ordinal)) continue;
            byte[] bytes = DiskFiles.ReadWhole(disk, $"{folder}/{name}")!; // it was listed
            batches.AddRange(RaftBatch.Split(bytes).Where(b => b.BaseOffset >= from));
        }

        return batches;
    }

    private static QuorumStateFile? ReadQuorumState(IDisk disk, string folder)
    {
        string path = $"{folder}/{QuorumStateFile.FileName}";
        byte[]? bytes = DiskFiles.ReadWhole(disk, path);
        return bytes is null ? null : QuorumStateFile.Read(bytes) ?? throw new BootException($"{path} cannot be read");
    }

    private static VoterSet ConfiguredVoters(BrokerConfig config) => VoterSet.Of(config.ControllerQuorumVoters.Select(v =>
        new VoterNode(
            new ReplicaKey(v.Id, Uuid.Zero),
            [new RaftEndpoint(config.ControllerListenerNames[0], v.Address.Host, (ushort)v.Address.Port)], 0, 0)));
}

/// <summary>How the metadata log is kept: always synced, never compacted, cut by snapshots only.</summary>
internal static class MetadataLogConfig
{
    public static LogConfig Of(BrokerConfig config) => new()
    {
        SegmentBytes = config.MetadataLogSegmentBytes,
        SegmentMs = config.MetadataLogSegmentMs,
        SegmentJitterMs = 0,
        SegmentIndexBytes = 10 * 1024 * 1024,
        IndexIntervalBytes = 4096,
        RetentionMs = -1,
        RetentionBytes = -1,
        FlushMessages = long.MaxValue,
        FlushMs = long.MaxValue,
        FileDeleteDelayMs = 60_000,
        MaxMessageBytes = int.MaxValue,
        MessageTimestampBeforeMaxMs = long.MaxValue,
        MessageTimestampAfterMaxMs = long.MaxValue,
        MessageTimestampType = Records.TimestampType.CreateTime,
        IsDeleted = false,
        IsCompacted = false,
        Preallocate = false,
        ProducerIdExpirationMs = long.MaxValue,
        MaxDecompressedMessageBytes = int.MaxValue,
        SyncsAppends = true,
    };
}
