using Moldau.Base;
using Moldau.Metadata;
using Moldau.Raft;
using Moldau.Storage;

namespace Moldau.Broker;

internal sealed partial class QuorumLog
{
    private readonly Dictionary<DiskOp, Action> _reads = [];

    /// <summary>Writes the committed image as a snapshot, so that the log before it may go.</summary>
    private void TakeSnapshot()
    {
        MetadataImage image = _machine.Image;
        List<byte[]> values = [];
        foreach (MetadataRecord record in image.ToRecords()) values.Add(MetadataRecords.Write(record));
        _node.WriteSnapshot(values, image.Provenance.Offset + 1, image.Provenance.TimestampMs, _machine.Now, _effects);
    }

    private void Write(WriteSnapshotFile snapshot)
    {
        WriteFileJob write = new()
        {
            LogDirectory = _log.LogDirectory,
            OrderKey = this,
            Path = $"{_boot.Folder}/{snapshot.FileName}",
            Contents = snapshot.Content,
        };
        write.Owner = (Action<DiskOp>)(_ =>
        {
            if (write.Error != DiskError.None)
            {
                _machine.Options.Log.Raft.Error($"the metadata snapshot {snapshot.FileName} was not written: {write.ErrorText}");
                return;
            }

            _node.OnSnapshotWritten(snapshot.Id, _effects);
            Perform();
        });
        _machine.DiskOps.Add(write);
    }

    private void DeleteBefore(long offset)
    {
        _log.AdvanceLogStart(offset, _machine.Now, _machine.DiskOps);
        _log.Sweep(_machine.Now, _machine.DiskOps);
        DeleteSnapshotsJob delete = new(_boot.Folder, offset) { LogDirectory = _log.LogDirectory, OrderKey = this };
        delete.Owner = (Action<DiskOp>)(_ =>
        {
            if (delete.Error != DiskError.None)
                _machine.Options.Log.Raft.Warn($"old metadata snapshots were not deleted: {delete.ErrorText}");
        });
        _machine.DiskOps.Add(delete);
    }

    private void Read(ReadLog read, LocateJob? located = null)
    {
        ReadResult result = _log.Read(read.Offset, read.MaxBytes, _log.WrittenEnd, minOneMessage: true, _machine.Now, located);
        if (result is { Status: ReadStatus.NeedsJob, Job: { } job })
        {
            _reads.Add(job, () => Read(read, job));
            _machine.DiskOps.Add(job);
            return;
        }

        if (result.Slice is not { } slice)
        {
            Answer([]);
            return;
        }

        ReadSliceJob copy = new() { LogDirectory = _log.LogDirectory, Slice = slice, Data = _machine.Pool.Rent(slice.Length) };
        copy.Owner = (Action<DiskOp>)(_ =>
        {
            slice.Release();
            Answer(copy.Data.Span[..copy.BytesRead].ToArray());
            copy.Data.Release();
        });
        _machine.DiskOps.Add(copy);

        void Answer(byte[] bytes)
        {
            _node.OnLogRead(read.Token, bytes, _machine.Now, _effects);
            Perform();
        }
    }

    private void Read(ReadSnapshot read)
    {
        ReadFileJob job = new($"{_boot.Folder}/{SnapshotFiles.Name(read.Id)}", read.Position, read.MaxBytes)
        {
            LogDirectory = _log.LogDirectory,
        };
        job.Owner = (Action<DiskOp>)(_ =>
        {
            _node.OnSnapshotRead(read.Token, job.Bytes, job.Error == DiskError.None ? job.FileSize : -1, _effects);
            Perform();
        });
        _machine.DiskOps.Add(job);
    }
}

/// <summary>Reads part of a file.</summary>
internal sealed class ReadFileJob(string path, long position, int maxBytes) : JobOp
{
    public byte[] Bytes { get; private set; } = [];

    public long FileSize { get; private set; }

    protected override void Run(IDisk disk)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.Read);
        FileSize = file.Length;
        byte[] bytes = new byte[Math.Clamp(FileSize - position, 0, maxBytes)];
        int read = DiskFiles.ReadFully(file, position, bytes);
        Bytes = read == bytes.Length ? bytes : bytes[..read];
    }
}

/// <summary>Deletes the snapshots that end before an offset; the newest one never does.</summary>
internal sealed class DeleteSnapshotsJob(string folder, long before) : JobOp
{
    protected override void Run(IDisk disk)
    {
        bool isDeleted = false;
        foreach (string name in disk.List(folder))
        {
            if (!SnapshotFiles.TryParseName(name, out OffsetAndEpoch id) || id.Offset >= before) continue;
            disk.Delete($"{folder}/{name}");
            isDeleted = true;
        }

        if (isDeleted) disk.SyncDirectory(folder);
    }
}
