using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class BrokerList
{
    public static readonly Command Command = new("broker list", "", "the brokers of the cluster", RunAsync)
    {
        MaxOperands = 0,
        Details = "CONTROLLER marks the broker that takes calls for the controller.",
        Example = "moldau broker list -o json",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        CommandResult result = new(
            new("id"), new("host"), new("port"), new("rack"), new("controller"), new("clusterId", IsWide: true));
        foreach (BrokerInfo broker in cluster.Brokers)
            result.Add(
                broker.Id, broker.Address.Host, broker.Address.Port, broker.Rack, broker.Id == cluster.ControllerId,
                cluster.ClusterId);
        context.Show(result);
        return ExitCodes.Ok;
    }
}
