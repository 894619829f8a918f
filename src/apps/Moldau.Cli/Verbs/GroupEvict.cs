using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class GroupEvict
{
    private static readonly Column[] Columns = [new("member"), new("status")];

    public static readonly Command Command = new("group evict", "GROUP MEMBER… | --all", "put members out of a classic group", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options =
        [
            new("--all", null, null, "all members"),
            new("--reason", null, "TEXT", "for the coordinator's log"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "MEMBER is a member id or an instance id, as 'moldau group describe -o wide' shows them. A member that still runs joins anew.",
        Example = "moldau group evict billing host-7",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        string[] named = [.. context.Arguments.Operands.Skip(1).Distinct()];
        bool isAll = context.Arguments.Has("--all");
        if (named.Length == 0 != isAll) throw new CommandException("'group evict' needs members, or --all", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        GroupDescription group = (await Groups.RequireAsync(context, admin, name).ConfigureAwait(false)).Description;
        Tally missing = new();
        foreach (string member in named.Where(n => !group.Members.Any(m => IsNamed(m, n))))
            missing.Fail($"group '{name}' has no member '{member}' (UNKNOWN_MEMBER_ID)", ExitCodes.NotFound);
        GroupMemberDescription[] members = [.. group.Members.Where(m => isAll || named.Any(n => IsNamed(m, n)))];
        if (members.Length == 0) return missing.ExitCode;
        CommandResult plan = new(new("member"), new("instance"), new("client"), new("host"), new("partitions"));
        foreach (GroupMemberDescription member in members)
            plan.Add(member.MemberId, member.InstanceId, member.ClientId, member.ClientHost, member.Assignment.Count);
        if (!context.Confirm(plan, $"Put {Words.Count(members.Length, "member")} out of group '{name}'?")) return missing.ExitCode;
        var removed = await admin.RemoveGroupMembersAsync(
            name, [.. members.Select(NameOf)], context.Arguments.Value("--reason") ?? "put out by 'moldau group evict'", context.Cancel)
            .ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (GroupMemberDescription member in members)
            if (tally.Take(removed[NameOf(member)])) result.Add(member.InstanceId ?? member.MemberId, "out");
        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode == ExitCodes.Ok && missing.ExitCode != ExitCodes.Ok ? ExitCodes.PartlyDone : tally.ExitCode;
    }

    private static bool IsNamed(GroupMemberDescription member, string name) => member.MemberId == name || member.InstanceId == name;

    /// <summary>A static member is known by its instance id alone.</summary>
    private static GroupMemberName NameOf(GroupMemberDescription member) =>
        member.InstanceId is { } instance ? new GroupMemberName(null, instance) : new GroupMemberName(member.MemberId, null);
}
