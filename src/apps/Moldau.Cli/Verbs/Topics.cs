using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>What several verbs ask about topics.</summary>
internal static class Topics
{
    /// <summary>The named topics in the order of the names; those that are not there are told to the tally.</summary>
    public static async Task<List<TopicInfo>> FindAsync(
        CommandContext context, AdminClient admin, IReadOnlyCollection<string> names, Tally tally)
    {
        var described = await admin.DescribeTopicsAsync(names, context.Cancel).ConfigureAwait(false);
        List<TopicInfo> found = [];
        foreach (string name in names.Distinct(StringComparer.Ordinal))
            if (tally.Take(described[name].Error)) found.Add(described[name].Value!);
        return found;
    }

    /// <summary>The named topics, all of them.</summary>
    /// <exception cref="MoldauException">One of them is not there.</exception>
    public static async Task<List<TopicInfo>> RequireAsync(
        CommandContext context, AdminClient admin, IReadOnlyCollection<string> names)
    {
        var described = await admin.DescribeTopicsAsync(names, context.Cancel).ConfigureAwait(false);
        List<TopicInfo> topics = [];
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            Outcome<TopicInfo> outcome = described[name];
            topics.Add(outcome.Error is { } error ? throw new MoldauException(error) : outcome.Value!);
        }

        return topics;
    }

    /// <summary>Topics that fit any of the names, which may have * and ?.</summary>
    /// <exception cref="CommandException">A name fits none.</exception>
    public static async Task<List<TopicInfo>> MatchAsync(CommandContext context, AdminClient admin, IReadOnlyList<string> names)
    {
        if (!names.Any(n => n.AsSpan().ContainsAny('*', '?'))) return await RequireAsync(context, admin, names).ConfigureAwait(false);
        var all = await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        foreach (string name in names)
            if (!all.Any(t => Patterns.Fits(name, t.Name)))
                throw new CommandException($"no topic fits '{name}'; 'moldau topic list' shows what there is", ExitCodes.NotFound);
        return [.. all.Where(t => names.Any(n => Patterns.Fits(n, t.Name)))];
    }

    /// <summary>All partitions. Loops: a query over structures is compiled anew at each start.</summary>
    public static List<TopicPartition> Partitions(IEnumerable<TopicInfo> topics)
    {
        List<TopicPartition> partitions = [];
        foreach (TopicInfo topic in topics)
            foreach (PartitionInfo partition in topic.Partitions) partitions.Add(new TopicPartition(topic.Name, partition.Partition));
        return partitions;
    }

    /// <summary>Offsets of partitions; those that cannot be told are missing.</summary>
    public static async Task<Dictionary<TopicPartition, long>> OffsetsAsync(
        CommandContext context, AdminClient admin, IReadOnlyCollection<TopicPartition> partitions, OffsetSpec spec)
    {
        if (partitions.Count == 0) return [];
        Dictionary<TopicPartition, OffsetSpec> specs = [];
        foreach (TopicPartition partition in partitions) specs[partition] = spec;
        var found = await admin.ListOffsetsAsync(specs, context.Properties.Isolation, context.Cancel).ConfigureAwait(false);
        Dictionary<TopicPartition, long> offsets = [];
        foreach ((TopicPartition partition, Outcome<FoundOffset> outcome) in found)
            if (outcome.IsSuccess && outcome.Value.Offset >= 0) offsets[partition] = outcome.Value.Offset;
        return offsets;
    }

    /// <summary>For each partition the first record that is not older than a time; the end where there is none.</summary>
    public static async Task<Dictionary<TopicPartition, long>> OffsetsAtAsync(
        CommandContext context, AdminClient admin, IReadOnlyCollection<TopicPartition> partitions, DateTimeOffset time)
    {
        var offsets = await OffsetsAsync(context, admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        foreach ((TopicPartition partition, long offset) in
            await OffsetsAsync(context, admin, partitions, OffsetSpec.At(time)).ConfigureAwait(false)) offsets[partition] = offset;
        return offsets;
    }
}
