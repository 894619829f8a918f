using Moldau.Cli.Tests.Verbs;

namespace Moldau.Cli.Tests.Shims;

/// <summary><c>kafka-configs</c> at a controller as <c>moldau</c> does it.</summary>
public sealed class ConfigsControllerShimTests
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Answers_AreTheOriginals(string name) => ShimComparison.Run(
        name, "configs-controller", ConfigsControllerShimCases.All, (_, scratch) =>
        {
            File.WriteAllText(scratch["client.properties"], "client.id=tools\n");
            File.WriteAllText(scratch["topic.properties"], "retention.ms=5000\nsegment.ms=60000\n");
        });
}
