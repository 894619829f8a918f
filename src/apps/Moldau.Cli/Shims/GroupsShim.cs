using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-groups.sh</c></summary>
internal static class GroupsShim
{
    private const int Narrow = 20;

    public static readonly Shim Shim = new(
        "kafka-groups",
        "bootstrap-server: command-config: list group-type: protocol: consumer share streams help version",
        RunAsync);

    private static readonly string[] _types = ["Classic", "Consumer", "Share", "Streams"];

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        string bootstrap = arguments.Value("bootstrap-server") ?? throw new ShimUsageException("Missing required option(s) [bootstrap-server]");
        if (!arguments.Has("list")) throw new ShimUsageException("Command must include exactly one action: --list.");
        if (arguments.Value("group-type") is { } type && !_types.Contains(type, StringComparer.OrdinalIgnoreCase))
            throw new ShimFailedException("--group-type must be a valid group type.");
        arguments.Forbid("consumer", "group-type", "protocol", "share", "streams");
        arguments.Forbid("share", "consumer", "group-type", "protocol", "streams");
        arguments.Forbid("streams", "consumer", "group-type", "protocol", "share");
        context.AddPropertiesFile(arguments.Value("command-config"));
        try
        {
            context.Connect(bootstrap, "listGroups");
            Print(context, await context.Admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false));
            return ExitCodes.Ok;
        }
        catch (MoldauException error)
        {
            string text = ShimErrors.TextOf(new ClientError(error.Error, error.Message));
            context.Out.WriteLine($"Error while executing groups command : {text}");
            context.Error.WriteLine($"ERROR {ShimErrors.ClassOf(error.Error)}: {text}");
            return ExitCodes.Failed;
        }
    }

    private static void Print(ShimContext context, IReadOnlyList<GroupListing> groups)
    {
        string[][] rows = [.. groups.Where(g => Fits(context.Arguments, g)).Select(g => new[] { g.GroupId, TypeOf(g), g.ProtocolType })];
        int width = rows.SelectMany(r => r).Select(c => c.Length).Append(Narrow).Max();
        context.Out.WriteLine($"{"GROUP".PadRight(width)} {"TYPE".PadRight(width)} {"PROTOCOL".PadRight(width)}");
        foreach (string[] row in rows) context.Out.WriteLine(string.Concat(row.Select(c => c.PadRight(width) + " ")));
    }

    private static bool Fits(ShimArguments arguments, GroupListing group)
    {
        string type = TypeOf(group);
        if (arguments.Has("consumer")) return group.ProtocolType is "consumer" or "" || type == "Consumer";
        if (arguments.Has("share")) return type == "Share";
        if (arguments.Has("streams")) return type == "Streams";
        return (arguments.Value("group-type") is not { } wanted || type.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            && (arguments.Value("protocol") is not { } protocol || group.ProtocolType == protocol);
    }

    private static string TypeOf(GroupListing group) => ConsumerGroupsShim.Capital(group.Type);
}
