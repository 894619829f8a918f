using Moldau.Base;
using Moldau.Logs;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Raft;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Shell;

/// <summary>Reads the metadata of a cluster out of a node's files. Nothing is written or locked, so the node may run. What is
/// damaged is not read around: the answer would be one that was never true.</summary>
internal sealed class MetadataReader
{
    /// <summary>A node that runs deletes old files between our look at the folder and the reading.</summary>
    private const int Attempts = 5;

    private readonly MetadataLoader _loader = new();
    private readonly List<MetadataRecord> _snapshotRecords = [];
    private MetadataProvenance _lastOfFile = MetadataProvenance.None;
    private short _kraftVersion;
    private VoterSet _voters = VoterSet.Empty;
    private int? _leader;
    private int _leaderEpoch;
    private long _snapshotTimestamp;
    private bool _hasHeader;
    private bool _hasFooter;
    private long _tornBytes;

    private MetadataReader()
    {
    }

    /// <summary>The newest snapshot and the log behind it.</summary>
    /// <param name="folder">The folder of the metadata partition, or the log directory that holds it.</param>
    /// <exception cref="CommandException">Nothing is there, or it is damaged.</exception>
    public static ClusterFiles OfFolder(string folder)
    {
        string inner = Path.Combine(folder, StorageFormat.MetadataFolder);
        if (Directory.Exists(inner)) folder = inner;
        else if (!Directory.Exists(folder)) throw new CommandException($"there is no folder '{folder}'", ExitCodes.NotFound);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return new MetadataReader().ReadFolder(folder);
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException && attempt < Attempts)
            {
                // The next look at the folder finds what took its place.
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new CommandException($"cannot read {folder}: {error.Message}");
            }
        }
    }

    /// <summary>One snapshot, or one segment of the metadata log.</summary>
    /// <param name="path">The file.</param>
    /// <param name="asInFile">The image is said to reach the last offset that the file counts, as Kafka's shell has it; else
    /// the one in the log that a snapshot's name tells.</param>
    /// <exception cref="CommandException">It is damaged, or cannot be read.</exception>
    public static ClusterFiles OfFile(string path, bool asInFile)
    {
        if (!File.Exists(path)) throw new CommandException($"there is no file '{path}'", ExitCodes.NotFound);
        try
        {
            MetadataReader reader = new();
            if (IsSnapshot(path)) reader.LoadSnapshot(path, asInFile);
            else reader.ReadSegment(path, isLast: true, countsControl: false);
            return reader.Result(null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {path}: {error.Message}");
        }
    }

    private ClusterFiles ReadFolder(string folder)
    {
        string? snapshot = Directory.EnumerateFiles(folder, "*" + SnapshotFiles.Suffix)
            .Where(f => SnapshotFiles.TryParseName(Path.GetFileName(f), out _)).Max(StringComparer.Ordinal);
        string[] segments = [.. Directory.EnumerateFiles(folder, "*" + LogFileNames.Log)
            .Where(f => LogFileNames.TryParse(Path.GetFileName(f), LogFileNames.Log, out _)).Order(StringComparer.Ordinal)];
        if (snapshot is null && segments.Length == 0)
            throw new CommandException($"'{folder}' holds no metadata log: neither a snapshot nor a segment", ExitCodes.NotFound);
        if (snapshot is not null) LoadSnapshot(snapshot, asInFile: false);
        for (int i = 0; i < segments.Length; i++)
        {
            // Segments that end before the snapshot does need not be read.
            if (i + 1 < segments.Length && StartOf(segments[i + 1]) <= _loader.Image.Provenance.Offset + 1) continue;
            ReadSegment(segments[i], isLast: i == segments.Length - 1, countsControl: true);
        }

        return Result(snapshot is null ? null : Path.GetFileName(snapshot));
    }

    private ClusterFiles Result(string? snapshot) => new(_loader.Image)
    {
        KRaftVersion = _kraftVersion,
        Voters = _voters,
        Leader = _leader,
        LeaderEpoch = _leaderEpoch,
        Snapshot = snapshot,
        EndsInTransaction = _loader.IsInTransaction,
        TornBytes = _tornBytes,
    };

    private void LoadSnapshot(string path, bool asInFile)
    {
        using SegmentReader reader = new(path);
        while (reader.MoveNext())
        {
            MetadataBatch? batch = Read(reader, path);
            if (batch is null) continue;
            _snapshotRecords.AddRange(batch.Records);
            _lastOfFile = batch.Provenance;
        }

        if (reader.Status != BatchReadStatus.Ok) throw Damaged(path, $"no whole batch at byte {reader.Position}");
        if (!_hasHeader || !_hasFooter) throw Damaged(path, "its header or footer is missing: it is not complete");
        MetadataProvenance provenance = _lastOfFile;
        if (!asInFile && SnapshotFiles.TryParseName(Path.GetFileName(path), out OffsetAndEpoch id))
            provenance = new MetadataProvenance(id.Offset - 1, id.Epoch, _snapshotTimestamp);
        if (_loader.LoadSnapshot(_snapshotRecords, provenance, out _) is { } error) throw Damaged(path, error);
    }

    private void ReadSegment(string path, bool isLast, bool countsControl)
    {
        using SegmentReader reader = new(path);
        while (reader.MoveNext())
        {
            RecordBatchView view = reader.Batch;
            bool isControl = view.IsControl;
            long last = _loader.Image.Provenance.Offset;
            if (countsControl && view.LastOffset <= last && view.IsCrcValid)
            {
                // The snapshot has what it says, and voters of its own, but not who was elected.
                if (isControl) KeepElection(ControlBatch(view));
                continue;
            }

            MetadataBatch? batch = Read(reader, path);
            // What a snapshot replaced is passed over; a log of its own begins anywhere.
            if (countsControl && !_loader.IsInTransaction && view.BaseOffset != last + 1)
                throw Damaged(path, $"offset {last + 1} is due, {view.BaseOffset} follows");
            if (view.BaseOffset <= last) throw Damaged(path, $"offset {view.BaseOffset} comes after {last}");
            if (isControl && !countsControl) continue;
            batch ??= new MetadataBatch(view.BaseOffset, view.LastOffset, view.PartitionLeaderEpoch, view.MaxTimestamp, []);
            if (_loader.Load(batch, out _) is { } error) throw Damaged(path, error);
        }

        if (reader.Status == BatchReadStatus.Ok || reader.IsRestZero()) return;
        if (!isLast || reader.Status != BatchReadStatus.Incomplete) throw Damaged(path, $"no whole batch at byte {reader.Position}");
        _tornBytes = reader.Length - reader.Position;
    }

    /// <summary>The batch under the reader; null for one of Raft's own records, which are kept.</summary>
    private MetadataBatch? Read(SegmentReader reader, string path)
    {
        RecordBatchView view = reader.Batch;
        if (!view.IsV2 || view.LastOffsetDelta < 0) throw Damaged(path, $"no batch of metadata at byte {reader.Position}");
        if (!view.IsCrcValid) throw Damaged(path, $"the batch at byte {reader.Position}, base offset {view.BaseOffset}, has a wrong checksum");
        if (view.IsControl)
        {
            Keep(ControlBatch(view));
            return null;
        }

        return MetadataBatch.Read(view, out string? error) ?? throw Damaged(path, error ?? "a batch cannot be read");
    }

    private static RaftBatch ControlBatch(in RecordBatchView view) =>
        new(view.BaseOffset, view.LastOffset, view.PartitionLeaderEpoch, view.MaxTimestamp, true, view.Bytes.ToArray());

    private void Keep(RaftBatch batch)
    {
        KeepElection(batch);
        foreach ((ControlRecordType type, IMessage? value) in ControlRecords.Read(batch))
        {
            _hasHeader |= type == ControlRecordType.SnapshotHeader;
            _hasFooter |= type == ControlRecordType.SnapshotFooter;
            if (value is SnapshotHeaderRecord header) _snapshotTimestamp = header.LastContainedLogTimestamp;
            if (value is KRaftVersionRecord version) _kraftVersion = version.KRaftVersion;
            if (value is VotersRecord voters) _voters = VoterSet.From(voters);
        }
    }

    private void KeepElection(RaftBatch batch)
    {
        foreach ((_, IMessage? value) in ControlRecords.Read(batch))
            if (value is LeaderChangeMessage change) (_leader, _leaderEpoch) = (change.LeaderId, batch.Epoch);
    }

    /// <summary>A snapshot begins with its header, whatever it is called.</summary>
    private static bool IsSnapshot(string path)
    {
        if (Path.GetExtension(path) != LogFileNames.Log) return true;
        using SegmentReader reader = new(path);
        if (!reader.MoveNext() || !reader.Batch.IsControl || !reader.Batch.IsCrcValid) return false;
        return ControlRecords.Read(ControlBatch(reader.Batch)).Exists(r => r.Type == ControlRecordType.SnapshotHeader);
    }

    private static long StartOf(string path)
    {
        LogFileNames.TryParse(Path.GetFileName(path), LogFileNames.Log, out long offset);
        return offset;
    }

    private static CommandException Damaged(string path, string problem) => new($"{path} is damaged: {problem}; nothing of it is shown");
}
