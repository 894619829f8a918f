using System.Globalization;
using System.Text.RegularExpressions;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-topics.sh</c></summary>
internal static class TopicsShim
{
    private static readonly string[] Actions = ["list", "describe", "create", "alter", "delete"];

    public static readonly Shim Shim = new(
        "kafka-topics",
        "bootstrap-server: command-config: list create delete alter describe topic: topic-id: config: delete-config: partitions: "
        + "replication-factor: replica-assignment: under-replicated-partitions unavailable-partitions under-min-isr-partitions "
        + "at-min-isr-partitions topics-with-overrides if-exists if-not-exists exclude-internal partition-size-limit-per-response: help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (Actions.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --list, --describe, --create, --alter or --delete");
        if (arguments.Value("bootstrap-server") is not { } bootstrap)
        {
            await context.Error.WriteLineAsync("--bootstrap-server must be specified").ConfigureAwait(false);
            return ExitCodes.Failed;
        }

        if (arguments.Has("create") || arguments.Has("alter") || (arguments.Has("delete") && !arguments.Has("topic-id"))) arguments.Require("topic");
        if (arguments.Has("alter")) arguments.Require("partitions");
        try
        {
            context.AddPropertiesFile(arguments.Value("command-config"));
            context.Connect(bootstrap, "listTopics");
            if (arguments.Has("create")) await CreateAsync(context).ConfigureAwait(false);
            else if (arguments.Has("alter")) await AlterAsync(context).ConfigureAwait(false);
            else if (arguments.Has("delete")) await DeleteAsync(context).ConfigureAwait(false);
            else if (arguments.Has("describe"))
            {
                var found = await FindAsync(context, !arguments.Has("if-exists")).ConfigureAwait(false);
                await TopicsShimDescribe.RunAsync(context, found).ConfigureAwait(false);
            }
            else foreach (TopicInfo topic in await FindAsync(context, false).ConfigureAwait(false)) context.Out.WriteLine(topic.Name);
            return ExitCodes.Ok;
        }
        catch (MoldauException error)
        {
            string text = ShimErrors.TextOf(new ClientError(error.Error, error.Message));
            context.Out.WriteLine($"Error while executing topic command : {text}");
            // The original looks at a new topic's properties itself, and has another exception for that.
            string type = error.Error == ErrorCode.InvalidConfig ? "org.apache.kafka.common.config.ConfigException" : ShimErrors.ClassOf(error.Error);
            context.Error.WriteLine($"ERROR {type}: {text}");
            return ExitCodes.Failed;
        }
        catch (TopicMissingException error)
        {
            context.Out.WriteLine($"Error while executing topic command : {error.Message}");
            context.Error.WriteLine($"ERROR java.lang.IllegalArgumentException: {error.Message}");
            return ExitCodes.Failed;
        }
    }

    private static async Task CreateAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        string name = arguments.Require("topic");
        if (name.AsSpan().ContainsAny('.', '_'))
            context.Out.WriteLine(
                "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. "
                + "To avoid issues it is best to use either, but not both.");
        NewTopic topic = new(name, (int)(arguments.Number("partitions") ?? -1), (short)(arguments.Number("replication-factor") ?? -1))
        {
            Configs = ShimArguments.Pairs(arguments.Values("config")),
            Assignments = arguments.Value("replica-assignment") is { } assignment ? Assignments(assignment) : null,
        };
        ClientError? error = (await context.Admin.CreateTopicsAsync([topic], false, context.Cancel).ConfigureAwait(false))[name];
        if (error?.Code == ErrorCode.TopicAlreadyExists && arguments.Has("if-not-exists")) return;
        if (error is not null) throw new MoldauException(error);
        context.Out.WriteLine($"Created topic {name}.");
    }

    private static async Task AlterAsync(ShimContext context)
    {
        int partitions = (int)context.Arguments.Number("partitions")!.Value;
        var topics = await FindAsync(context, !context.Arguments.Has("if-exists")).ConfigureAwait(false);
        var grown = await context.Admin
            .CreatePartitionsAsync(topics.ToDictionary(t => t.Name, _ => partitions), false, context.Cancel)
            .ConfigureAwait(false);
        if (grown.Values.FirstOrDefault(e => e is not null) is { } error) throw new MoldauException(error);
    }

    private static async Task DeleteAsync(ShimContext context)
    {
        var topics = await FindAsync(context, !context.Arguments.Has("if-exists")).ConfigureAwait(false);
        var deleted = await context.Admin.DeleteTopicsAsync([.. topics.Select(t => t.Name)], context.Cancel).ConfigureAwait(false);
        if (deleted.Values.FirstOrDefault(e => e is not null) is { } error) throw new MoldauException(error);
    }

    /// <summary>The topics that the option's expression fits: names or Java expressions, commas between them.</summary>
    private static async Task<IReadOnlyList<TopicInfo>> FindAsync(ShimContext context, bool mustExist)
    {
        var all = await context.Admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        string? wanted = context.Arguments.Value("topic");
        TopicInfo[] found = [.. all.Where(t =>
            (!t.IsInternal || !context.Arguments.Has("exclude-internal"))
            && (wanted is null || Fits(wanted, t.Name))
            && (context.Arguments.Value("topic-id") is not { } id || t.Id.ToString() == id))];
        if (found.Length == 0 && mustExist && wanted is not null) throw new TopicMissingException($"Topic '{wanted}' does not exist as expected");
        return found;
    }

    internal static bool Fits(string expression, string name)
    {
        if (expression.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) return expression == name;
        return Regex.IsMatch(name, $"^(?:{expression.Trim('"', '\'').Replace(',', '|').Replace(" ", "", StringComparison.Ordinal)})$");
    }

    private static Dictionary<int, IReadOnlyList<int>> Assignments(string text)
    {
        Dictionary<int, IReadOnlyList<int>> assignments = [];
        foreach (string partition in text.Split(','))
            assignments[assignments.Count] = [.. partition.Split(':').Select(b => int.Parse(b, CultureInfo.InvariantCulture))];
        return assignments;
    }

    private sealed class TopicMissingException(string message) : Exception(message);
}
