using System.Globalization;
using Moldau.Base;

namespace Moldau.Faults;

/// <summary>What a node that is not running must have on its disk.</summary>
/// <param name="findings">Takes what is wrong.</param>
/// <param name="ledger">What the clients were told.</param>
/// <param name="directories">The log directories.</param>
internal sealed class OfflineCheck(Findings findings, Ledger ledger, IReadOnlyList<string> directories)
{
    private const string OffsetsTopic = "__consumer_offsets";

    /// <summary>The node ended cleanly: no torn batch, indexes whole.</summary>
    public bool IsAfterCleanEnd { get; init; }

    /// <summary>Power was lost: what waits in the page cache only may be gone, from some offset on.</summary>
    public bool IsAfterPowerLoss { get; init; }

    /// <summary>With a loss of power: the whole node acknowledges after a sync.</summary>
    public bool IsAllSynced { get; init; }

    /// <summary>How many acknowledged records were looked for.</summary>
    public long Checked { get; private set; }

    public void Run()
    {
        foreach (var (partition, told) in ledger.Partitions)
        {
            if (ledger.StateOf(partition.Topic) != TopicState.Created) continue;
            if (FolderOf(partition) is not { } folder)
            {
                if (told.AckCount > 0 && !MayBeCut(partition.Topic))
                    findings.Add($"{partition}: no folder, and {told.AckCount} records were acknowledged");
                continue;
            }

            Check(partition, told, StoredLog.Read(folder, mayBeTorn: !IsAfterCleanEnd));
        }

        if (!IsAfterPowerLoss || IsAllSynced) CheckCommitted();
    }

    private void Check(TopicPartition partition, PartitionLedger told, StoredLog log)
    {
        foreach (var problem in log.Problems.Take(3)) findings.Add($"{partition}: {problem}");
        var topic = LoadTopic.All.FirstOrDefault(t => t.Name == partition.Topic);
        var mayShrink = topic?.Shrinks == true;
        if (log.Start > 0 && !mayShrink) findings.Add($"{partition}: begins at {log.Start}, and nobody deleted anything");
        CheckProducers(partition, told, log);
        var mayBeCut = MayBeCut(partition.Topic);
        var (byOffset, somewhere) = told.AckedRecords();
        CheckKnown(partition, log, byOffset, "acknowledged", mayBeCut);
        CheckKnown(partition, log, told.ReadRecords(), "read", mayBeCut);
        if (mayBeCut) return;
        var stored = somewhere.Length == 0 ? [] : log.Ids.ToHashSet();
        foreach (var id in somewhere.Where(id => !stored.Contains(id) && !mayShrink).Take(3))
            findings.Add($"{partition}: {Payload.Text(id)} was acknowledged and is nowhere");
        Checked += byOffset.Count(id => id != 0) + somewhere.Length;
    }

    private bool MayBeCut(string topic) =>
        IsAfterPowerLoss && !IsAllSynced && !LoadTopic.All.Any(t => t.Name == topic && t.IsSynced);

    /// <summary>What was told of an offset is there. At most one finding each: the first says where to look.</summary>
    private void CheckKnown(TopicPartition partition, StoredLog log, long[] known, string what, bool mayBeCut)
    {
        long missing = 0;
        for (var offset = log.Start; offset < known.Length; offset++)
        {
            if (known[offset] == 0) continue;
            if (offset >= log.End)
            {
                if (!mayBeCut && missing++ == 0)
                    findings.Add($"{partition}: offset {offset} was {what}, the log ends at {log.End}{(log.IsTorn ? ", torn" : "")}");
                continue;
            }

            var stored = log.Ids[(int)(offset - log.Start)];
            if (stored == known[offset]) continue;
            findings.Add($"{partition}: {Payload.Text(known[offset])} was {what} at offset {offset}, there is {Payload.Text(stored)}");
            return;
        }
    }

    /// <summary>Each producer's records stand in its order, none twice, none that it did not send.</summary>
    private void CheckProducers(TopicPartition partition, PartitionLedger told, StoredLog log)
    {
        Dictionary<int, long> last = [];
        for (var i = 0; i < log.Ids.Count; i++)
        {
            var id = log.Ids[i];
            var problem = id == 0 ? "is not what anybody sent"
                : !told.WasSent(id) ? $"is {Payload.Text(id)}, which was not sent"
                : last.TryGetValue(Payload.WorkerOf(id), out var before) && before >= Payload.SequenceOf(id)
                    ? $"is {Payload.Text(id)}, behind its record {before}"
                : null;
            if (problem is not null)
            {
                findings.Add($"{partition}: offset {log.Start + i} {problem}");
                return;
            }

            last[Payload.WorkerOf(id)] = Payload.SequenceOf(id);
        }
    }

    private void CheckCommitted()
    {
        var records = directories.SelectMany(d => Directory.GetDirectories(d, OffsetsTopic + "-*"))
            .Where(f => int.TryParse(Path.GetFileName(f).AsSpan(OffsetsTopic.Length + 1), NumberStyles.None, null, out _))
            .SelectMany(f => StoredLog.Read(f, mayBeTorn: !IsAfterCleanEnd, keepsRecords: true).KeyedRecords);
        var stored = StoredOffsets.Of(GroupWorker.Group, records);
        foreach (var (partition, told) in ledger.Partitions)
        {
            var offset = stored.TryGetValue(partition, out var found) ? found : -1;
            // Asked in this order: a commit is on its way before it is acknowledged.
            if (offset < told.LargestAckedCommit)
                findings.Add($"{partition}: committed {told.LargestAckedCommit} was acknowledged, {offset} is stored");
            if (offset > told.LargestCommit)
                findings.Add($"{partition}: {offset} is stored as committed, the group has read up to {told.LargestCommit}");
        }
    }

    private string? FolderOf(TopicPartition partition)
    {
        var folders = directories.Select(d => Path.Combine(d, $"{partition.Topic}-{partition.Partition}")).Where(Directory.Exists).ToList();
        if (folders.Count > 1) findings.Add($"{partition}: is in two log directories");
        return folders.FirstOrDefault();
    }
}
