using Moldau.Base;
using Moldau.Client;

namespace Moldau.Faults;

/// <summary>What a client must get from a node that was started again.</summary>
internal static class OnlineCheck
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(90);

    /// <summary>Reads every partition to its end, and asks for topics and committed offsets. What is read is compared by the
    /// ledger as it comes.</summary>
    public static async Task RunAsync(string bootstrap, Ledger ledger, Findings findings, bool isAfterPowerLoss = false)
    {
        using CancellationTokenSource patience = new(_patience);
        await using MoldauClient client = new(bootstrap);
        try
        {
            await AskTopicsAsync(client, ledger, findings, patience.Token);
            // The files say which records a loss of power may have taken; a client cannot tell.
            if (isAfterPowerLoss) return;
            await ReadAsync(client, ledger, findings, patience.Token);
            await AskOffsetsAsync(client, ledger, findings, patience.Token);
        }
        catch (OperationCanceledException)
        {
            findings.Add($"not everything could be read again within {_patience.TotalSeconds} s");
        }
        catch (MoldauException error)
        {
            findings.Add($"after the restart a client was told {error.Message}");
        }
    }

    /// <summary>Reads every partition of the load to its end, while something is the matter.</summary>
    public static async Task ReadAllAsync(string bootstrap, Ledger ledger, Findings findings, string when)
    {
        using CancellationTokenSource patience = new(_patience);
        await using MoldauClient client = new(bootstrap);
        try
        {
            await ReadAsync(client, ledger, findings, patience.Token, isUnderLoad: true);
        }
        catch (Exception error) when (error is OperationCanceledException or MoldauException)
        {
            findings.Add($"{when} not everything can be read: {error.Message}");
        }
    }

    private static async Task ReadAsync(
        MoldauClient client, Ledger ledger, Findings findings, CancellationToken stop, bool isUnderLoad = false)
    {
        // Taken first: under load more is acknowledged while the rest is asked.
        var partitions = ledger.Partitions
            .Where(p => ledger.StateOf(p.Key.Topic) == TopicState.Created)
            .Where(p => !isUnderLoad || LoadTopic.All.Any(t => t.Name == p.Key.Topic))
            .ToDictionary(p => p.Key, p => p.Value.AckedRecords().ByOffset);
        var asked = partitions.ToDictionary(p => p.Key, _ => OffsetSpec.Latest);
        var found = await client.Admin.ListOffsetsAsync(asked, cancel: stop);
        foreach (var (partition, end) in found)
            if (end.Error is { } error) findings.Add($"{partition}: the end of the log is not told: {error.Text}");
        SeenRecords seen = new(ledger);
        var ends = found.Where(f => f.Value.Error is null).ToDictionary(f => f.Key, f => f.Value.Value.Offset);
        ReaderWorker reader = new([.. ends.Keys], seen);
        await reader.ReadToAsync(client, ends, stop);
        foreach (var (partition, byOffset) in partitions)
        {
            var mayShrink = LoadTopic.All.Any(t => t.Name == partition.Topic && t.Shrinks);
            var first = mayShrink ? seen.FirstOf(partition) : 0;
            var unread = Enumerable.Range(0, byOffset.Length)
                .Where(o => byOffset[o] != 0 && o >= first && !seen.Has(partition, o)).ToList();
            if (unread.Count > 0)
                findings.Add($"{partition}: {unread.Count} acknowledged records cannot be read, the first at offset {unread[0]}");
        }
    }

    private static async Task AskTopicsAsync(MoldauClient client, Ledger ledger, Findings findings, CancellationToken stop)
    {
        var there = (await client.Admin.ListTopicsAsync(stop)).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (topic, state) in ledger.Topics)
        {
            if (state == TopicState.Created && !there.Contains(topic)) findings.Add($"topic {topic} was made and is not there");
            if (state == TopicState.Deleted && there.Contains(topic)) findings.Add($"topic {topic} was deleted and is there");
        }
    }

    private static async Task AskOffsetsAsync(MoldauClient client, Ledger ledger, Findings findings, CancellationToken stop)
    {
        var offsets = await client.Admin.ListGroupOffsetsAsync(GroupWorker.Group, stop);
        foreach (var (partition, told) in ledger.Partitions)
        {
            var offset = offsets.TryGetValue(partition, out var committed) ? committed.Offset : -1;
            if (offset < told.LargestAckedCommit)
                findings.Add($"{partition}: {offset} is told as committed, {told.LargestAckedCommit} was acknowledged");
            if (offset > told.LargestCommit)
                findings.Add($"{partition}: {offset} is told as committed, {told.LargestCommit} was asked for");
        }
    }

    /// <summary>Passes on what is read and remembers where that was.</summary>
    private sealed class SeenRecords(Ledger ledger) : ILoadEvents
    {
        private readonly Dictionary<TopicPartition, HashSet<long>> _seen = [];

        public bool Has(TopicPartition partition, long offset) => _seen.TryGetValue(partition, out var seen) && seen.Contains(offset);

        public long FirstOf(TopicPartition partition) =>
            _seen.TryGetValue(partition, out var seen) ? seen.Min() : long.MaxValue;

        public void Read(TopicPartition partition, long offset, long id)
        {
            if (!_seen.TryGetValue(partition, out var seen)) _seen[partition] = seen = [];
            seen.Add(offset);
            ledger.Read(partition, offset, id);
        }

        public void Sent(TopicPartition partition, long id) { }

        public void Acked(TopicPartition partition, long offset, long id) { }

        public void Failed(TopicPartition partition, string error) { }

        public void Committing(TopicPartition partition, long next) { }

        public void Committed(TopicPartition partition, long next) { }

        public void Topic(string name, TopicState state) { }

        public void Trimming(TopicPartition partition, long before) { }
    }
}
