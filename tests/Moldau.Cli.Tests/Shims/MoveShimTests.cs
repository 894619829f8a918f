using Moldau.Cli.Tests.Verbs;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Kafka's scripts that look after leaders, transactions and the places of partitions.</summary>
public sealed class MoveShimTests
{
    /// <summary>Where the answer differs, with the reason. The list may only shrink.</summary>
    private static readonly Dictionary<string, string> Accepted = new(StringComparer.Ordinal)
    {
        ["unreachable"] = "the original tries for half a minute and more, this one tells at once",
    };

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void LeaderElection_AnswersAsTheOriginal(string name) =>
        ShimComparison.Run(name, "leader-election", LeaderElectionShimCases.All, LeaderElectionShimCases.Prepare, Accepted);
}
