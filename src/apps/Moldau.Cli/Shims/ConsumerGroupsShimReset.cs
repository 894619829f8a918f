using System.Globalization;
using System.Xml;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-consumer-groups.sh --reset-offsets</c></summary>
internal static class ConsumerGroupsShimReset
{
    private static readonly string[] Ways =
        ["to-offset", "to-datetime", "by-duration", "to-earliest", "to-latest", "shift-by", "from-file", "to-current"];

    public static async Task RunAsync(ShimContext context, IReadOnlyList<string> names)
    {
        ShimArguments arguments = context.Arguments;
        if (Ways.Count(arguments.Has) > 1) throw new ShimUsageException($"Option [reset-offsets] only accepts one of {string.Join(", ", Ways.Select(w => $"[{w}]"))}");
        List<(string Group, TopicPartition Partition, long Offset)> plan = [];
        foreach (string name in names)
        {
            GroupDescription group = await context.Admin.DescribeGroupAsync(name, context.Cancel).ConfigureAwait(false);
            if (group.State is not ("Empty" or "Dead"))
            {
                ConsumerGroupsShim.Complain(context, $"Assignments can only be reset if the group '{name}' is inactive, but the current state is {group.State}.");
                continue;
            }

            var committed = await context.Admin.ListGroupOffsetsAsync(name, context.Cancel).ConfigureAwait(false);
            if (arguments.Value("from-file") is { } file)
            {
                plan.AddRange(FromFile(file, name));
                continue;
            }

            TopicPartition[] partitions = await ScopeAsync(context, committed.Keys).ConfigureAwait(false);
            foreach ((TopicPartition partition, long offset) in await TargetsAsync(context, partitions, committed).ConfigureAwait(false))
                plan.Add((name, partition, offset));
        }

        if (arguments.Has("execute")) await ApplyAsync(context, plan).ConfigureAwait(false);
        Print(context, plan, names.Count > 1);
    }

    private static async Task<TopicPartition[]> ScopeAsync(ShimContext context, IEnumerable<TopicPartition> committed)
    {
        if (context.Arguments.Has("all-topics")) return [.. committed.Order()];
        IReadOnlyList<string> topics = context.Arguments.Values("topic");
        if (topics.Count == 0) throw new ShimUsageException("One of the reset scopes should be defined: --all-topics, --topic.");
        List<TopicPartition> partitions = [];
        foreach (string topic in topics)
        {
            partitions.AddRange(await ConsumerGroupsShim.PartitionsAsync(context, topic, mayMiss: false).ConfigureAwait(false));
        }
        return [.. partitions.Order()];
    }

    /// <summary>Where each partition is to go.</summary>
    public static async Task<IEnumerable<(TopicPartition Partition, long Offset)>> TargetsAsync(
        ShimContext context, TopicPartition[] partitions, IReadOnlyDictionary<TopicPartition, CommittedOffset> committed)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Has("to-earliest")) return Listed(partitions, await EndsAsync(context, partitions, OffsetSpec.Earliest).ConfigureAwait(false));
        var ends = await EndsAsync(context, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        if (arguments.Has("to-latest")) return Listed(partitions, ends);
        if (arguments.Has("to-current")) return partitions.Select(p => (p, committed.TryGetValue(p, out CommittedOffset at) ? at.Offset : ends[p]));
        if (Time(arguments) is { } time) return await AtTimeAsync(context, partitions, time, ends).ConfigureAwait(false);
        long? to = arguments.Number("to-offset");
        long? by = arguments.Number("shift-by");
        if (to is null && by is null)
            throw new ShimUsageException(
                "Option '--reset-offsets' requires one of the following scenarios: --to-offset, --to-datetime, --by-duration, "
                + "--to-earliest, --to-latest, --shift-by, --from-file, --to-current");
        var starts = await EndsAsync(context, partitions, OffsetSpec.Earliest).ConfigureAwait(false);
        return partitions.Select(p => (p, Within(context, p, to ?? Committed(committed, p) + by!.Value, starts[p], ends[p]))).ToArray();
    }

    private static long Committed(IReadOnlyDictionary<TopicPartition, CommittedOffset> committed, TopicPartition partition) =>
        committed.TryGetValue(partition, out CommittedOffset at)
            ? at.Offset
            : throw new ShimUsageException($"Cannot shift offset for partition {partition} since there is no current committed offset");

    private static long Within(ShimContext context, TopicPartition partition, long offset, long start, long end)
    {
        if (offset > end)
        {
            context.Error.WriteLine($"WARN New offset ({offset}) is higher than latest offset for topic partition {partition}. Value will be set to {end}");
            return end;
        }

        if (offset >= start) return offset;
        context.Error.WriteLine($"WARN New offset ({offset}) is lower than earliest offset for topic partition {partition}. Value will be set to {start}");
        return start;
    }

    private static DateTimeOffset? Time(ShimArguments arguments)
    {
        if (arguments.Value("by-duration") is { } duration)
        {
            try
            {
                return DateTimeOffset.UtcNow - XmlConvert.ToTimeSpan(duration);
            }
            catch (FormatException)
            {
                throw new ShimUsageException("Text cannot be parsed to a Duration");
            }
        }

        if (arguments.Value("to-datetime") is not { } text) return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new ShimUsageException($"Unparseable date: \"{text}\"");
    }

    private static async Task<IEnumerable<(TopicPartition Partition, long Offset)>> AtTimeAsync(
        ShimContext context, TopicPartition[] partitions, DateTimeOffset time, Dictionary<TopicPartition, long> ends)
    {
        var found = await context.Admin
            .ListOffsetsAsync(partitions.ToDictionary(p => p, _ => OffsetSpec.At(time)), cancel: context.Cancel)
            .ConfigureAwait(false);
        List<(TopicPartition, long)> targets = [];
        foreach (TopicPartition partition in partitions)
        {
            long offset = found[partition] is { IsSuccess: true } outcome ? outcome.Value.Offset : -1;
            if (offset < 0)
                context.Out.WriteLine($"\nWarn: Partition {partition.Partition} from topic {partition.Topic} is empty. Falling back to latest known offset.");
            targets.Add((partition, offset < 0 ? ends[partition] : offset));
        }

        return targets;
    }

    private static async Task<Dictionary<TopicPartition, long>> EndsAsync(ShimContext context, TopicPartition[] partitions, OffsetSpec spec)
    {
        if (partitions.Length == 0) return [];
        var found = await context.Admin
            .ListOffsetsAsync(partitions.ToDictionary(p => p, _ => spec), cancel: context.Cancel)
            .ConfigureAwait(false);
        if (found.Values.FirstOrDefault(f => f.Error is not null).Error is { } error) throw new MoldauException(error);
        return found.ToDictionary(f => f.Key, f => f.Value.Value.Offset);
    }

    private static IEnumerable<(TopicPartition, long)> Listed(TopicPartition[] partitions, Dictionary<TopicPartition, long> offsets) =>
        partitions.Select(p => (p, offsets[p]));

    /// <summary>Lines of topic, partition, offset, or with the group before them.</summary>
    private static IEnumerable<(string, TopicPartition, long)> FromFile(string file, string group)
    {
        if (!File.Exists(file)) throw new ShimUsageException($"{file} (No such file or directory)");
        foreach (string line in File.ReadLines(file).Where(l => l.Trim().Length > 0))
        {
            string[] fields = [.. line.Split(',').Select(f => f.Trim().Trim('"'))];
            int at = fields.Length - 3;
            if (at is < 0 or > 1 || !int.TryParse(fields[at + 1], out int partition) || !long.TryParse(fields[at + 2], out long offset))
                throw new ShimUsageException($"Unable to parse the line '{line}' of {file}");
            if (at == 0 || fields[0] == group) yield return (group, new TopicPartition(fields[at], partition), offset);
        }
    }

    private static async Task ApplyAsync(ShimContext context, List<(string Group, TopicPartition Partition, long Offset)> plan)
    {
        foreach (var group in plan.GroupBy(p => p.Group))
        {
            var moved = await context.Admin.SetGroupOffsetsAsync(
                group.Key, group.ToDictionary(p => p.Partition, p => new CommittedOffset(p.Offset)), context.Cancel).ConfigureAwait(false);
            if (moved.FirstOrDefault(m => m.Value != ErrorCode.None) is { Value: not ErrorCode.None } wrong)
                throw new MoldauException(new ClientError(wrong.Value, $"the offset of {wrong.Key} was not set"));
        }
    }

    private static void Print(ShimContext context, List<(string Group, TopicPartition Partition, long Offset)> plan, bool hasGroups)
    {
        if (context.Arguments.Has("export"))
        {
            foreach ((string group, TopicPartition partition, long offset) in plan)
                context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(hasGroups ? group + "," : "")}{partition.Topic},{partition.Partition},{offset}"));
            context.Out.WriteLine();
            return;
        }

        if (plan.Count == 0) return;
        int first = plan.Select(p => p.Group.Length).Append(15).Max();
        int second = plan.Select(p => p.Partition.Topic.Length).Append(15).Max();
        context.Out.WriteLine($"\n{"GROUP".PadRight(first)} {"TOPIC".PadRight(second)} {"PARTITION",-10} NEW-OFFSET");
        foreach ((string group, TopicPartition partition, long offset) in plan)
            context.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{group.PadRight(first)} {partition.Topic.PadRight(second)} {partition.Partition,-10} {offset}"));
    }
}
