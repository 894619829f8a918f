using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Differential;

/// <summary>
/// The same requests to Apache Kafka 4.4.0 and to our node, compared as decoded answers. Apache's answers are committed
/// as golden files, so ours is compared everywhere; where Apache's jars are, the golden files are checked against a
/// running node as well. MOLDAU_RECORD_GOLDEN=1 rewrites them.
/// </summary>
[Trait("Category", "Differential")]
public sealed class DifferentialTests(DifferentialServers servers) : IClassFixture<DifferentialServers>
{
    public static TheoryData<string> Names() => new(AllScenarios.Table.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void OurNode_AnswersAsApacheKafka(string name)
    {
        var ours = servers.Ours;
        List<(int Version, IReadOnlyList<string> Lines)> runs;
        try
        {
            runs = RunAll(AllScenarios.Table[name], ours);
        }
        catch (Exception) when (HasEnded(ours))
        {
            throw new InvalidOperationException($"the node ended: {ours.Process.WaitForEnd(TimeSpan.FromSeconds(5))}");
        }

        var differences = runs.SelectMany(run => Differences.Find(
            name, run.Version,
            Golden.Lines(name, run.Version) ?? throw new InvalidDataException($"no golden answers of {name}"),
            run.Lines)).ToList();
        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(60)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Peer", "Apache")]
    public void ApacheKafka_AnswersAsRecorded(string name)
    {
        var runs = RunAll(AllScenarios.Table[name], servers.Apache);
        if (Golden.IsRecording)
        {
            Golden.Write(name, runs);
            return;
        }

        foreach (var (version, lines) in runs) Assert.Equal(Golden.Lines(name, version), lines);
    }

    [Fact]
    public void Scenarios_CoverEnough()
    {
        var combinations = AllScenarios.Table.Values.Sum(s => s.Versions.Last - s.Versions.First + 1);
        Assert.True(combinations >= 300, $"only {combinations} combinations of scenario and version");
    }

    /// <summary>A connection may break a moment before the process that held it is gone.</summary>
    private static bool HasEnded(ServerUnderTest server)
    {
        try
        {
            Wait.Until(() => server.Process.HasExited, TimeSpan.FromSeconds(2), "the end of the node");
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static List<(int Version, IReadOnlyList<string> Lines)> RunAll(Scenario scenario, ServerUnderTest server)
    {
        var runs = new List<(int, IReadOnlyList<string>)>();
        for (var version = scenario.Versions.First; version <= scenario.Versions.Last; version++)
        {
            using var run = new ScenarioRun(scenario, version, server);
            scenario.Talk(run);
            runs.Add((version, run.Lines));
        }

        return runs;
    }
}
