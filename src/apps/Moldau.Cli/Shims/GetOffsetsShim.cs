using System.Globalization;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-get-offsets.sh</c></summary>
internal static class GetOffsetsShim
{
    public static readonly Shim Shim = new(
        "kafka-get-offsets",
        "bootstrap-server: topic: topic-partitions: partitions: time: command-config: exclude-internal-topics help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        string bootstrap = arguments.Require("bootstrap-server");
        if (arguments.Has("topic-partitions") && (arguments.Has("topic") || arguments.Has("partitions")))
            throw new ShimUsageException("--topic-partitions cannot be used with --topic or --partitions");
        OffsetSpec spec;
        if (SpecOf(arguments.Value("time") ?? "latest") is { } known) spec = known;
        else
        {
            context.Error.WriteLine(
                $"Error occurred: Malformed time argument {arguments.Value("time")}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / "
                + "-4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp");
            return ExitCodes.Failed;
        }

        context.AddPropertiesFile(arguments.Value("command-config"));
        context.Connect(bootstrap, "listTopics");
        var topics = await context.Admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        TopicPartition[] partitions = [.. topics
            .Where(t => !t.IsInternal || !arguments.Has("exclude-internal-topics"))
            .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Name, p.Partition)))
            .Where(p => IsWanted(arguments, p)).Order()];
        if (partitions.Length == 0)
        {
            context.Error.WriteLine("Error occurred: Could not match any topic-partitions with the specified filters");
            return ExitCodes.Failed;
        }

        var found = await context.Admin
            .ListOffsetsAsync(partitions.ToDictionary(p => p, _ => spec), cancel: context.Cancel)
            .ConfigureAwait(false);
        foreach (TopicPartition partition in partitions)
        {
            Outcome<FoundOffset> outcome = found[partition];
            if (!outcome.IsSuccess)
            {
                string text = ShimErrors.TextOf(outcome.Error!);
                context.Error.WriteLine($"Skip getting offsets for topic-partition {partition} due to error: {text}");
            }
            else if (outcome.Value.Offset >= 0)
            {
                string line = string.Create(CultureInfo.InvariantCulture, $"{partition.Topic}:{partition.Partition}:{outcome.Value.Offset}");
                context.Out.WriteLine(line);
            }
        }

        return ExitCodes.Ok;
    }

    private static OffsetSpec? SpecOf(string time) => time switch
    {
        "latest" or "-1" => OffsetSpec.Latest,
        "earliest" or "-2" => OffsetSpec.Earliest,
        "max-timestamp" or "-3" => OffsetSpec.MaxTimestamp,
        "earliest-local" or "-4" => OffsetSpec.EarliestLocal,
        "latest-tiered" or "-5" => OffsetSpec.LatestTiered,
        _ => long.TryParse(time, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long ms) ? new OffsetSpec(ms) : null,
    };

    private static bool IsWanted(ShimArguments arguments, TopicPartition partition)
    {
        if (arguments.Value("topic-partitions") is { } patterns)
            return patterns.Split(',').Any(p =>
            {
                int colon = p.LastIndexOf(':');
                string topic = colon < 0 ? p : p[..colon];
                return (topic.Length == 0 || TopicsShim.Fits(topic, partition.Topic))
                    && (colon < 0 || InRange(p[(colon + 1)..], partition.Partition));
            });
        if (arguments.Value("topic") is { } wanted && !TopicsShim.Fits(wanted, partition.Topic)) return false;
        return arguments.Value("partitions") is not { } list || list.Split(',').Any(p => InRange(p, partition.Partition));
    }

    /// <summary><c>3</c>, <c>0-2</c> (without the upper one), <c>4-</c>, <c>-4</c></summary>
    private static bool InRange(string range, int partition)
    {
        int dash = range.IndexOf('-');
        if (dash < 0) return range.Length == 0 || Number(range) == partition;
        bool isAbove = dash == 0 || partition >= Number(range[..dash]);
        return isAbove && (dash == range.Length - 1 || partition < Number(range[(dash + 1)..]));
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new ShimUsageException($"Invalid rule: {text}");
}
