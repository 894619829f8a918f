using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Clients;

[Trait("Category", "Clients")]
public sealed class JavaAdminTests(SharedServer shared)
{
    /// <summary>
    /// The program prints one line an answer; the expected lines are those it prints against Apache Kafka.
    /// </summary>
    [Fact]
    public void JavaAdmin_Tour_AnswersAsApacheKafka()
    {
        var server = shared.Server;
        Requires.Java();

        var output = ChildProcess.Run(
            "java",
            [.. JavaPrograms.CommandLine(ClientPrograms.PathOf("AdminTour.java")), server.Bootstrap]).Succeeded();

        var expected = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Clients", "admin-tour.expected.txt"));
        Assert.Equal(expected, output.TrimEnd().Split('\n'));
    }
}
