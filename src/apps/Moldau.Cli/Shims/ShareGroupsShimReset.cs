using System.Globalization;
using System.Text.RegularExpressions;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-share-groups.sh --reset-offsets</c></summary>
internal static class ShareGroupsShimReset
{
    public static async Task RunAsync(ShimContext context)
    {
        string group = context.Arguments.Require("group");
        var described = await context.Admin.ShareGroups.DescribeAsync([group], cancel: context.Cancel).ConfigureAwait(false);
        if (described[group].Error is { Code: not ErrorCode.GroupIdNotFound } error) throw new MoldauException(error);
        if (described[group].Value is { State: not ("Empty" or "Dead") }) throw new ShimUsageException($"Share group '{group}' is not empty.");
        TopicPartition[] partitions = context.Arguments.Has("topic")
            ? await GroupShims.PartitionsAsync(context, context.Arguments.Values("topic")).ConfigureAwait(false)
            : await AllAsync(context, group).ConfigureAwait(false);
        await CheckAsync(context, partitions).ConfigureAwait(false);
        CheckTime(context.Arguments.Value("to-datetime"));
        Dictionary<TopicPartition, CommittedOffset> none = [];
        var targets = await ConsumerGroupsShimReset.TargetsAsync(context, partitions, none).ConfigureAwait(false);
        (TopicPartition Partition, long Offset)[] plan = [.. targets.OrderBy(p => p.Partition)];
        if (context.Arguments.Has("execute")) await ApplyAsync(context, group, plan).ConfigureAwait(false);
        Print(context, group, plan);
    }

    private static async Task<TopicPartition[]> AllAsync(ShimContext context, string group)
    {
        var offsets = await context.Admin.ShareGroups.ListOffsetsAsync(
            new Dictionary<string, IReadOnlyList<TopicPartition>?> { [group] = null }, context.Cancel).ConfigureAwait(false);
        return offsets[group].Error is { } error ? throw new MoldauException(error) : [.. offsets[group].Value!.Keys];
    }

    private static async Task ApplyAsync(ShimContext context, string group, (TopicPartition Partition, long Offset)[] plan)
    {
        IReadOnlyDictionary<TopicPartition, ClientError?> moved;
        try
        {
            moved = await context.Admin.ShareGroups.SetOffsetsAsync(
                group, plan.ToDictionary(p => p.Partition, p => p.Offset), context.Cancel).ConfigureAwait(false);
        }
        catch (MoldauException error) when (error.Error != ErrorCode.UnsupportedVersion)
        {
            ClientError whole = new(error.Error, error.Message);
            moved = plan.ToDictionary(p => p.Partition, _ => (ClientError?)whole);
        }

        TopicPartition[] failed = [.. plan.Select(p => p.Partition).Where(p => moved.GetValueOrDefault(p) is not null)];
        if (failed.Length == 0) return;
        throw new GroupCommandException(
            $"Failed altering group offsets for the following partitions: [{string.Join(", ", failed)}]", ShimErrors.ClassOf(moved[failed[0]]!.Code));
    }

    /// <summary>Partitions that were named one by one are looked for first.</summary>
    private static async Task CheckAsync(ShimContext context, TopicPartition[] partitions)
    {
        string[] topics = [.. partitions.Select(p => p.Topic).Distinct(StringComparer.Ordinal)];
        if (topics.Length == 0) return;
        var described = await context.Admin.DescribeTopicsAsync(topics, context.Cancel).ConfigureAwait(false);
        if (described.Values.FirstOrDefault(d => d.Error is not null).Error is { } error)
            throw new GroupCommandException($"java.util.concurrent.ExecutionException: {ShimErrors.ClassOf(error.Code)}: {ShimErrors.TextOf(error)}");
        TopicPartition[] missing =
            [.. partitions.Where(p => described[p.Topic].Value!.Partitions.All(k => k.Partition != p.Partition)).Order()];
        if (missing.Length > 0)
            throw new GroupCommandException(
                $"The partitions \"{string.Join(',', missing)}\" do not exist", ShimErrors.ClassOf(ErrorCode.UnknownTopicOrPartition));
    }

    /// <summary>Times as Java reads them: all of ISO 8601 down to the milliseconds, with a zone or in that of Greenwich.</summary>
    private static void CheckTime(string? text)
    {
        if (text is null) return;
        const string Class = "java.text.ParseException: ";
        int t = text.IndexOf('T');
        if (t < 0) throw new GroupCommandException(Class + "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format");
        string whole = text.AsSpan(t).IndexOfAny("+-Z") < 0 ? text + "Z" : text;
        bool isTime = Regex.IsMatch(whole, @"^\d+-\d+-\d+T\d+:\d+:\d+\.\d+(Z|[+-]\d\d:\d\d)$", RegexOptions.CultureInvariant)
            && DateTimeOffset.TryParse(whole, CultureInfo.InvariantCulture, out _);
        if (!isTime) throw new GroupCommandException($"{Class}Unparseable date: \"{whole}\"");
    }

    private static void Print(ShimContext context, string group, (TopicPartition Partition, long Offset)[] plan)
    {
        int first = Math.Max(GroupShims.Narrow, group.Length);
        int second = plan.Select(p => p.Partition.Topic.Length).Append(GroupShims.Narrow).Max();
        context.Out.Write($"\n{"GROUP".PadRight(first)} {"TOPIC".PadRight(second)} {"PARTITION",-10} NEW-OFFSET");
        foreach ((TopicPartition partition, long offset) in plan)
            context.Out.Write(string.Create(
                CultureInfo.InvariantCulture, $"\n{group.PadRight(first)} {partition.Topic.PadRight(second)} {partition.Partition,-10} {offset}"));
        context.Out.WriteLine();
    }
}
