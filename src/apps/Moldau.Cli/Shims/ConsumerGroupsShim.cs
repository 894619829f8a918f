using System.Globalization;
using System.Text.RegularExpressions;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-consumer-groups.sh</c></summary>
internal static class ConsumerGroupsShim
{
    private static readonly string[] Actions = ["list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex"];

    public static readonly Shim Shim = new(
        "kafka-consumer-groups",
        "bootstrap-server: command-config: list describe delete reset-offsets delete-offsets validate-regex: group: all-groups topic: all-topics "
        + "members offsets state? type? verbose timeout: dry-run execute export from-file: to-offset: to-datetime: by-duration: to-earliest "
        + "to-latest to-current shift-by: help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (Actions.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets, --validate-regex");
        string bootstrap = arguments.Require("bootstrap-server");
        Check(context);
        try
        {
            context.AddPropertiesFile(arguments.Value("command-config"));
            if (arguments.Value("validate-regex") is { } expression)
            {
                context.Out.WriteLine(WhyInvalid(expression) is { } why
                    ? $"The regular expression `{expression}` is invalid: {why}."
                    : $"The regular expression `{expression}` is valid.");
                return ExitCodes.Ok;
            }

            context.Connect(bootstrap, "listGroups");
            await ActAsync(context).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (MoldauException error)
        {
            string text = $"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}";
            Fail(context, text);
            return error.Error == ErrorCode.RequestTimedOut ? ExitCodes.Failed : ExitCodes.Ok;
        }
    }

    private static async Task ActAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Has("list")) await ListAsync(context).ConfigureAwait(false);
        else if (arguments.Has("delete")) await DeleteAsync(context).ConfigureAwait(false);
        else if (arguments.Has("delete-offsets")) await DeleteOffsetsAsync(context).ConfigureAwait(false);
        else
        {
            IReadOnlyList<string> groups = await GroupsAsync(context).ConfigureAwait(false);
            if (arguments.Has("describe")) await ConsumerGroupsShimDescribe.RunAsync(context, groups).ConfigureAwait(false);
            else await ConsumerGroupsShimReset.RunAsync(context, groups).ConfigureAwait(false);
        }
    }

    /// <summary>Why a group cannot subscribe to an expression; null where it can. Brokers take RE2's syntax, which knows neither
    /// look-around nor back references.</summary>
    private static string? WhyInvalid(string expression)
    {
        try
        {
            _ = new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return null;
        }
        catch (RegexParseException error)
        {
            return error.Error switch
            {
                RegexParseError.UnterminatedBracket => "missing closing ]",
                RegexParseError.InsufficientClosingParentheses => "missing closing )",
                RegexParseError.InsufficientOpeningParentheses => "unexpected )",
                RegexParseError.QuantifierAfterNothing => "missing argument to repetition operator",
                RegexParseError.NestedQuantifiersNotParenthesized => "invalid nested repetition operator",
                RegexParseError.ReversedCharacterRange => "invalid character class range",
                RegexParseError.UnescapedEndingBackslash => "trailing backslash at end of expression",
                RegexParseError.UnrecognizedEscape => "invalid escape sequence",
                _ => error.Message.TrimEnd('.'),
            };
        }
        catch (NotSupportedException)
        {
            return "invalid or unsupported Perl syntax";
        }
    }

    /// <summary>The script tells of most failures and ends well all the same.</summary>
    public static void Fail(ShimContext context, string text)
    {
        context.Out.WriteLine($"\nError: Executing consumer group command failed due to {text}");
        context.Error.WriteLine($"java.util.concurrent.ExecutionException: {text}");
    }

    public static void Complain(ShimContext context, string text) => context.Out.WriteLine($"\nError: {text}");

    private static void Check(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Has("describe") && !arguments.Has("group") && !arguments.Has("all-groups"))
            throw new ShimUsageException("Option [describe] takes one of these options: [all-groups], [group]");
        if (arguments.Has("delete") && !arguments.Has("group") && !arguments.Has("all-groups"))
            throw new ShimUsageException("Option [delete] takes one of these options: [all-groups], [group]");
        if (arguments.Has("delete-offsets") && (!arguments.Has("group") || !arguments.Has("topic")))
            throw new ShimUsageException("Option [delete-offsets] takes the following options: [topic], [group]");
        if (!arguments.Has("reset-offsets")) return;
        if (arguments.Has("dry-run") && arguments.Has("execute"))
            throw new ShimUsageException("Option [reset-offsets] only accepts one of [execute], [dry-run]");
        if (!arguments.Has("dry-run") && !arguments.Has("execute"))
            context.Error.WriteLine(
                "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute "
                + "to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default "
                + "behavior without prompting.");
        if (!arguments.Has("group") && !arguments.Has("all-groups"))
            throw new ShimUsageException("Option [reset-offsets] takes one of these options: [all-groups], [group]");
    }

    private static async Task<IReadOnlyList<string>> GroupsAsync(ShimContext context)
    {
        if (!context.Arguments.Has("all-groups")) return context.Arguments.Values("group");
        return [.. (await context.Admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false)).Where(IsConsumer).Select(g => g.GroupId)];
    }

    private static bool IsConsumer(GroupListing group) => group.ProtocolType is "consumer" or "";

    private static async Task ListAsync(ShimContext context)
    {
        bool hasState = context.Arguments.Has("state");
        bool hasType = context.Arguments.Has("type");
        GroupListing[] groups = [.. (await context.Admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false)).Where(IsConsumer)
            .Where(g => Wants(context.Arguments.Value("state"), g.State) && Wants(context.Arguments.Value("type"), g.Type))];
        if (!hasState && !hasType)
        {
            foreach (GroupListing group in groups) context.Out.WriteLine(group.GroupId);
            return;
        }

        const int Room = 10;
        const int Narrow = 15;
        int width = groups.Select(g => g.GroupId.Length).Append(Narrow).Max() + Room;
        Row("GROUP", "TYPE", "STATE");
        foreach (GroupListing group in groups) Row(group.GroupId, Capital(group.Type), group.State);

        void Row(string group, string type, string state) => context.Out.WriteLine(
            group.PadRight(width) + (hasType ? " " + type.PadRight(20) : "") + (hasState ? " " + state.PadRight(20) : ""));
    }

    private static bool Wants(string? list, string value) =>
        string.IsNullOrEmpty(list) || list.Split(',').Any(v => string.Equals(v.Trim(), value, StringComparison.OrdinalIgnoreCase));

    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    private static async Task DeleteAsync(ShimContext context)
    {
        List<string> deleted = [];
        List<string> failures = [];
        foreach (string group in await GroupsAsync(context).ConfigureAwait(false))
        {
            try
            {
                await context.Admin.DeleteGroupAsync(group, context.Cancel).ConfigureAwait(false);
                deleted.Add(group);
            }
            catch (MoldauException error)
            {
                string text = ShimErrors.TextOf(new ClientError(error.Error, error.Message));
                failures.Add($"* Group '{group}' could not be deleted due to: {ShimErrors.ClassOf(error.Error)}: {text}");
            }
        }

        string names = string.Join(", ", deleted.Select(d => $"'{d}'"));
        if (failures.Count == 0)
        {
            context.Out.WriteLine($"Deletion of requested consumer groups ({names}) was successful.");
            return;
        }

        Complain(context, "Deletion of some consumer groups failed:");
        foreach (string failure in failures) context.Out.WriteLine(failure);
        if (deleted.Count > 0) context.Out.WriteLine($"\nThese consumer groups were deleted successfully: {names}");
    }

    private static async Task DeleteOffsetsAsync(ShimContext context)
    {
        string group = context.Arguments.Require("group");
        List<TopicPartition> partitions = [];
        foreach (string text in context.Arguments.Values("topic")) partitions.AddRange(await PartitionsAsync(context, text, mayMiss: true).ConfigureAwait(false));
        var forgotten = await context.Admin.DeleteGroupOffsetsAsync(group, partitions, context.Cancel).ConfigureAwait(false);
        bool isWhole = forgotten.Values.All(c => c == ErrorCode.None);
        if (isWhole) context.Out.WriteLine($"Request succeeded for deleting offsets from group {group}.");
        else Complain(context, $"Encounter some partition level error, see the follow-up details:");
        context.Out.WriteLine($"\n{"TOPIC",-15} {"PARTITION",-10} {"STATUS",-15}");
        foreach (TopicPartition partition in partitions.Order())
        {
            ErrorCode code = forgotten.GetValueOrDefault(partition);
            string status = code == ErrorCode.None ? "Successful" : $"Error: {ShimErrors.TextOf(ClientError.Of(code, null, ""))}";
            context.Out.WriteLine($"{partition.Topic,-15} {partition.Partition,-10} {status,-15}");
        }
    }

    /// <summary>The partitions of <c>topic</c> or <c>topic:0,1</c>.</summary>
    public static async Task<IReadOnlyList<TopicPartition>> PartitionsAsync(ShimContext context, string text, bool mayMiss)
    {
        int colon = text.LastIndexOf(':');
        string topic = colon < 0 ? text : text[..colon];
        if (colon >= 0)
            return [.. text[(colon + 1)..].Split(',').Select(p => new TopicPartition(topic, int.Parse(p, CultureInfo.InvariantCulture)))];
        var described = (await context.Admin.DescribeTopicsAsync([topic], context.Cancel).ConfigureAwait(false))[topic];
        if (described.Error is { } error) return mayMiss ? [new TopicPartition(topic, 0)] : throw new MoldauException(error);
        return [.. described.Value!.Partitions.Select(p => new TopicPartition(topic, p.Partition))];
    }
}
