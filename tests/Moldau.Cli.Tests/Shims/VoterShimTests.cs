using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary><c>kafka-metadata-quorum</c> where it really gives a vote and takes it: between two nodes of Apache Kafka, in turns with the
/// original.</summary>
[Collection("verbs")]
public sealed class VoterShimTests(Clusters clusters)
{
    [Fact]
    public void AVote_IsGivenAndTaken_InTheOriginalsWords()
    {
        ApachePair pair = clusters.Pair();
        string[] add = ["--command-config", pair.Second.PropertiesFile, "add-controller"];
        string[] remove = ["remove-controller", "--controller-id", "2", "--controller-directory-id", pair.SecondDirectoryId];
        string added = Until(pair, isVoter: true, () => Ours(pair, add));
        Assert.Equal(
            $"Added controller 2 with directory id {pair.SecondDirectoryId} and endpoints: CONTROLLER://127.0.0.1:{pair.Second.ControllerPort}\n", added);
        string removed = Until(pair, isVoter: false, () => Original(pair, remove));
        Assert.Equal(added, Until(pair, isVoter: true, () => Original(pair, add)));
        Assert.Equal(removed, Until(pair, isVoter: false, () => Ours(pair, remove)));
    }

    private static ProgramResult Ours(ApachePair pair, string[] words) => ChildProcess.Run(
        MoldauServer.Executable, ["kafka-metadata-quorum", "--bootstrap-server", pair.First.Bootstrap, .. words], TimeSpan.FromMinutes(2));

    private static ProgramResult Original(ApachePair pair, string[] words) => KafkaTools.RunOverNewest(
        "metadata-quorum", ["--bootstrap-server", pair.First.Bootstrap, .. words], TimeSpan.FromMinutes(3));

    /// <summary>What it printed when it was done: a node that has just lost its vote needs a moment before it may have it again.</summary>
    private static string Until(ApachePair pair, bool isVoter, Func<ProgramResult> change)
    {
        ProgramResult? result = null;
        Wait.Until(() => (result = change()).ExitCode == 0, TimeSpan.FromMinutes(2), "the change");
        Wait.Until(
            () => new Cluster(pair.First).Run("quorum", "status", "-o", "ndjson").Output.Contains("\"role\":\"voter\"", StringComparison.Ordinal) == isVoter,
            TimeSpan.FromSeconds(60), isVoter ? "the vote" : "the vote to be gone");
        return result!.Output;
    }
}
