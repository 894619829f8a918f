using System.Globalization;
using System.Text;
using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>
/// Acknowledged records of idempotent producers across a kill -9: none lost, none twice, all in order.
/// </summary>
[Trait("Category", "Kill")]
public sealed class KillTests
{
    private const int Total = 30_000;

    [Fact]
    public void Kill9_LibrdkafkaProducer_KeepsEveryAcknowledgedRecordOnce()
    {
        Requires.Server();
        Requires.Client("python");
        KillTwice(arguments => Programs.Python("send_numbers.py", arguments));
    }

    [Fact]
    public void Kill9_JavaProducer_KeepsEveryAcknowledgedRecordOnce()
    {
        Requires.Server();
        Requires.Java();
        KillTwice(arguments => Programs.Java("SendNumbers.java", arguments));
    }

    private static void KillTwice(Func<string[], ChildProcess> start)
    {
        Requires.Client("kcat");
        using var scratch = new ScratchFolder("kill");
        using var server = TestServer.Create();
        server.Start();
        Topics.Create(server, "numbers", 3);
        using var sender = start([server.Bootstrap, "numbers", $"{Total}", scratch["acked"]]);

        sender.WaitForText("acked 3000\n", TimeSpan.FromSeconds(60));
        server.Kill();
        server.Start();
        sender.WaitForText("acked 14000\n", TimeSpan.FromSeconds(90));
        server.Kill();
        server.Start();

        var result = sender.WaitForEnd(TimeSpan.FromSeconds(150)).Succeeded();
        Assert.Contains($"done {Total} 0", result);
        AssertLog(server, scratch["acked"]);
    }

    private static void AssertLog(ServerUnderTest server, string ackedFile)
    {
        var output = ChildProcess.Run(
            "kcat", ["-b", server.Bootstrap, "-C", "-t", "numbers", "-e", "-q", "-f", "%p %o %s\n"]).Succeeded();
        var stored = new Dictionary<(int Partition, long Offset), int>();
        var lastOf = new[] { -1, -1, -1 };
        foreach (var line in output.TrimEnd().Split('\n'))
        {
            var words = line.Split(' ');
            var (partition, offset, number) = (Number(words[0]), (long)Number(words[1]), Number(words[2]));
            Assert.True(number > lastOf[partition], $"{number} came after {lastOf[partition]} in {partition}");
            lastOf[partition] = number;
            stored[(partition, offset)] = number;
        }

        Assert.Equal(Enumerable.Range(0, Total), stored.Values.Order());
        foreach (var line in File.ReadLines(ackedFile, Encoding.ASCII))
        {
            var words = line.Split(' ');
            // A client that had to repeat a batch does not always learn its offset.
            if (words[2] != "-1") Assert.Equal(Number(words[0]), stored[(Number(words[1]), Number(words[2]))]);
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
