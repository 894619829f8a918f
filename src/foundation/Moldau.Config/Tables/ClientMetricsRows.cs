using static Moldau.Config.Rows;

namespace Moldau.Config;

/// <summary>Properties of client metrics subscriptions.</summary>
internal static class ClientMetricsRows
{
    public static readonly ConfigKey[] Keys =
    [
        Known("interval.ms", ConfigType.Int, "300000", null, Medium, Cluster),
        Known("match", ConfigType.List, "", Distinct, Medium, Cluster),
        Known("metrics", ConfigType.List, "", Distinct, Medium, Cluster),
    ];
}
