using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class QuorumStatus
{
    private static readonly Column[] Columns =
    [
        Column.Number("node"), new("role"), Column.Number("endOffset"), Column.Number("lag"), new("lastFetch"),
        new("lastCaughtUp"), new("endpoint", IsWide: true), new("directoryId", IsWide: true),
        Column.Number("leaderEpoch", isWide: true), Column.Number("highWatermark", isWide: true),
    ];

    public static readonly Command Command = new("quorum status", "", "the controllers: who leads, who votes, who follows", c => Watching.RunAsync(c, RunAsync))
    {
        Columns = Columns,
        MaxOperands = 0,
        Options = [Watching.Option],
        Details = "LAG is how many records of the metadata log a node has not told the leader to have.",
        Example = "moldau quorum status -o wide",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        QuorumDescription quorum = await admin.Quorum.DescribeAsync(context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        long end = quorum.Voters.FirstOrDefault(v => v.NodeId == quorum.LeaderId)?.LogEndOffset ?? 0;
        foreach (QuorumReplica voter in quorum.Voters) Add(voter, voter.NodeId == quorum.LeaderId ? "leader" : "voter");
        foreach (QuorumReplica observer in quorum.Observers) Add(observer, "observer");
        context.Show(result);
        return ExitCodes.Ok;

        void Add(QuorumReplica replica, string role)
        {
            bool isKnown = replica.LogEndOffset >= 0;
            result.Add(
                replica.NodeId, role, isKnown ? replica.LogEndOffset : null, isKnown ? Math.Max(0, end - replica.LogEndOffset) : null,
                TxnDescribe.Time(replica.LastFetch), TxnDescribe.Time(replica.LastCaughtUp), Endpoint(quorum, replica.NodeId),
                replica.DirectoryId.IsZero ? null : replica.DirectoryId.ToString(), quorum.LeaderEpoch, quorum.HighWatermark);
        }
    }

    private static string? Endpoint(QuorumDescription quorum, int nodeId) => quorum.Nodes.TryGetValue(nodeId, out var endpoints)
        ? string.Join(',', endpoints.Select(e => $"{e.Listener}://{e.Address}"))
        : null;
}
