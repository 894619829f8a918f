using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class BrokerList
{
    private static readonly Column[] Columns =
    [
        Column.Number("id"), new("host"), Column.Number("port"), new("rack"), Column.Fact("controller"), new("clusterId", true),
    ];

    public static readonly Command Command = new("broker list", "", "the brokers of the cluster", RunAsync)
    {
        Columns = Columns,
        MaxOperands = 0,
        Details = "CONTROLLER marks the broker that takes calls for the controller.",
        Example = "moldau broker list -o json",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (BrokerInfo broker in cluster.Brokers)
            result.Add(
                broker.Id, broker.Address.Host, broker.Address.Port, broker.Rack, broker.Id == cluster.ControllerId,
                cluster.ClusterId);
        context.Show(result);
        return ExitCodes.Ok;
    }
}
