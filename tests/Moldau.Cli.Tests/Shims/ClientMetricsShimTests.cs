using Moldau.Cli.Tests.Verbs;

namespace Moldau.Cli.Tests.Shims;

/// <summary><c>kafka-client-metrics</c> as <c>moldau</c> does it.</summary>
public sealed class ClientMetricsShimTests
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Answers_AreTheOriginals(string name) => ShimComparison.Run(
        name, "client-metrics", ClientMetricsShimCases.All, (_, scratch) => File.WriteAllText(scratch["client.properties"], "client.id=tools\n"));
}
