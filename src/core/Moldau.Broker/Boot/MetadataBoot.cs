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
/// <param name="Snapshot">Records of the newest snapshot that is not the bootstrap one.</param>
/// <param name="SnapshotTimestampMs">Of the last record in it.</param>
/// <param name="Bootstrap">What an empty log begins with.</param>
public sealed record MetadataBoot(
    string Folder,
    Uuid DirectoryId,
    LoadLogJob Job,
    RaftStorageState State,
    IReadOnlyList<MetadataRecord> Snapshot,
    long SnapshotTimestampMs,
    IReadOnlyList<MetadataRecord> Bootstrap)
{
    public const string FolderName = StorageFormat.MetadataFolder;

    /// <summary>The first offset that is not in the snapshot.</summary>
    public long SnapshotOffset => State.Snapshot?.Offset ?? 0;

    public static MetadataBoot Read(IDisk disk, string directory, Uuid directoryId, BrokerConfig config, long nowMs)
    {
        string folder = $"{directory}/{FolderName}";
        disk.CreateDirectory(folder);
        Dictionary<OffsetAndEpoch, byte[]> snapshots = ReadSnapshots(disk, folder);
        LoadLogJob job = Load(disk, directory, folder, config, snapshots.Keys.Select(id => id.Offset).DefaultIfEmpty(0).Max(), nowMs);
        RaftFiles files = new()
        {
            Snapshots = snapshots,
            OldBootstrap = DiskFiles.ReadWhole(disk, $"{directory}/{StorageFormat.OldBootstrapFile}"),
            QuorumState = DiskFiles.ReadWhole(disk, $"{folder}/{QuorumStateFile.FileName}"),
            Log = ReadLog(disk, folder),
            ConfiguredVoters = ConfiguredVoters(config),
        };
        RaftStart start = RaftStart.Read(files, out string? error)
            ?? throw new BootException($"the metadata log in {folder} cannot be used: {error}");
        List<MetadataRecord> bootstrap = Decode(start.BootstrapValues, folder);
        return new MetadataBoot(
            folder, directoryId, job, start.State, Decode(start.SnapshotValues, folder), start.SnapshotTimestampMs,
            bootstrap.Count > 0 ? bootstrap : BootstrapMetadata.ForNewCluster(MetadataVersion.Latest));
    }

    private static LoadLogJob Load(IDisk disk, string directory, string folder, BrokerConfig config, long start, long nowMs)
    {
        LoadLogJob job = new(new LoadLogRequest
        {
            Partition = new TopicPartition(RaftNode.MetadataTopic, 0),
            Folder = folder,
            Config = MetadataLogConfig.Of(config),
            TopicId = Uuid.MetadataTopic,
            // The log is always synced; scanning what is there costs little and trusts nothing.
            HadCleanShutdown = false,
            LogStartOffset = start,
            NowMs = nowMs,
        })
        {
            LogDirectory = directory,
        };
        job.Execute(disk);
        if (job.Error != DiskError.None) throw new BootException($"the metadata log in {folder} cannot be opened: {job.ErrorText}");
        return job;
    }

    private static Dictionary<OffsetAndEpoch, byte[]> ReadSnapshots(IDisk disk, string folder)
    {
        Dictionary<OffsetAndEpoch, byte[]> snapshots = [];
        foreach (string name in disk.List(folder))
            if (SnapshotFiles.TryParseName(name, out OffsetAndEpoch id))
                snapshots.Add(id, DiskFiles.ReadWhole(disk, $"{folder}/{name}")!); // it was listed
        return snapshots;
    }

    private static List<MetadataRecord> Decode(IReadOnlyList<byte[]> values, string folder)
    {
        List<MetadataRecord> records = [];
        foreach (byte[] value in values)
        {
            MetadataReadStatus status = MetadataRecords.Read(value, out MetadataRecord record);
            if (status != MetadataReadStatus.Ok)
                throw new BootException($"the metadata snapshot in {folder} holds a record that cannot be read: {status}");
            records.Add(record);
        }

        return records;
    }

    /// <summary>All segments, one after the other. Read after the load, which cut off what was torn.</summary>
    private static byte[] ReadLog(IDisk disk, string folder)
    {
        List<byte[]> segments = [];
        foreach (string name in disk.List(folder))
            if (name.EndsWith(".log", StringComparison.Ordinal))
                segments.Add(DiskFiles.ReadWhole(disk, $"{folder}/{name}")!); // it was listed
        byte[] log = new byte[segments.Sum(s => s.Length)];
        int at = 0;
        foreach (byte[] segment in segments)
        {
            segment.CopyTo(log, at);
            at += segment.Length;
        }

        return log;
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
