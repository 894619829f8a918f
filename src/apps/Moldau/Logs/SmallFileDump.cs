using System.Text;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Storage;

namespace Moldau.Logs;

/// <summary>The files of a log that are read whole: indexes, snapshots, checkpoints.</summary>
internal static class SmallFileDump
{
    private static readonly Column File = new("file", true);

    /// <summary>The rows of a file, by its name; null where it is damaged or none of these.</summary>
    public static CommandResult? Read(string path, byte[] bytes)
    {
        string name = Path.GetFileName(path);
        LogFileNames.TryParseOffset(name, out long baseOffset);
        return Path.GetExtension(name) switch
        {
            LogFileNames.OffsetIndex => Offsets(path, OffsetIndex.TryDecode(baseOffset, bytes, long.MaxValue)),
            LogFileNames.TimeIndex => Times(path, TimeIndex.TryDecode(baseOffset, bytes)),
            LogFileNames.TransactionIndex => Transactions(path, TransactionIndex.TryDecode(baseOffset, bytes)),
            LogFileNames.ProducerSnapshot => Producers(path, ProducerSnapshotFile.TryDecode(bytes)),
            _ => ByName(path, name, bytes),
        };
    }

    private static CommandResult? ByName(string path, string name, byte[] bytes) => name switch
    {
        LogFileNames.LeaderEpochCheckpoint => Epochs(path, LeaderEpochCache.TryDecode(bytes)),
        LogFileNames.RecoveryPointCheckpoint or LogFileNames.LogStartOffsetCheckpoint or LogFileNames.ReplicationOffsetCheckpoint
            or LogFileNames.CleanerOffsetCheckpoint => Checkpoint(path, OffsetCheckpoint.TryDecode(bytes)),
        LogFileNames.PartitionMetadata or LogFileNames.MetaProperties or "bootstrap.checkpoint.properties" => Properties(path, bytes),
        "quorum-state" or LogFileNames.CleanShutdown => Text(path, bytes),
        _ => null,
    };

    private static CommandResult? Offsets(string path, OffsetIndex? index)
    {
        if (index is null) return null;
        CommandResult result = new(File, Column.Number("offset"), Column.Number("position"));
        for (int i = 0; i < index.Count; i++) result.Add(path, index[i].Offset, index[i].Position);
        return result;
    }

    private static CommandResult? Times(string path, TimeIndex? index)
    {
        if (index is null) return null;
        CommandResult result = new(File, Column.Number("timestamp"), Column.Number("offset"));
        for (int i = 0; i < index.Count; i++) result.Add(path, index[i].Timestamp, index[i].Offset);
        return result;
    }

    private static CommandResult? Transactions(string path, TransactionIndex? index)
    {
        if (index is null) return null;
        CommandResult result = new(
            File, Column.Number("producerId"), Column.Number("firstOffset"), Column.Number("lastOffset"), Column.Number("lastStableOffset"));
        for (int i = 0; i < index.Count; i++)
            result.Add(path, index[i].ProducerId, index[i].FirstOffset, index[i].LastOffset, index[i].LastStableOffset);
        return result;
    }

    private static CommandResult? Producers(string path, List<ProducerEntry>? producers)
    {
        if (producers is null) return null;
        CommandResult result = new(
            File, Column.Number("producerId"), Column.Number("epoch"), Column.Number("lastSequence"), Column.Number("lastOffset"),
            Column.Number("lastTimestamp"), Column.Number("coordinatorEpoch"), Column.Number("transactionStart"));
        foreach (ProducerEntry producer in producers)
            result.Add(
                path, producer.ProducerId, (int)producer.Epoch, Known(producer.LastSequence), Known(producer.LastDataOffset),
                Known(producer.LastTimestamp), Known(producer.CoordinatorEpoch), producer.CurrentTransactionFirstOffset);
        return result;
    }

    private static CommandResult? Epochs(string path, LeaderEpochCache? epochs)
    {
        if (epochs is null) return null;
        CommandResult result = new(File, Column.Number("epoch"), Column.Number("startOffset"));
        foreach (EpochEntry entry in epochs.Entries) result.Add(path, entry.Epoch, entry.StartOffset);
        return result;
    }

    private static CommandResult? Checkpoint(string path, SortedDictionary<TopicPartition, long>? offsets)
    {
        if (offsets is null) return null;
        CommandResult result = new(File, new("topic"), Column.Number("partition"), Column.Number("offset"));
        foreach ((TopicPartition partition, long offset) in offsets) result.Add(path, partition.Topic, partition.Partition, offset);
        return result;
    }

    private static CommandResult Properties(string path, byte[] bytes)
    {
        CommandResult result = new(File, new("property"), new("value"));
        const StringSplitOptions Trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n', Trimmed))
        {
            int end = line.IndexOfAny(['=', ':']);
            if (line[0] != '#' && end > 0) result.Add(path, line[..end].Trim(), line[(end + 1)..].Trim());
        }

        return result;
    }

    private static CommandResult Text(string path, byte[] bytes)
    {
        CommandResult result = new(File, new("text"));
        result.Add(path, Encoding.UTF8.GetString(bytes).Trim());
        return result;
    }

    private static object? Known(long value) => value < 0 ? null : value;
}
