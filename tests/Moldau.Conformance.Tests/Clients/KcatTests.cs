using System.Text;
using System.Text.Json.Nodes;
using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Clients;

[Trait("Category", "Clients")]
public sealed class KcatTests(SharedServer shared)
{
    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void Kcat_ProduceAndConsumeInGroup_IsIdentical(string codec)
    {
        var topic = $"kcat-{codec}";
        var input = new StringBuilder();
        for (var i = 0; i < 200; i++) input.Append($"key-{i}\tvalue {i} {new string('x', i)}\n");

        // The topic is created by its first use, which is what auto.create.topics.enable means.
        Kcat(["-P", "-t", topic, "-z", codec, "-K", "\t", "-H", "codec=" + codec, "-H", "empty="], input.ToString());
        var consumed = Kcat(
            ["-G", $"kcat-group-{codec}", "-X", "auto.offset.reset=earliest", "-e", "-c", "200", "-J", topic]);

        var messages = consumed.TrimEnd().Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (long)i), messages.Select(m => (long)m["offset"]!));
        Assert.Equal(
            input.ToString().TrimEnd().Split('\n'),
            messages.Select(m => $"{(string)m["key"]!}\t{(string)m["payload"]!}"));
        Assert.All(messages, m => Assert.Equal(
            ["codec", codec, "empty", ""], m["headers"]!.AsArray().Select(part => (string)part!)));
    }

    [Fact]
    public void Kcat_GroupStartedAgain_GoesOnFromTheCommittedOffset()
    {
        Kcat(["-P", "-t", "kcat-restart"], string.Concat(Enumerable.Range(0, 100).Select(i => $"{i}\n")));
        string[] consume = ["-G", "kcat-restart-group", "-X", "auto.offset.reset=earliest", "-q", "-e"];

        var first = Kcat([.. consume, "-c", "40", "-X", "enable.auto.offset.store=true", "kcat-restart"]);
        var second = Kcat([.. consume, "-c", "60", "kcat-restart"]);

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i}"), first.TrimEnd().Split('\n'));
        Assert.Equal(Enumerable.Range(40, 60).Select(i => $"{i}"), second.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Kcat_MetadataAndOffsetQuery_Answer()
    {
        Kcat(["-P", "-t", "kcat-query"], "one\ntwo\nthree\n");

        var metadata = JsonNode.Parse(Kcat(["-L", "-J", "-t", "kcat-query"]))!;
        Assert.Equal(shared.Server.Bootstrap, (string)metadata["brokers"]![0]!["name"]!);
        Assert.Equal(1, (int)metadata["topics"]![0]!["partitions"]![0]!["leader"]!);
        Assert.Equal("kcat-query [0] offset 3", Kcat(["-Q", "-t", "kcat-query:0:-1"]).Trim());
        Assert.Equal("kcat-query [0] offset 0", Kcat(["-Q", "-t", "kcat-query:0:-2"]).Trim());
        Assert.Equal("kcat-query [0] offset 0", Kcat(["-Q", "-t", "kcat-query:0:1"]).Trim());
    }

    [Fact]
    public void Kcat_TransactionalProducer_AnswersOrFailsAtOnce()
    {
        Kcat(["-P", "-t", "kcat-plain"], "x\n");
        var result = ChildProcess.Run(
            "kcat",
            ["-b", shared.Server.Bootstrap, "-P", "-t", "kcat-plain", "-X", "transactional.id=t", "-m", "20"],
            TimeSpan.FromSeconds(60), "in a transaction\n");
        if (TestServer.IsApache) Assert.Equal(0, result.ExitCode);
        else Assert.NotEqual(0, result.ExitCode);
    }

    private string Kcat(string[] arguments, string? input = null)
    {
        var server = shared.Server;
        Requires.Client("kcat");
        return ChildProcess.Run("kcat", ["-b", server.Bootstrap, .. arguments], input: input).Succeeded();
    }
}
