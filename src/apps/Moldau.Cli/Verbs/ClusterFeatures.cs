using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class ClusterFeatures
{
    private static readonly Column[] Columns =
    [
        new("feature"), Column.Number("level"), Column.Number("lowest"), Column.Number("highest"),
        Column.Number("epoch", isWide: true),
    ];

    public static readonly Command Command = new("cluster features", "", "the features of the cluster and their levels", RunAsync)
    {
        Columns = Columns,
        MaxOperands = 0,
        Details = "LEVEL is what the cluster has agreed on, LOWEST and HIGHEST what the asked broker's program knows.",
        Example = "moldau cluster features",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Client.ClusterFeatures features = await admin.Features.DescribeAsync(context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (string name in features.Supported.Keys.Union(features.Finalized.Keys).Order(StringComparer.Ordinal))
        {
            bool isKnown = features.Supported.TryGetValue(name, out FeatureRange range);
            result.Add(
                name, (int)features.Finalized.GetValueOrDefault(name),
                isKnown ? (int)range.Lowest : null, isKnown ? (int)range.Highest : null,
                features.FinalizedEpoch);
        }

        context.Show(result);
        return ExitCodes.Ok;
    }
}
