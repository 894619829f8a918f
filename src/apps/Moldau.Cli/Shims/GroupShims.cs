using System.Globalization;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary>What the scripts for share groups and for streams groups have in common. They tell of most failures and end well all the
/// same.</summary>
internal static class GroupShims
{
    public const int Narrow = 15;

    private const long DefaultTimeoutMs = 30_000;

    /// <summary>Connects and acts; what fails is told in the script's words.</summary>
    public static async Task<int> RunAsync(ShimContext context, string kind, string bootstrap, Func<ShimContext, Task> act)
    {
        try
        {
            if (context.Arguments.Value("command-config") is { } file && !File.Exists(file))
                throw new GroupCommandException($"java.nio.file.NoSuchFileException: {file}");
            context.AddPropertiesFile(context.Arguments.Value("command-config"));
            context.AddProperties(new Dictionary<string, string> { ["default.api.timeout.ms"] = $"{TimeoutMs(context.Arguments)}" });
            context.Connect(bootstrap, "listGroups");
            await act(context).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (MoldauException error) when (error.Error != ErrorCode.UnsupportedVersion)
        {
            Fail(context, kind, new GroupCommandException(Described(error)));
            return ExitCodes.Ok;
        }
        catch (GroupCommandException error)
        {
            Fail(context, kind, error);
            return ExitCodes.Ok;
        }
    }

    /// <summary>An error with its class, as Java tells of one within another.</summary>
    public static string Described(MoldauException error) =>
        $"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}";

    private static void Fail(ShimContext context, string kind, GroupCommandException error)
    {
        Complain(context, $"Executing {kind} group command failed due to {error.Message}");
        context.Error.WriteLine(error.Line);
    }

    private static long TimeoutMs(ShimArguments arguments)
    {
        if (arguments.Value("timeout") is not { } text) return DefaultTimeoutMs;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long timeoutMs)
            ? timeoutMs
            : throw new GroupCommandException(
                $"Cannot parse argument '{text}' of option timeout", "joptsimple.OptionArgumentConversionException");
    }

    public static void Complain(ShimContext context, string text) => context.Out.WriteLine($"\nError: {text}");

    /// <summary>The groups of the kind.</summary>
    public static Task<IReadOnlyList<GroupListing>> ListedAsync(ShimContext context, string kind, IReadOnlyCollection<string> states) =>
        context.Admin.ListGroupsAsync(new GroupFilter { Types = [kind], States = states }, context.Cancel);

    /// <summary>The groups that the options name, each once.</summary>
    public static async Task<IReadOnlyList<string>> NamedAsync(ShimContext context, string kind) => context.Arguments.Has("all-groups")
        ? [.. (await ListedAsync(context, kind, []).ConfigureAwait(false)).Select(g => g.GroupId)]
        : [.. context.Arguments.Values("group").Distinct(StringComparer.Ordinal)];

    /// <summary>The action <c>--list</c>.</summary>
    /// <param name="context">The script's context.</param>
    /// <param name="kind"><c>share</c> or <c>streams</c>.</param>
    /// <param name="states">Those that such groups may have.</param>
    public static async Task ListAsync(ShimContext context, string kind, string[] states)
    {
        string[] wanted = [];
        if (context.Arguments.Value("state") is { Length: > 0 } list)
        {
            wanted = [.. list.Split(',').Select(s => Array.Find(states, k => k.Equals(s.Trim(), StringComparison.OrdinalIgnoreCase))
                ?? throw new ShimUsageException($"Invalid state list '{list}'. Valid states are: {string.Join(", ", states)}"))];
        }

        IReadOnlyList<GroupListing> groups = await ListedAsync(context, kind, wanted).ConfigureAwait(false);
        if (!context.Arguments.Has("state"))
        {
            foreach (GroupListing group in groups) context.Out.WriteLine(group.GroupId);
            return;
        }

        int width = groups.Select(g => g.GroupId.Length).Append(Narrow).Max();
        context.Out.WriteLine($"{"GROUP".PadRight(width)} STATE");
        foreach (GroupListing group in groups) context.Out.WriteLine($"{group.GroupId.PadRight(width)} {group.State}");
    }

    /// <summary>Deletes the groups that the options name, as far as they are of the kind and empty, and tells of each.</summary>
    /// <returns>Those that were deleted.</returns>
    public static async Task<IReadOnlyList<string>> DeleteAsync(ShimContext context, string kind)
    {
        string title = ConsumerGroupsShim.Capital(kind);
        Dictionary<string, string> states = (await ListedAsync(context, kind, []).ConfigureAwait(false))
            .ToDictionary(g => g.GroupId, g => g.State, StringComparer.Ordinal);
        List<string> deleted = [];
        List<string> failures = [];
        foreach (string group in await NamedAsync(context, kind).ConfigureAwait(false))
        {
            string? why = !states.TryGetValue(group, out string? state)
                ? $"java.lang.IllegalArgumentException: Group '{group}' is not a {kind} group."
                : state == "Dead" ? $"java.lang.IllegalStateException: {title} group '{group}' group state is DEAD."
                : state != "Empty" ? $"{ShimErrors.ClassOf(ErrorCode.NonEmptyGroup)}: {title} group '{group}' is not EMPTY."
                : await WhyNotDeletedAsync(context, group).ConfigureAwait(false);
            if (why is null) deleted.Add(group);
            else failures.Add($"* Group '{group}' could not be deleted due to: {why}");
        }

        string names = string.Join(", ", deleted.Select(d => $"'{d}'"));
        if (failures.Count == 0)
        {
            context.Out.WriteLine($"Deletion of requested {kind} groups ({names}) was successful.");
            return deleted;
        }

        Complain(context, $"Deletion of some {kind} groups failed:");
        foreach (string failure in failures) context.Out.WriteLine(failure);
        if (deleted.Count > 0) context.Out.WriteLine($"\nThese {kind} groups were deleted successfully: {names}");
        return deleted;
    }

    /// <summary>The partitions of topics, and those that are named one by one: <c>topic:0,1</c>.</summary>
    public static async Task<TopicPartition[]> PartitionsAsync(ShimContext context, IReadOnlyList<string> texts)
    {
        List<TopicPartition> partitions = [];
        foreach (string text in texts.Where(t => t.Contains(':', StringComparison.Ordinal)))
        {
            if (text.Split(':') is not [{ } topic, { } numbers])
                throw new ShimUsageException($"Invalid topic arg '{text}', expected topic name and partitions");
            partitions.AddRange(numbers.Split(',').Select(n =>
                int.TryParse(n, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
                ? new TopicPartition(topic, number)
                : throw new ShimUsageException($"Invalid partition '{n}' specified in topic arg '{text}''")));
        }

        string[] whole = [.. texts.Where(t => !t.Contains(':', StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];
        if (whole.Length == 0) return [.. partitions];
        var described = await context.Admin.DescribeTopicsAsync(whole, context.Cancel).ConfigureAwait(false);
        foreach (string topic in whole)
        {
            if (described[topic].Error is { } error)
                throw new GroupCommandException(ShimErrors.TextOf(error), ShimErrors.ClassOf(error.Code));
            partitions.AddRange(described[topic].Value!.Partitions.Select(p => new TopicPartition(topic, p.Partition)));
        }

        return [.. partitions];
    }

    /// <summary>Where a group is coordinated, as the tables tell it.</summary>
    public static async Task<Func<int, string>> CoordinatorsAsync(ShimContext context)
    {
        ClusterDescription cluster = await context.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        return id =>
        {
            BrokerInfo? at = cluster.Brokers.FirstOrDefault(b => b.Id == id);
            return $"{at?.Address.Host}:{at?.Address.Port}  ({id})";
        };
    }

    private static async Task<string?> WhyNotDeletedAsync(ShimContext context, string group)
    {
        try
        {
            await context.Admin.DeleteGroupAsync(group, context.Cancel).ConfigureAwait(false);
            return null;
        }
        catch (MoldauException error)
        {
            return Described(error);
        }
    }
}
