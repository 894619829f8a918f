using System.Text;
using Moldau.Base;

namespace Moldau.Config.Tests;

public sealed class SourceTests
{
    [Theory]
    [InlineData("a=b", "a", "b")]
    [InlineData("a : b ", "a", "b ")]
    [InlineData("  a\tb", "a", "b")]
    [InlineData("a==b", "a", "=b")]
    [InlineData("a\\=c=b", "a=c", "b")]
    [InlineData("a\\ c b", "a c", "b")]
    [InlineData("a", "a", "")]
    [InlineData("=b", "", "b")]
    [InlineData("a=1,\\\n   2,\\\r\n\t3", "a", "1,2,3")]
    [InlineData("# x\n! y\n\n \na=b\\\\\nc=d", "a", "b\\")]
    [InlineData("a=\\u00e9\\t\\q\\:", "a", "é\tq:")]
    [InlineData("a=1\na=2", "a", "2")]
    [InlineData("a=b # no comment", "a", "b # no comment")]
    [InlineData("a=b\\\n# c", "a", "b# c")]
    [InlineData("a=b\\", "a", "b")]
    [InlineData("\uFEFFa=b", "a", "b")]
    [InlineData("a=b\\\n\nc=d", "a", "b")]
    public void Properties_AreReadAsJavaReadsThem(string text, string key, string value)
    {
        Assert.True(PropertiesFile.TryParse(text, out Dictionary<string, string> found, out string? error), error);
        Assert.Equal(value, found[key]);
    }

    [Theory]
    [InlineData("a=b\nc=\\u12", 2)]
    [InlineData("a=\\u12g4", 1)]
    public void Properties_WithABrokenEscape_NameTheLine(string text, int line)
    {
        Assert.False(PropertiesFile.TryParse(text, out _, out string? error));
        Assert.StartsWith($"line {line}:", error);
    }

    [Fact]
    public void Properties_AnyText_NeitherThrowsNorHangs()
    {
        Prng prng = new(20_26);
        const string Alphabet = "ab=: \t\f\\\r\nu0#!é1";
        for (int round = 0; round < 20_000; round++)
        {
            StringBuilder text = new();
            int length = prng.Next(40);
            for (int i = 0; i < length; i++) text.Append(Alphabet[prng.Next(Alphabet.Length)]);
            bool isRead = PropertiesFile.TryParse(text.ToString(), out Dictionary<string, string> found,
                out string? error);
            Assert.Equal(isRead, error is null);
            Assert.True(found.Count <= length);
        }
    }

    [Fact]
    public void Properties_WrittenWithEscapes_ComeBack()
    {
        Prng prng = new(7);
        for (int round = 0; round < 5_000; round++)
        {
            string key = RandomText(prng, 1 + prng.Next(8));
            string value = RandomText(prng, prng.Next(8));
            Assert.True(PropertiesFile.TryParse($"{Escape(key)}={Escape(value)}\n", out var found, out string? error),
                error);
            Assert.Equal(value, Assert.Single(found).Value);
            Assert.True(found.ContainsKey(key));
        }
    }

    private static string RandomText(Prng prng, int length)
    {
        char[] text = new char[length];
        for (int i = 0; i < length; i++) text[i] = (char)(prng.Next(4) == 0 ? prng.Next(0xD000) : 32 + prng.Next(95));
        return new string(text);
    }

    private static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (char c in text)
            escaped.Append(char.IsAsciiLetterOrDigit(c) ? c.ToString() : $"\\u{(int)c:x4}");
        return escaped.ToString();
    }

    [Theory]
    [InlineData("KAFKA_LOG_DIRS", "log.dirs")]
    [InlineData("KAFKA_LISTENER_NAME_A__B_SSL_KEYSTORE_TYPE", "listener.name.a_b.ssl.keystore.type")]
    [InlineData("KAFKA_A___B", "a-b")]
    [InlineData("MOLDAU_SHARDS", "moldau.shards")]
    [InlineData("MOLDAU_METRICS_FLAVOR", "moldau.metrics.flavor")]
    [InlineData("MOLDAU_BOOTSTRAP", null)]
    [InlineData("KAFKA_HOME", null)]
    [InlineData("KAFKA_HEAP_OPTS", null)]
    [InlineData("CLUSTER_ID", null)]
    [InlineData("PATH", null)]
    [InlineData("KAFKA_", null)]
    public void Variables_AreMapped(string variable, string? property)
    {
        Assert.Equal(property is not null, EnvironmentSource.TryMap(variable, out string found));
        Assert.Equal(property ?? "", found);
    }

    [Fact]
    public void Environment_WarnsAboutUnknownNames_AndGoesBetweenFileAndFlags()
    {
        List<string> warnings = [];
        Dictionary<string, string> environment = EnvironmentSource.Read(new Dictionary<string, string>
        {
            ["KAFKA_NODE_ID"] = "2",
            ["KAFKA_LOG_DIR5"] = "/x",
            ["KAFKA_OPTS"] = "-X",
            ["CLUSTER_ID"] = "abc",
        }, warnings);
        Assert.Equal("KAFKA_LOG_DIR5 sets the unknown property log.dir5; the nearest name is log.dir.",
            Assert.Single(warnings));
        Dictionary<string, string> file = new() { ["node.id"] = "1", ["num.partitions"] = "3", ["log.dirs"] = "/f" };
        Dictionary<string, string> flags = new() { ["num.partitions"] = "9" };
        Dictionary<string, string> merged = new ConfigLayers(file, environment, flags).Merge();
        Assert.Equal(("2", "9", "/f"), (merged["node.id"], merged["num.partitions"], merged["log.dirs"]));
    }

    [Fact]
    public void UnknownAndUnusedNames_AreReported()
    {
        Assert.Equal([new UnknownProperty("log.retenton.ms", "log.retention.ms")],
            NearestName.FindUnknown(["log.retenton.ms", "num.partitions", "listener.name.x.ssl.keystore.type"]));
        Assert.Equal(["sasl.jaas.config"], NearestName.FindNotYetUsed(["sasl.jaas.config", "num.partitions"]));
        List<string> warnings = [];
        Assert.True(BrokerConfig.TryBuild(TestData.Node(("nmu.partitions", "2")), out _, [], warnings));
        Assert.Equal("Unknown property nmu.partitions; the nearest name is num.partitions.", Assert.Single(warnings));
    }

    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("same", "same", 0)]
    public void Distance_IsLevenshteins(string left, string right, int distance) =>
        Assert.Equal(distance, Moldau.Base.Nearest.Distance(left, right));

    [Fact]
    public void Distance_WithALimit_IsTheSameBelowIt()
    {
        string[] words = ["", "a", "kitten", "sitting", "log.retention.ms", "log.retenton.ms", "num.partitions", "ssl.keystore.type"];
        foreach (string left in words)
        {
            foreach (string right in words)
            {
                int distance = Moldau.Base.Nearest.Distance(left, right);
                for (int limit = 0; limit <= distance; limit++)
                    Assert.True(Moldau.Base.Nearest.Distance(left, right, limit) >= limit, $"{left} {right} {limit}");
                Assert.Equal(distance, Moldau.Base.Nearest.Distance(left, right, distance + 1));
            }
        }
    }

    [Theory]
    [InlineData("a=b=c", "a", "b=c")]
    [InlineData("a=", "a", "")]
    [InlineData("=a", "", "")]
    [InlineData("a", "", "")]
    public void Flags_AreSplitAtTheFirstEquals(string text, string name, string value)
    {
        Assert.Equal(name.Length > 0, ConfigLayers.TryParseFlag(text, out string foundName, out string foundValue));
        Assert.Equal(name, foundName);
        if (name.Length > 0) Assert.Equal(value, foundValue);
    }
}
