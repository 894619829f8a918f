using Moldau.Cli.Tests.Verbs;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Kafka's scripts that look after leaders, transactions and the places of partitions.</summary>
public sealed class MoveShimTests
{
    /// <summary>Where the answer differs, with the reason. The list may only shrink.</summary>
    private static readonly Dictionary<string, string> Accepted = new(StringComparer.Ordinal)
    {
        ["unreachable"] = "the original tries for half a minute and more, this one tells at once",
        ["producers-no-topic"] = Impatient,
        ["producers-replica-no-topic"] = Impatient,
        ["producers-replica-no-partition"] = Impatient,
        ["hanging-no-topic-partition"] = Impatient,
        ["abort-no-topic"] = Impatient,
    };

    private const string Impatient = "the original asks again until its time is over, and tells of that; this one tells what is wrong";

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void LeaderElection_AnswersAsTheOriginal(string name) =>
        ShimComparison.Run(name, "leader-election", LeaderElectionShimCases.All, LeaderElectionShimCases.Prepare, Accepted);

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Transactions_AnswerAsTheOriginal(string name) => ShimComparison.Run(
        name, "transactions", TransactionsShimCases.All(name), TransactionsShimCases.Prepare, Accepted, TransactionsShimCases.Properties);

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void ReassignPartitions_AnswersAsTheOriginal(string name) =>
        ShimComparison.Run(name, "reassign-partitions", ReassignShimCases.All(name), ReassignShimCases.Prepare, Accepted);
}
