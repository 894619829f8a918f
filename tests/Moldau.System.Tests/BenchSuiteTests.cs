using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>The quick form of bench/suite.py: every group runs on both servers and prints its rows. No figure is judged.</summary>
[Trait("Category", "Bench")]
public sealed class BenchSuiteTests
{
    private static readonly string[] Groups =
        ["Start", "Produce", "Consume", "Requests", "End to end", "Innocent", "Group commit", "Recovery"];

    [Fact]
    public void QuickSuite_BesideApache_PrintsEveryGroup()
    {
        Requires.Server();
        Requires.Apache();
        foreach (string program in new[] { "gcc", "python3" })
            if (TestTools.Find(program) is null) Assert.Skip($"the benchmark suite needs {program}, which is not installed");

        string folder = Path.GetDirectoryName(MoldauServer.Executable)!;
        string script = Path.Combine(Repository.Root, "bench", "suite.py");
        ProgramResult result = ChildProcess.Run(
            TestTools.Find("python3")!, [script, "--quick", "--program", folder], TimeSpan.FromMinutes(15), workingFolder: Repository.Root);

        string printed = result.Succeeded();
        Assert.Equal(Groups, Regex.Matches(printed, "^### (.*)$", RegexOptions.Multiline).Select(m => m.Groups[1].Value));
        // Rows with a ratio: figures of both servers.
        Assert.True(Regex.Count(printed, @"\d\.\d\dx") > 30, printed);
        Assert.DoesNotMatch(@"\| [^|]* \| – \| – \|[ –|]*$", printed);
    }
}
