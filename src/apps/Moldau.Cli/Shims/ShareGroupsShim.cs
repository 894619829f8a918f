using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-share-groups.sh</c></summary>
internal static class ShareGroupsShim
{
    private const string Kind = "share";

    private static readonly string[] _actions = ["list", "describe", "delete", "reset-offsets", "delete-offsets"];
    private static readonly string[] _ways = ["to-datetime", "to-earliest", "to-latest"];
    private static readonly string[] _views = ["members", "offsets", "state"];
    private static readonly string[] _states = ["Dead", "Empty", "Stable"];

    public static readonly Shim Shim = new(
        "kafka-share-groups",
        "bootstrap-server: command-config: list describe delete reset-offsets delete-offsets group: all-groups topic: all-topics members offsets state? "
        + "verbose timeout: dry-run execute to-datetime: to-earliest to-latest help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        foreach (string view in _views.Append("verbose").Where(v => v != "state")) arguments.OnlyWith(view, "describe");
        arguments.OnlyWith("state", "describe", "list");
        string bootstrap = arguments.Require("bootstrap-server");
        Check(arguments);
        if (_actions.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets.");
        return await GroupShims.RunAsync(context, Kind, bootstrap, ActAsync).ConfigureAwait(false);
    }

    private static Task ActAsync(ShimContext context) =>
        context.Arguments.Has("list") ? GroupShims.ListAsync(context, Kind, _states)
        : context.Arguments.Has("describe") ? ShareGroupsShimDescribe.RunAsync(context)
        : context.Arguments.Has("delete") ? GroupShims.DeleteAsync(context, Kind)
        : context.Arguments.Has("delete-offsets") ? DeleteOffsetsAsync(context)
        : ShareGroupsShimReset.RunAsync(context);

    private static void Check(ShimArguments arguments)
    {
        const string Selections = "[all-groups], [group]";
        bool hasGroup = arguments.Has("group");
        bool hasAll = arguments.Has("all-groups");
        if (arguments.Has("describe"))
        {
            if (!hasGroup && !hasAll) throw new ShimUsageException($"Option [describe] takes one of these options: {Selections}");
            if (_views.Count(arguments.Has) > 1) throw new ShimUsageException("Option [describe] takes at most one of these options: [members], [offsets], [state]");
            if (arguments.Value("state") is { Length: > 0 }) throw new ShimUsageException("Option [describe] does not take a value for [state]");
        }

        if (arguments.Has("delete"))
        {
            if (!hasGroup && !hasAll) throw new ShimUsageException("Option [delete] takes the options [group] or [all-groups]");
            if (hasGroup && hasAll) throw new ShimUsageException("Option [delete] takes either [group] or [all-groups], not both.");
            if (arguments.Has("topic")) throw new ShimUsageException("Option [delete] does not take the option: [topic]");
        }

        if (arguments.Has("delete-offsets") && (!hasGroup || !arguments.Has("topic")))
            throw new ShimUsageException("Option [delete-offsets] takes the following options: [group], [topic]");
        if (arguments.Has("reset-offsets")) CheckReset(arguments);
        arguments.Forbid("group", "all-groups", "list");
        arguments.Forbid("topic", "list", "describe");
    }

    private static void CheckReset(ShimArguments arguments)
    {
        if (arguments.Has("dry-run") && arguments.Has("execute"))
            throw new ShimUsageException("Option [reset-offsets] only accepts one of [execute] and [dry-run]");
        if (!arguments.Has("dry-run") && !arguments.Has("execute"))
            throw new ShimUsageException("Option [reset-offsets] takes the option: [execute] or [dry-run]");
        if (!arguments.Has("group")) throw new ShimUsageException("Option [reset-offsets] takes the option: [group]");
        if (!arguments.Has("topic") && !arguments.Has("all-topics"))
            throw new ShimUsageException("Option [reset-offsets] takes one of these options: [all-topics], [topic]");
        if (!_ways.Any(arguments.Has))
            throw new ShimUsageException($"Option [reset-offsets] takes one of these options: {string.Join(", ", _ways.Select(w => $"[{w}]"))}");
        foreach (string way in _ways) arguments.Forbid(way, [.. _ways.Where(w => w != way)]);
    }

    private static async Task DeleteOffsetsAsync(ShimContext context)
    {
        string group = context.Arguments.Require("group");
        string[] topics = [.. context.Arguments.Values("topic").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        IReadOnlyDictionary<string, ClientError?> forgotten;
        try
        {
            forgotten = await context.Admin.ShareGroups.DeleteOffsetsAsync(group, topics, context.Cancel).ConfigureAwait(false);
        }
        catch (MoldauException error) when (error.Error is ErrorCode.InvalidGroupId or ErrorCode.GroupIdNotFound
            or ErrorCode.GroupAuthorizationFailed or ErrorCode.NonEmptyGroup)
        {
            ClientError whole = new(error.Error, error.Message);
            GroupShims.Complain(context, ShimErrors.TextOf(whole));
            forgotten = topics.ToDictionary(t => t, _ => (ClientError?)whole, StringComparer.Ordinal);
        }

        int width = topics.Select(t => t.Length).Append(GroupShims.Narrow).Max();
        context.Out.Write($"\n{"TOPIC".PadRight(width)} STATUS");
        foreach (string topic in topics)
            context.Out.Write($"\n{topic.PadRight(width)} {(forgotten[topic] is { } wrong ? "Error: " + ShimErrors.TextOf(wrong) : "Successful")}");
        context.Out.WriteLine();
    }
}
