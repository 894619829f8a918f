using System.Text;
using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>What <c>--verbose</c> and <c>--debug</c> tell on standard error, and what they never tell.</summary>
[Collection("verbs")]
public sealed class WireTraceTests(Clusters clusters)
{
    private const string Password = "a-word-that-nobody-sees";

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Verbose_TellsOfEachLink_RequestAndAnswer_AndLeavesTheDataAlone(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("traced");
        string silent = cluster.Run("topic", "create", topic).Succeeded();
        ProgramResult told = cluster.Run("topic", "create", topic, "--if-not-exists", "-v");
        Assert.Equal(0, told.ExitCode);
        Assert.Contains(topic, silent, StringComparison.Ordinal);
        Assert.Contains(topic, told.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("→", told.Output, StringComparison.Ordinal);
        string[] lines = told.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"asking {cluster.Bootstrap} (-b)", lines[0]);
        string at = @"^ +\d+\.\d{3}  [\w.]+:\d+ \(\d+\) ";
        Assert.Matches(at + "opening$", lines[1]);
        Assert.Matches(at + "open$", lines[2]);
        Assert.Matches(at + @"→ ApiVersions v\d+ #0, \d+ bytes$", lines[3]);
        Assert.Matches(at + @"← ApiVersions v\d+ #0, [\d,]+ bytes, \d+\.\d ms$", lines[4]);
        Assert.Contains(lines, l => Regex.IsMatch(l, at + @"← CreateTopics v\d+ #\d+, \d+ bytes, \d+\.\d ms, TOPIC_ALREADY_EXISTS$"));
        Assert.Matches(at + "closed$", lines[^1]);
        Assert.DoesNotContain("{", told.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Debug_ShowsTheMessages_ButNoValuesOfProperties_AndOfRecordsOnlyTheLength(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("traced");
        cluster.Run("topic", "create", topic).Succeeded();
        string error = cluster.Run("topic", "set", topic, "retention.ms=1234567", "--debug").Error;
        Assert.Contains($"\"resourceName\":\"{topic}\"", error, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"retention.ms\"", error, StringComparison.Ordinal);
        Assert.Contains("\"value\":\"hidden\"", error, StringComparison.Ordinal);
        Assert.DoesNotContain("1234567", error, StringComparison.Ordinal);

        ProgramResult produced = cluster.Send(new string('x', 100) + "\n", "produce", topic, "--debug");
        Assert.Equal(0, produced.ExitCode);
        Assert.Matches("\"records\":\"\\d+ bytes\"", produced.Error);
        Assert.DoesNotContain("xxxx", produced.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes("xxxxxxxxx")), produced.Error, StringComparison.Ordinal);
    }

    /// <summary>Kafka's scripts have options of their own: a variable asks for the same.</summary>
    [Theory]
    [InlineData("wire", false)]
    [InlineData("messages", true)]
    public void Scripts_TellTheSame_WhereTheVariableAsks(string value, bool hasMessages)
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        ProgramResult told = Cli.RunWith(
            new Dictionary<string, string> { ["MOLDAU_DEBUG"] = value }, "kafka-topics", "--list", "--bootstrap-server", cluster.Bootstrap);
        Assert.Equal(0, told.ExitCode);
        Assert.Contains("→ Metadata v", told.Error, StringComparison.Ordinal);
        Assert.Equal(hasMessages, told.Error.Contains("\"allowAutoTopicCreation\":", StringComparison.Ordinal));
    }

    /// <summary>Neither what SASL sends, nor what a new password is kept as, in either encoding.</summary>
    [Fact]
    public void Debug_HidesPasswords_AndWhatTheyAreKeptAs()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        using ApacheServer server = new(new ServerOptions
        {
            Properties = new Dictionary<string, string>(ServerOptions.WithoutRetention)
            {
                ["listener.security.protocol.map"] = "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                ["sasl.enabled.mechanisms"] = "PLAIN",
                ["sasl.mechanism.inter.broker.protocol"] = "PLAIN",
                ["listener.name.plaintext.plain.sasl.jaas.config"] = "org.apache.kafka.common.security.plain.PlainLoginModule required "
                    + $"username=\"admin\" password=\"{Password}\" user_admin=\"{Password}\";",
            },
        });
        server.Start();
        Cluster cluster = new(server);
        string[] secured = ["-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=PLAIN", "-X", "sasl.username=admin", "-X", $"sasl.password={Password}"];
        ProgramResult told = cluster.Run(["user", "create", "alice", "--password", Password, "--debug", .. secured]);
        Assert.True(told.ExitCode == 0, told.ToString());
        Assert.Contains("→ SaslAuthenticate v", told.Error, StringComparison.Ordinal);
        Assert.Contains("\"authBytes\":\"hidden\"", told.Error, StringComparison.Ordinal);
        Assert.Contains("\"salt\":\"hidden\",\"saltedPassword\":\"hidden\"", told.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, told.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0admin\0{Password}")), told.Error, StringComparison.Ordinal);
    }
}
