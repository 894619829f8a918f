using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class BrokerUnregister
{
    private static readonly Column[] Columns = [Column.Number("id"), new("status")];

    public static readonly Command Command = new("broker unregister", "ID", "forget a broker that is gone for good", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options = [Option.Yes, Option.DryRun],
        Details = "Its replicas stay assigned to it: move them away first, with 'moldau partition move'.",
        Example = "moldau broker unregister 4",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        int id = BrokerDescribe.Id(context.Arguments.Operands[0]);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        IReadOnlyList<TopicInfo> topics = await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        CommandResult plan = new(new("id"), new("running"), new("replicas"));
        plan.Add(
            id, cluster.Brokers.Any(b => b.Id == id), topics.Sum(t => t.Partitions.Count(p => p.Replicas.Contains(id))));
        if (!context.Confirm(plan, $"Forget broker {id}?")) return ExitCodes.Ok;
        await admin.UnregisterBrokerAsync(id, context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        result.Add(id, "unregistered");
        context.Show(result);
        return ExitCodes.Ok;
    }
}
