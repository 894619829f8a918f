using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>The quick forms of bench/suite.py and bench/clients.py: everything runs on both servers and prints its rows. No figure is
/// judged.</summary>
[Trait("Category", "Bench")]
public sealed class BenchSuiteTests
{
    private static readonly string[] Groups =
        ["Start", "Produce", "Consume", "Requests", "End to end", "Innocent", "Group commit", "System", "Recovery"];

    [Fact]
    public void QuickSuite_BesideApache_PrintsEveryGroup()
    {
        string printed = RunQuick("suite.py");
        Assert.Equal(Groups, Regex.Matches(printed, "^### (.*)$", RegexOptions.Multiline).Select(m => m.Groups[1].Value));
        // Rows with a ratio: figures of both servers.
        Assert.True(Regex.Count(printed, @"\d\.\d\dx") > 30, printed);
        Assert.DoesNotMatch(@"\| [^|]* \| – \| – \|[ –|]*$", printed);
    }

    /// <summary>This client and librdkafka do every workload against both servers; the others take longer to start.</summary>
    [Fact]
    public void QuickClients_AgainstBothServers_PrintEveryWorkload()
    {
        Requires.Client("python");
        string printed = RunQuick("clients.py", "--server", "both", "--clients", "moldau,librdkafka");
        Assert.Equal(2, Regex.Count(printed, "^### Against ", RegexOptions.Multiline));
        // Of each server: three rows of costs, and two of rates, two of latencies and three of memory.
        Assert.Equal(2 * (3 + 2 + 2 + 3), Regex.Count(printed, @"^\| [^|]* \| [\d,.k ]+ \| [\d,.k ]+(·[^|]*)?\|$", RegexOptions.Multiline));
    }

    private static string RunQuick(string script, params string[] options)
    {
        Requires.Server();
        Requires.Apache();
        foreach (string program in new[] { "gcc", "python3" })
            if (TestTools.Find(program) is null) Assert.Skip($"the benchmarks need {program}, which is not installed");

        string folder = Path.GetDirectoryName(MoldauServer.Executable)!;
        string path = Path.Combine(Repository.Root, "bench", script);
        ProgramResult result = ChildProcess.Run(
            TestTools.Find("python3")!, [path, "--quick", "--program", folder, .. options], TimeSpan.FromMinutes(15),
            workingFolder: Repository.Root);
        return result.Succeeded();
    }
}
