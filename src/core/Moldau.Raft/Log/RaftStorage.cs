using Moldau.Base;

namespace Moldau.Raft;

/// <summary>The files of a metadata log directory, read by a job of the start.</summary>
public sealed record RaftFiles
{
    /// <summary>The <c>.checkpoint</c> files of the log's folder by id; unfinished ones (<c>.part</c>) left
    /// out.</summary>
    public IReadOnlyDictionary<OffsetAndEpoch, byte[]> Snapshots { get; init; } = new Dictionary<OffsetAndEpoch,
        byte[]>();

    /// <summary><c>bootstrap.checkpoint</c> beside the folder, as 4.3 and before wrote it.</summary>
    public byte[]? OldBootstrap { get; init; }

    public byte[]? QuorumState { get; init; }

    /// <summary>The recovered log, segment after segment.</summary>
    public ReadOnlyMemory<byte> Log { get; init; }

    /// <summary>The log's start offset; where it is above 0 a snapshot holds what is missing.</summary>
    public long LogStartOffset { get; init; }

    /// <summary>The voters of <c>controller.quorum.voters</c>; empty where the log holds them.</summary>
    public VoterSet ConfiguredVoters { get; init; } = VoterSet.Empty;
}

/// <summary>What a node starts with.</summary>
/// <param name="State">For <see cref="RaftNode"/>.</param>
/// <param name="SnapshotValues">The framed records of the latest snapshot, to be loaded before the log's batches come;
/// empty where the log begins at 0.</param>
/// <param name="SnapshotTimestampMs">Of the last record in that snapshot.</param>
/// <param name="BootstrapValues">The framed records that the controller writes if the log is empty.</param>
public sealed record RaftStart(
    RaftStorageState State,
    IReadOnlyList<byte[]> SnapshotValues,
    long SnapshotTimestampMs,
    IReadOnlyList<byte[]> BootstrapValues)
{
    /// <summary>Null, with the reason in <paramref name="error"/>, where the directory cannot be used.</summary>
    public static RaftStart? Read(RaftFiles files, out string? error)
    {
        error = null;
        QuorumStateFile? quorum = null;
        if (files.QuorumState is { } bytes && (quorum = QuorumStateFile.Read(bytes)) is null)
        {
            error = $"{QuorumStateFile.FileName} is damaged";
            return null;
        }

        // A damaged snapshot is passed over while an older one reaches the log's start.
        SnapshotContent? latest = null;
        OffsetAndEpoch? id = null;
        foreach ((OffsetAndEpoch candidate, byte[] file) in files.Snapshots.OrderByDescending(static s => s.Key))
        {
            latest = SnapshotFiles.Read(file, out string? damage);
            if (latest is null)
            {
                error ??= $"{SnapshotFiles.Name(candidate)}: {damage}";
                continue;
            }

            id = candidate;
            break;
        }

        if ((id?.Offset ?? 0) < files.LogStartOffset)
        {
            error ??= $"the log starts at offset {files.LogStartOffset}, and no snapshot reaches it";
            return null;
        }

        if (latest is null && error is not null && files.Log.IsEmpty) return null;
        error = null;
        SnapshotContent? bootstrap = Bootstrap(files, out error);
        if (error is not null) return null;
        List<RaftBatch> tail = [.. RaftBatch.Split(files.Log).Where(b => b.BaseOffset >= (id?.Offset ?? 0))];
        if (GapIn(tail, Math.Max(files.LogStartOffset, id?.Offset ?? 0)) is { } gap)
        {
            error = gap;
            return null;
        }

        bool isBootstrap = id is null or { Offset: 0 };
        var state = new RaftStorageState
        {
            QuorumState = quorum,
            Snapshot = id,
            SnapshotKRaftVersion = latest?.KRaftVersion ?? 0,
            SnapshotVoters = latest?.Voters ?? VoterSet.Empty,
            ConfiguredVoters = files.ConfiguredVoters,
            LogStartOffset = files.LogStartOffset,
            Tail = tail,
            Epochs = [.. RaftBatch.Split(files.Log).GroupBy(static b => b.Epoch).Select(static g => (g.Key,
                g.First().BaseOffset))],
        };
        return new RaftStart(
            state,
            isBootstrap ? [] : latest!.Values, // an id means a content
            isBootstrap ? -1 : latest!.LastContainedTimestampMs,
            bootstrap?.Values ?? []);
    }

    /// <summary>Recovery lets offsets pass that compaction left out; a metadata log is never compacted.</summary>
    private static string? GapIn(List<RaftBatch> batches, long next)
    {
        foreach (RaftBatch batch in batches)
        {
            if (batch.BaseOffset != next) return $"the log goes on at offset {batch.BaseOffset}, where {next} is missing";
            next = batch.LastOffset + 1;
        }

        return null;
    }

    /// <summary>4.4 keeps the bootstrap records in the snapshot 0-0; 4.3 had only the voters there, and the records in
    /// a
    /// file of their own.</summary>
    private static SnapshotContent? Bootstrap(RaftFiles files, out string? error)
    {
        error = null;
        if (files.Snapshots.TryGetValue(StorageFormat.BootstrapId, out byte[]? first)
            && SnapshotFiles.Read(first, out _) is { Values.Count: > 0 } content)
        {
            return content;
        }

        if (files.OldBootstrap is null) return null;
        content = SnapshotFiles.Read(files.OldBootstrap, out string? damage);
        if (content is null) error = $"{StorageFormat.OldBootstrapFile}: {damage}";
        return content;
    }
}
