using System.Globalization;
using System.Text.Json;
using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>The metadata log as the start found it.</summary>
/// <param name="Folder">Path of <c>__cluster_metadata-0</c>.</param>
/// <param name="DirectoryId">Id of the log directory it is in: the voter's identity (KIP-853).</param>
/// <param name="Job">The executed load of the log itself.</param>
/// <param name="Snapshot">Records of the newest snapshot; null without one.</param>
/// <param name="SnapshotOffset">The first offset that is not in the snapshot.</param>
/// <param name="SnapshotEpoch">Of the record before it.</param>
/// <param name="Batches">The log from the snapshot on.</param>
/// <param name="QuorumEpoch">Epoch in quorum-state; 0 without one.</param>
public sealed record MetadataBoot(
    string Folder,
    Uuid DirectoryId,
    LoadLogJob Job,
    IReadOnlyList<MetadataRecord>? Snapshot,
    long SnapshotOffset,
    int SnapshotEpoch,
    IReadOnlyList<MetadataBatch> Batches,
    int QuorumEpoch)
{
    public const string FolderName = "__cluster_metadata-0";
    private const string CheckpointSuffix = ".checkpoint";

    /// <summary>Records of the bootstrap snapshot: what a new cluster's log begins with.</summary>
    public IReadOnlyList<MetadataRecord> Bootstrap => SnapshotOffset == 0 && Snapshot is { Count: > 0 } ? Snapshot : DefaultBootstrap;

    private static IReadOnlyList<MetadataRecord> DefaultBootstrap { get; } = BootstrapFeatures.Records();

    public static MetadataBoot Read(IDisk disk, string directory, Uuid directoryId, BrokerConfig config, long nowMs)
    {
        string folder = $"{directory}/{FolderName}";
        disk.CreateDirectory(folder);
        (long offset, int epoch, List<MetadataRecord>? snapshot) = ReadSnapshot(disk, directory, folder);
        LoadLogJob job = new(new LoadLogRequest
        {
            Partition = new TopicPartition("__cluster_metadata", 0),
            Folder = folder,
            Config = MetadataLogConfig.Of(config),
            TopicId = Uuid.MetadataTopic,
            // The log is always synced; scanning what is there costs little and trusts nothing.
            HadCleanShutdown = false,
            LogStartOffset = offset,
            NowMs = nowMs,
        })
        {
            LogDirectory = directory,
        };
        job.Execute(disk);
        if (job.Error != DiskError.None) throw new BootException($"the metadata log in {folder} cannot be opened: {job.ErrorText}");
        return new MetadataBoot(
            folder, directoryId, job, snapshot, offset, epoch, ReadBatches(disk, folder, offset), ReadQuorumEpoch(disk, folder));
    }

    private static (long Offset, int Epoch, List<MetadataRecord>? Records) ReadSnapshot(IDisk disk, string directory, string folder)
    {
        string? newest = null;
        (long Offset, int Epoch) id = (0, 0);
        foreach (string name in disk.List(folder))
        {
            if (!TryParse(name, out (long Offset, int Epoch) found) || found.Offset < id.Offset) continue;
            (newest, id) = ($"{folder}/{name}", found);
        }

        // 4.3 and before kept the bootstrap records beside the metadata log.
        string old = $"{directory}/bootstrap.checkpoint";
        if (newest is null && disk.FileExists(old)) newest = old;
        if (newest is null) return (0, 0, null);
        byte[] bytes = DiskFiles.ReadWhole(disk, newest)!; // it was listed
        List<MetadataBatch> batches = MetadataBatch.ReadAll(bytes, out string? error);
        if (error is not null) throw new BootException($"{newest} cannot be read: {error}");
        return (id.Offset, id.Epoch, [.. batches.SelectMany(b => b.Records)]);
    }

    private static bool TryParse(string name, out (long Offset, int Epoch) id)
    {
        id = default;
        return name.Length == 20 + 1 + 10 + CheckpointSuffix.Length
            && name.EndsWith(CheckpointSuffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out id.Offset)
            && int.TryParse(name.AsSpan(21, 10), NumberStyles.None, CultureInfo.InvariantCulture, out id.Epoch);
    }

    private static List<MetadataBatch> ReadBatches(IDisk disk, string folder, long from)
    {
        List<MetadataBatch> batches = [];
        foreach (string name in disk.List(folder))
        {
            if (!name.EndsWith(".log", StringComparison.Ordinal)) continue;
            byte[] bytes = DiskFiles.ReadWhole(disk, $"{folder}/{name}")!; // it was listed
            List<MetadataBatch> read = MetadataBatch.ReadAll(bytes, out string? error);
            if (error is not null) throw new BootException($"{folder}/{name} cannot be read: {error}");
            batches.AddRange(read.Where(b => b.LastOffset >= from));
        }

        return batches;
    }

    private static int ReadQuorumEpoch(IDisk disk, string folder)
    {
        byte[]? bytes = DiskFiles.ReadWhole(disk, $"{folder}/quorum-state");
        if (bytes is null) return 0;
        try
        {
            using JsonDocument json = JsonDocument.Parse(bytes);
            return json.RootElement.GetProperty("leaderEpoch").GetInt32();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BootException($"{folder}/quorum-state cannot be read: {e.Message}");
        }
    }
}

/// <summary>The feature levels of a new cluster: the latest that production nodes of 4.4 finalize.</summary>
internal static class BootstrapFeatures
{
    public static IReadOnlyList<MetadataRecord> Records()
    {
        List<MetadataRecord> records = [Level(MetadataVersion.FeatureName, MetadataVersion.Latest.Level)];
        foreach (SupportedFeature feature in SupportedFeatures.All)
            if (feature.Name is not (MetadataVersion.FeatureName or FeatureNames.KRaft)) records.Add(Level(feature.Name, feature.Max));
        return records;
    }

    private static MetadataRecord Level(string name, short level) =>
        new(new Protocol.FeatureLevelRecord { Name = name, FeatureLevel = level }, 0);
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
