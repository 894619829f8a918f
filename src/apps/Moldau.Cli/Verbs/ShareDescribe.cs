using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class ShareDescribe
{
    private static readonly Column[] Columns =
    [
        new("group"), new("state"), new("topic"), Column.Number("partition"), Column.Number("start"),
        Column.Number("lag"), Column.Number("members"), new("assignor", IsWide: true),
        Column.Number("epoch", isWide: true), Column.Number("coordinator", isWide: true),
    ];

    public static readonly Command Command = new("share describe", "GROUP…", "share groups: where they are in each partition, and their members", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options = [new("--members", null, null, "a row for each member instead")],
        Details = "START is the first record that is not done with, LAG how many are still to be delivered.",
        Example = "moldau share describe mailers",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        List<ShareState> groups = await Shares.FindAsync(context, admin, context.Arguments.Operands, tally).ConfigureAwait(false);
        if (groups.Count > 0) context.Show(context.Arguments.Has("--members") ? Members(groups) : Offsets(groups));
        return tally.ExitCode;
    }

    private static CommandResult Offsets(List<ShareState> groups)
    {
        CommandResult result = new(Columns);
        foreach (ShareState group in groups)
        {
            foreach ((TopicPartition partition, Outcome<ShareOffset> offset) in group.Offsets.OrderBy(o => o.Key))
                Add(group, partition, offset.IsSuccess ? offset.Value : default, Readers(group, partition));
            if (group.Offsets.Count == 0) Add(group, null, default, group.Description.Members.Count);
        }

        return result;

        void Add(ShareState group, TopicPartition? at, ShareOffset offset, int members) => result.Add(
            group.GroupId, group.Description.State, at?.Topic, at?.Partition, offset.StartOffset, offset.Lag, members,
            Groups.Known(group.Description.Assignor), group.Description.GroupEpoch, group.Description.CoordinatorId);
    }

    private static int Readers(ShareState group, TopicPartition partition) =>
        group.Description.Members.Count(m => m.Assignment.Contains(partition));

    private static CommandResult Members(List<ShareState> groups)
    {
        CommandResult result = new(
            new("group"), new("member"), new("client"), new("host"), new("partitions"), new("topics"),
            new("epoch", IsWide: true), new("rack", IsWide: true));
        foreach (ShareState group in groups)
            foreach (ShareGroupMember member in group.Description.Members)
                result.Add(
                    group.GroupId, member.MemberId, member.ClientId, member.ClientHost, member.Assignment.Count,
                    string.Join(',', member.SubscribedTopics), member.MemberEpoch, member.Rack);
        return result;
    }
}
