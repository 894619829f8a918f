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
        using var sender = start([server.Bootstrap, "numbers", scratch["stop"], scratch["acked"]]);

        // The sender goes on until it is told, so each kill comes in the middle of its requests.
        for (var kill = 0; kill < 2; kill++)
        {
            WaitForMore(sender);
            server.Kill();
            server.Start();
        }

        WaitForMore(sender);
        File.WriteAllText(scratch["stop"], "");
        var result = sender.WaitForEnd(TimeSpan.FromSeconds(150)).Succeeded();
        var total = Acked(sender, "done");
        Assert.Contains($"done {total} 0", result);
        AssertLog(server, scratch["acked"], total);
    }

    private static void WaitForMore(ChildProcess sender)
    {
        var before = Acked(sender, "acked");
        Wait.Until(
            () => sender.HasExited
                ? throw new InvalidOperationException(sender.WaitForEnd(TimeSpan.FromSeconds(5)).ToString())
                : Acked(sender, "acked") >= before + 3000,
            TimeSpan.FromSeconds(120), "3000 more acknowledged records");
    }

    /// <summary>The number in the last line of the sender's that begins with a word.</summary>
    private static int Acked(ChildProcess sender, string word) =>
        sender.Output.Split('\n').LastOrDefault(line => line.StartsWith(word + " ", StringComparison.Ordinal)) is { } line
            ? Number(line.Split(' ')[1])
            : 0;

    private static void AssertLog(ServerUnderTest server, string ackedFile, int total)
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

        Assert.Equal(Enumerable.Range(0, total), stored.Values.Order());
        foreach (var line in File.ReadLines(ackedFile, Encoding.ASCII))
        {
            var words = line.Split(' ');
            // A client that had to repeat a batch does not always learn its offset.
            if (words[2] != "-1") Assert.Equal(Number(words[0]), stored[(Number(words[1]), Number(words[2]))]);
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
