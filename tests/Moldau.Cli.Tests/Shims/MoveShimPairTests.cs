using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary><c>kafka-reassign-partitions</c> and <c>kafka-leader-election</c> where partitions really move: between two nodes of Apache
/// Kafka, and between the directories of one, in turns with the originals.</summary>
[Collection("verbs")]
public sealed class MoveShimPairTests(Clusters clusters) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ScratchFolder _scratch = new("moves");

    [Fact]
    public void AMove_IsBegun_Told_TakenBack_AndEnds_InTheOriginalsWords()
    {
        ApachePair pair = clusters.Pair();
        string topic = Topic(pair);
        string file = Plan("away", topic, "[2]");
        string[] begin = ["--execute", "--reassignment-json-file", file, "--throttle", "1000"];
        string[] end = ["--cancel", "--reassignment-json-file", file];
        string begun = Reassign(pair, isOurs: true, begin);
        Assert.Contains("The inter-broker throttle limit was set to 1000 B/s\n", begun, StringComparison.Ordinal);
        Assert.Contains($"{topic}-0: replicas: 2,1. adding: 2. removing: 1.\n", Same(pair, "--list"), StringComparison.Ordinal);
        Assert.Contains($"{topic}-0 is still in progress.", Same(pair, "--verify", "--reassignment-json-file", file), StringComparison.Ordinal);
        Assert.Contains("existing partition assignment", Same(pair, exitCode: 1, begin), StringComparison.Ordinal);
        string[] again = [.. begin[..4], "2000", "--additional"];
        // The answer names the second node's directory as soon as it has one for the replica.
        Wait.Until(() => Reassign(pair, isOurs: true, again) == Reassign(pair, isOurs: false, again), Patience, "the same answer");
        string ended = Reassign(pair, isOurs: true, end);
        Assert.Contains($"Successfully cancelled partition reassignment for: {topic}-0\n", ended, StringComparison.Ordinal);
        Assert.Equal(begun, Reassign(pair, isOurs: false, begin));
        Assert.Equal(ended, Reassign(pair, isOurs: false, end));
        Assert.Contains("is changed from", Same(
            pair, exitCode: 1, "--execute", "--reassignment-json-file", Plan("more", topic, "[1,2]"), "--disallow-replication-factor-change"),
            StringComparison.Ordinal);
        Reassign(pair, isOurs: true, "--execute", "--reassignment-json-file", file);
        AwaitVerified(pair, file, $"Reassignment of partition {topic}-0 is completed.");
    }

    [Fact]
    public void ALeader_IsElected_InTheOriginalsWords()
    {
        ApachePair pair = clusters.Pair();
        string topic = Topic(pair);
        string elected = $"Successfully completed leader election (PREFERRED) for partitions {topic}-0\n";
        Assert.Equal(elected, Swapped("[2,1]", isOurs: true));
        Assert.Equal(elected, Swapped("[1,2]", isOurs: false));

        string Swapped(string replicas, bool isOurs)
        {
            string file = Plan(replicas[1..2], topic, replicas);
            Reassign(pair, isOurs: true, "--execute", "--reassignment-json-file", file);
            AwaitVerified(pair, file, "is completed.");
            ProgramResult? result = null;
            // The balance of leaders that the controller keeps by itself comes minutes later.
            Wait.Until(
                () => (result = Run(pair, "leader-election", isOurs, "--election-type", "preferred", "--topic", topic, "--partition", "0"))
                    .Output.StartsWith("Successfully", StringComparison.Ordinal),
                Patience, "the election");
            return result!.Output;
        }
    }

    [Fact]
    public void AReplica_MovesBetweenDirectories_InTheOriginalsWords()
    {
        ApachePair pair = clusters.Pair();
        string topic = Topic(pair);
        string[] texts = [.. new[] { (0, true), (1, true), (0, false), (1, false) }.Select(m => Moved(pair.FirstDirs[m.Item1], m.Item2))];
        Assert.Equal(texts[3], texts[1]);
        Assert.Contains($"Successfully started moving log directory to DIRECTORY for replica {topic}-0 with broker 1 \n", texts[1], StringComparison.Ordinal);

        string Moved(string directory, bool isOurs)
        {
            string file = Plan(Path.GetFileName(directory), topic, "[1]", $"\"{directory}\"");
            string text = Reassign(pair, isOurs, "--execute", "--reassignment-json-file", file, "--replica-alter-log-dirs-throttle", "10000000");
            AwaitVerified(pair, file, $"Reassignment of replica {topic}-0-1 completed successfully.");
            return text.Replace(directory, "DIRECTORY", StringComparison.Ordinal);
        }
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>A topic on the first node with two megabytes.</summary>
    private static string Topic(ApachePair pair)
    {
        string topic = Cluster.NewName("moved");
        string[] create = ["kafka-topics", "--bootstrap-server", pair.First.Bootstrap, "--create", "--topic", topic, "--replica-assignment", "1"];
        ChildProcess.Run(MoldauServer.Executable, create, Patience).Succeeded();
        string[] fill =
        [
            "kafka-producer-perf-test", "--topic", topic, "--num-records", "200", "--record-size", "10000", "--throughput", "-1",
            "--producer-props", $"bootstrap.servers={pair.First.Bootstrap}",
        ];
        ChildProcess.Run(MoldauServer.Executable, fill, Patience).Succeeded();
        return topic;
    }

    private string Plan(string name, string topic, string replicas, string? directory = null)
    {
        string dirs = directory is null ? "" : $", \"log_dirs\": [{directory}]";
        File.WriteAllText(
            _scratch[$"{name}.json"], $$"""{"version": 1, "partitions": [{"topic": "{{topic}}", "partition": 0, "replicas": {{replicas}}{{dirs}}}]}""");
        return _scratch[$"{name}.json"];
    }

    private static string Same(ApachePair pair, params string[] words) => Same(pair, exitCode: 0, words);

    /// <summary>What both print.</summary>
    private static string Same(ApachePair pair, int exitCode, params string[] words)
    {
        ProgramResult ours = Run(pair, "reassign-partitions", isOurs: true, words);
        ProgramResult original = Run(pair, "reassign-partitions", isOurs: false, words);
        Assert.Equal(original.Output, ours.Output);
        Assert.Equal((exitCode, exitCode), (original.ExitCode, ours.ExitCode));
        return ours.Output;
    }

    private static void AwaitVerified(ApachePair pair, string file, string text)
    {
        string[] verify = ["--verify", "--reassignment-json-file", file];
        Wait.Until(() => Reassign(pair, isOurs: true, verify).Contains(text, StringComparison.Ordinal), Patience, text);
        Same(pair, verify);
    }

    private static string Reassign(ApachePair pair, bool isOurs, params string[] words) =>
        Run(pair, "reassign-partitions", isOurs, words).Succeeded();

    private static ProgramResult Run(ApachePair pair, string script, bool isOurs, params string[] words)
    {
        string[] all = ["--bootstrap-server", pair.First.Bootstrap, .. words];
        return isOurs
            ? ChildProcess.Run(MoldauServer.Executable, [$"kafka-{script}", .. all], Patience)
            : KafkaTools.Run(script, all, timeout: Patience);
    }
}
