using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

internal static class BrokerDescribe
{
    private static readonly Column[] Columns =
    [
        Column.Number("id"), new("host"), Column.Number("port"), new("rack"), Column.Fact("fenced"),
        Column.Number("leads"), Column.Number("replicas"), Column.Number("size"), Column.Number("free"),
        Column.Fact("controller", isWide: true), new("logDirs", IsWide: true),
    ];

    public static readonly Command Command = new("broker describe", "[ID…]", "what brokers lead, hold and have left", RunAsync)
    {
        Columns = Columns,
        Details = "Without an id: all of them, those too that are registered and take no part now (FENCED). SIZE and FREE are bytes.",
        Example = "moldau broker describe 1 -o wide",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        int[] ids = [.. context.Arguments.Operands.Select(Id).Distinct()];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ClusterDescription cluster = await ClusterAsync(context, admin).ConfigureAwait(false);
        Tally tally = new();
        List<BrokerInfo> brokers = [];
        foreach (int id in ids.Length > 0 ? ids : [.. cluster.Brokers.Select(b => b.Id)])
        {
            if (cluster.Brokers.FirstOrDefault(b => b.Id == id) is not { } broker)
            {
                tally.Fail($"there is no broker {id}; 'moldau broker list' shows what there is (BROKER_ID_NOT_REGISTERED)", ExitCodes.NotFound);
                continue;
            }

            brokers.Add(broker);
            tally.Succeed();
        }

        IReadOnlyList<TopicInfo> topics = await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        int[] running = [.. brokers.Select(b => b.Id).Where(id => cluster.FencedBrokers?.Contains(id) != true)];
        var dirs = await admin.LogDirs.DescribeAsync(running, context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (BrokerInfo broker in brokers)
        {
            LogDirDescription[]? mine = dirs.TryGetValue(broker.Id, out var outcome) && outcome.IsSuccess ? [.. outcome.Value!] : null;
            result.Add(
                broker.Id, broker.Address.Host, broker.Address.Port, broker.Rack, cluster.FencedBrokers?.Contains(broker.Id),
                topics.Sum(t => t.Partitions.Count(p => p.LeaderId == broker.Id)),
                topics.Sum(t => t.Partitions.Count(p => p.Replicas.Contains(broker.Id))),
                mine?.Sum(d => d.Replicas.Values.Sum(r => r.SizeBytes)), mine?.Sum(d => d.UsableBytes),
                broker.Id == cluster.ControllerId, mine is null ? null : string.Join(',', mine.Select(d => d.Path)));
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    public static int Id(string text) =>
        Numbers.TryParse(text, out int id) ? id : throw new CommandException($"'{text}' is no broker's id", ExitCodes.Usage);

    /// <summary>With fenced brokers, where the cluster can tell of them.</summary>
    private static async Task<ClusterDescription> ClusterAsync(CommandContext context, AdminClient admin)
    {
        try
        {
            return await admin.DescribeClusterAsync(true, cancel: context.Cancel).ConfigureAwait(false);
        }
        catch (MoldauException error) when (error.Error == ErrorCode.UnsupportedVersion)
        {
            return await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        }
    }
}
