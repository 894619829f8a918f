using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>
/// A data folder goes from Apache Kafka to our node and back: each finds every record, producer state and committed
/// offset of the other, the metadata version stays, and Kafka's own checker finds nothing wrong in our files.
/// </summary>
[Trait("Category", "FolderExchange")]
public sealed class FolderExchangeTests
{
    [Theory]
    [InlineData("4.4.0", false)]
    [InlineData("4.3.1", false)]
    [InlineData("4.4.0", true)]
    public void Folder_FromApacheToOursAndBack_LosesNothing(string version, bool isKilled)
    {
        Requires.Server();
        Requires.Apache();
        Requires.Client("kcat");
        using var scratch = new ScratchFolder("exchange");
        var options = new ServerOptions
        {
            Version = version,
            DataFolder = scratch["data"],
            Properties = new Dictionary<string, string> { ["log.segment.bytes"] = "1048576" },
        };
        var contents = new FolderContents();
        string features;
        (int, int) ports;
        using (var apache = new ApacheServer(options))
        {
            apache.Start();
            ports = (apache.Port, apache.ControllerPort);
            contents.Write(apache);
            contents.Check(apache);
            features = Features(apache);
            End(apache, isKilled);
        }

        options = options with { ShouldFormat = false, Ports = ports };
        using (var ours = TestServer.Create(options))
        {
            ours.Start();
            contents.Check(ours);
            contents.Write(ours);
            contents.Check(ours);
            Assert.Equal(features, Features(ours));
            End(ours, isKilled);
        }

        AssertLogsAreClean(scratch["data"], isKilled);
        using (var apache = new ApacheServer(options))
        {
            apache.Start();
            contents.Check(apache);
            contents.Write(apache);
            contents.Check(apache);
            Assert.Equal(features, Features(apache));
            End(apache, isKilled: false);
        }
    }

    [Fact]
    public void Folder_MadeByOurs_IsTakenOverByApache()
    {
        Requires.Server();
        Requires.Apache();
        Requires.Client("kcat");
        using var scratch = new ScratchFolder("exchange");
        var options = new ServerOptions { DataFolder = scratch["data"] };
        var contents = new FolderContents();
        (int, int) ports;
        using (var ours = TestServer.Create(options))
        {
            ours.Start();
            ports = (ours.Port, ours.ControllerPort);
            contents.Write(ours);
            contents.Write(ours);
            End(ours, isKilled: false);
        }

        AssertLogsAreClean(scratch["data"], isKilled: false);
        using var apache = new ApacheServer(options with { ShouldFormat = false, Ports = ports });
        apache.Start();
        contents.Check(apache);
        contents.Write(apache);
        contents.Check(apache);
    }

    private static void End(ServerUnderTest server, bool isKilled)
    {
        if (isKilled) server.Kill();
        else server.Stop();
    }

    /// <summary>
    /// The finalized features as Kafka's tool prints them, without the epoch, which grows, and without what the server
    /// would support, which is not the folder's affair.
    /// </summary>
    private static string Features(ServerUnderTest server) =>
        string.Join('\n', KafkaTools.Run("features", ["--bootstrap-server", server.Bootstrap, "describe"])
            .Succeeded().TrimEnd().Split('\n')
            .Select(line => Regex.Replace(line.Split("Epoch:")[0], "SupportedMin.*Finalized", "Finalized")).Order(StringComparer.Ordinal));

    /// <summary>
    /// Kafka's checker reads every file. After a kill, indexes may still have their preallocated size, which it takes
    /// for damage, so then it reads the logs and snapshots only.
    /// </summary>
    private static void AssertLogsAreClean(string dataFolder, bool isKilled)
    {
        string[] kinds = isKilled ? [".log", ".snapshot"] : [".log", ".index", ".timeindex", ".txnindex", ".snapshot"];
        var files = Directory.GetFiles(dataFolder, "*", SearchOption.AllDirectories)
            .Where(file => kinds.Contains(Path.GetExtension(file)))
            .Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        var result = KafkaTools.Run("dump-log", ["--deep-iteration", "--files", string.Join(',', files)]);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("Exception", result.Error);
        foreach (var complaint in new[]
        {
            "Mismatches in", "Found timestamp mismatch", "Non-consecutive offsets", "isvalid: false",
            "Found out of order", "is found to be corrupt", "invalid bytes",
        })
            Assert.DoesNotContain(complaint, result.Output);
    }
}
