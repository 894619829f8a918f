using Moldau.Cli.Tests.Verbs;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Kafka's scripts for system tests as <c>moldau</c> does them.</summary>
public sealed class VerifiableShimTests
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Scripts_AnswerAsTheOriginals(string name) => ShimComparison.Run(
        name, "verifiable", VerifiableShimCases.Of(hasShareGroups: name == Clusters.Apache),
        (server, scratch) =>
        {
            VerifiableShimCases.WriteFiles(scratch);
            Cluster cluster = new(server);
            cluster.Run("topic", "create", "one", "-p", "1").Succeeded();
            cluster.Run("topic", "create", "fast", "-p", "2").Succeeded();
        });
}
