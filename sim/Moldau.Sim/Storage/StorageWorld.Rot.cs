using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Bit rot: bytes change on the medium without anybody having written them.</summary>
internal sealed partial class StorageWorld
{
    private readonly List<(SimFileData File, long Position, byte[] Right, byte[] Rotten)> _rotten = [];

    private static readonly (string Suffix, RotKinds Kind)[] RotTargets =
    [
        (LogFileNames.Log, RotKinds.Log), (LogFileNames.OffsetIndex, RotKinds.OffsetIndex),
        (LogFileNames.TimeIndex, RotKinds.TimeIndex), (LogFileNames.ProducerSnapshot, RotKinds.Snapshots),
    ];

    private void LetRot(StoragePartition p)
    {
        if (p.TopicId is null) return;
        int draw = _prng.Next(10);
        if (draw == 9)
        {
            LetTextRot(p);
            return;
        }

        (string suffix, RotKinds kind) = RotTargets[draw < 5 ? 0 : draw < 7 ? 1 : draw - 5];
        SimFileData[] files = [.. LogFolder.Files(Disk, p.Folder, suffix).Select(static f => f.File).Where(static f => f.Length > 0)];
        if (files.Length == 0) return;
        SimFileData file = files[_prng.Next(files.Length)];
        long position = _prng.Next(0, file.Length);
        byte[] bytes = Damage(file, position, files);
        if (bytes.Length == 0) return;
        byte[] old = new byte[bytes.Length];
        file.Read(position, old);
        if (old.AsSpan().SequenceEqual(bytes)) return;
        _rotten.Add((file, position, old, bytes));
        file.Rot(position, bytes);
        p.Rot |= kind;
        Counts.Rots++;
    }

    /// <summary>A bit flips, a range is zero, or a block of another place stands here: misplaced, or one that was lost.</summary>
    private byte[] Damage(SimFileData file, long position, SimFileData[] others)
    {
        int room = (int)Math.Min(file.Length - position, 512);
        switch (_prng.Next(4))
        {
            case 0 or 1:
                byte[] one = new byte[1];
                file.Read(position, one);
                one[0] ^= (byte)(1 << _prng.Next(8));
                return one;
            case 2:
                return new byte[1 + _prng.Next(room)];
            default:
                SimFileData other = others[_prng.Next(others.Length)];
                byte[] block = new byte[1 + _prng.Next(room)];
                int n = other.Read(_prng.Next(0, other.Length), block);
                return block[..n];
        }
    }

    /// <summary>A range of zeros in one of the text files. A digit that becomes another digit is believed: their format has no
    /// sum.</summary>
    private void LetTextRot(StoragePartition p)
    {
        string path = _prng.Next(4) switch
        {
            0 => $"{p.Folder}/{LogFileNames.LeaderEpochCheckpoint}",
            1 => $"{p.Folder}/{LogFileNames.PartitionMetadata}",
            2 => $"{p.Directory}/{LogFileNames.RecoveryPointCheckpoint}",
            _ => $"{p.Directory}/{LogFileNames.LogStartOffsetCheckpoint}",
        };
        if (Disk.Find(path) is not SimFileData { Length: > 0 } file) return;
        long position = _prng.Next(0, file.Length);
        file.Rot(position, new byte[1 + _prng.Next((int)(file.Length - position))]);
        Counts.Rots++;
    }

    private long FirstRotten(StoragePartition p, out bool isRotten)
    {
        isRotten = (p.Rot & RotKinds.Log) != 0;
        if (!isRotten) return long.MaxValue;
        foreach (ModelBatch batch in p.Model.Batches)
        {
            // What a load did not find behind a rotten header is as good as rotten: the next one need not find it either.
            bool isOutOfReach = batch.File is null && batch.NextOffset <= p.Model.Written && Disk.Find(batch.Path) is SimFileData;
            if (isOutOfReach || (batch.File is not null && !batch.IsWhole())) return batch.BaseOffset;
        }

        return long.MaxValue;
    }

    /// <summary>Whether a batch of the segment that holds the offset is damaged: the way through it may end there.</summary>
    private static bool IsNearRot(StoragePartition p, long offset)
    {
        if ((p.Rot & RotKinds.Log) == 0) return false;
        int index = p.Model.IndexFrom(offset);
        if (index == p.Model.Batches.Count) return false;
        SimFileData? segment = p.Model.Batches[index].File;
        long start = p.Model.Start;
        return segment is null || p.Model.Batches.Exists(
            b => b.File is null ? b.LastOffset >= start : ReferenceEquals(b.File, segment) && !b.IsWhole());
    }

    /// <summary>Somebody puts the right bytes back, as from a copy: all must be readable then.</summary>
    private void RepairRot()
    {
        for (int i = _rotten.Count - 1; i >= 0; i--)
        {
            (SimFileData file, long position, byte[] right, byte[] rotten) = _rotten[i];
            byte[] now = new byte[rotten.Length];
            // Recovery may have cut the damage off, or written the file again.
            if (file.Read(position, now) == now.Length && now.AsSpan().SequenceEqual(rotten)) file.Rot(position, right);
        }

        _rotten.Clear();
    }
}
