using Moldau.Base;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Bytes change on the medium while no process runs, so that a recovery meets them. In every partition: offset indexes,
/// producer snapshots and the text files, which cost nothing but time. Records only in topics whose user expects to lose some,
/// behind the header, where the sum tells: a single node has no second copy of them. Left out are time indexes (a wrong time may let
/// retention take a segment, in Apache Kafka too) and the metadata log, which a node of one voter cannot do without.</summary>
internal sealed class RotAtRest(SimNode node, NodeChecker checker, Prng prng)
{
    private const string LosingTopics = "life-";

    /// <summary>How often records may have been lost by it.</summary>
    public int Losses { get; private set; }

    public void Strike(int places)
    {
        List<PartitionChecker> open = checker.Open;
        for (int i = 0; i < places && open.Count > 0; i++)
        {
            switch (prng.Next(8))
            {
                case 0 or 1: Damage(open[prng.Next(open.Count)], LogFileNames.OffsetIndex); break;
                case 2: Damage(open[prng.Next(open.Count)], LogFileNames.ProducerSnapshot); break;
                case 3 or 4: Blank(open[prng.Next(open.Count)].Folder); break;
                default: DamageRecords(open.FindAll(p => p.Topic.StartsWith(LosingTopics, StringComparison.Ordinal))); break;
            }
        }
    }

    /// <summary>A bit flips in one of the partition's files of a kind, or a range of it is zero.</summary>
    private void Damage(PartitionChecker partition, string suffix)
    {
        List<SimFileData> files = [.. LogFolder.Files(node.Disk, partition.Folder, suffix).Select(f => f.File).Where(f => f.Length > 0)];
        if (files.Count == 0) return;
        SimFileData file = files[prng.Next(files.Count)];
        long position = prng.Next(0, file.Length);
        if (prng.Chance(0.5)) Flip(file, position);
        else file.Rot(position, new byte[1 + prng.Next((int)Math.Min(file.Length - position, 512))]);
    }

    /// <summary>A range of zeros in a text file. A digit that becomes another one is believed: the format has no sum.</summary>
    private void Blank(string folder)
    {
        string directory = LogFileNames.ParentOf(folder);
        string path = prng.Next(5) switch
        {
            0 => $"{folder}/{LogFileNames.LeaderEpochCheckpoint}",
            1 => $"{folder}/{LogFileNames.PartitionMetadata}",
            2 => $"{directory}/{LogFileNames.RecoveryPointCheckpoint}",
            3 => $"{directory}/{LogFileNames.LogStartOffsetCheckpoint}",
            _ => $"{directory}/{LogFileNames.ReplicationOffsetCheckpoint}",
        };
        if (node.Disk.Find(path) is not SimFileData { Length: > 0 } file) return;
        long position = prng.Next(0, file.Length);
        file.Rot(position, new byte[1 + prng.Next((int)(file.Length - position))]);
    }

    private void DamageRecords(List<PartitionChecker> losing)
    {
        if (losing.Count == 0) return;
        PartitionChecker partition = losing[prng.Next(losing.Count)];
        if (partition.Some(prng) is not { } found || found.Batch.Size <= RecordBatchLayout.HeaderBytes) return;
        BatchNote batch = found.Batch;
        long position = batch.Position + RecordBatchLayout.HeaderBytes + prng.Next(batch.Size - RecordBatchLayout.HeaderBytes);
        // Recovery may have lost it with the power already.
        if (position >= batch.File.Length || partition.Oracle.Rotten.Contains((batch.BaseOffset, batch.LastOffset))) return;
        Flip(batch.File, position);
        partition.Oracle.Rotten.Add((batch.BaseOffset, batch.LastOffset));
        Losses++;
    }

    private void Flip(SimFileData file, long position)
    {
        byte[] one = new byte[1];
        file.Read(position, one);
        one[0] ^= (byte)(1 << prng.Next(8));
        file.Rot(position, one);
    }
}
