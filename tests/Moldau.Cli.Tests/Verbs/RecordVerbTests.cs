using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary><c>moldau produce</c> and <c>moldau consume</c>.</summary>
[Collection("verbs")]
public sealed class RecordVerbTests(Clusters clusters)
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Lines_ComeBack(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 1);
        Assert.Equal(
            """{"topic":"T","partition":0,"records":3,"firstOffset":0,"lastOffset":2}""" + "\n",
            cluster.Send("one\ntwo\n\u00e4\u00f6", "produce", topic, "-o", "ndjson").Succeeded().Replace(topic, "T", StringComparison.Ordinal));
        ProgramResult all = cluster.Run("consume", topic, "--until", "end", "-f", @"%v\n");
        Assert.Equal("one\ntwo\n\u00e4\u00f6\n", all.Succeeded());
        Assert.Contains("3 records", all.Error, StringComparison.Ordinal);
        string json = Read(cluster, topic, "-n", "1");
        Assert.Matches($$"""^{"topic":"{{topic}}","partition":0,"offset":0,"timestamp":\d{13},"key":null,"value":"one"}$""", json);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void KeysHeadersTombstonesAndBytes_ComeBackAsTheyAreAskedFor(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 2);
        cluster.Send("0;a:1700000000123:00ff\n", "produce", topic, "-f", @"%p;%k:%d:%v{hex}\n", "-H", "source=test", "-z", "zstd").Succeeded();
        cluster.Run("produce", topic, "-k", "a", "--tombstone", "-p", "1").Succeeded();
        Assert.Equal(
            $"{topic} 0 0 a 61 AP8= 1700000000123 2023-11-14T22:13:20.123Z 2023/11/14 source=test test <source:74657374>%\t",
            Read(cluster, topic, "-p", "0", "-f",
                @"%t %p %o %k %k{hex} %v{base64} %d %d{iso} %d{strftime[%Y/%m/%d]} %h %h{source} %h{<%k:%v{hex}>}%%\t\x0a"));
        Assert.Contains("\"valueBase64\":\"AP8=\"", Read(cluster, topic, "-p", "0"), StringComparison.Ordinal);
        Assert.Contains("\"headers\":[{\"key\":\"source\",\"value\":\"test\"}]", Read(cluster, topic, "-p", "0"), StringComparison.Ordinal);
        Assert.Contains("\"key\":\"a\",\"value\":null", Read(cluster, topic, "-p", "1"), StringComparison.Ordinal);
        Assert.Contains("(tombstone)", Read(cluster, topic, "-p", "1", "-f", "pretty"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Json_EscapesQuotesAndControls_AndLeavesTheRest(string name)
    {
        const string Text = "a\"b\\c\n\r\t\b\f\u0001\u001b\u007f\u0080\u009b\u00a0\u00e4\u20ac\U0001F600/<>&'+\u2028";
        const string Written = """a\"b\\c\n\r\t\b\f\u0001\u001B\u007F\u0080\u009B""" + "\u00a0\u00e4\u20ac\U0001F600/<>&'+\u2028";
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 1);
        string hex = Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(Text));
        cluster.Send($"{hex}={hex}\n", "produce", topic, "-f", @"%k{hex}=%v{hex}\n", "-H", "quote\"=back\\slash").Succeeded();
        string json = Read(cluster, topic, "-n", "1", "-f", "json");
        Assert.EndsWith(
            $"\"key\":\"{Written}\",\"value\":\"{Written}\",\"headers\":" + """[{"key":"quote\"","value":"back\\slash"}]}""", json,
            StringComparison.Ordinal);
        using System.Text.Json.JsonDocument record = System.Text.Json.JsonDocument.Parse(json);
        Assert.Equal(Text, record.RootElement.GetProperty("value").GetString());
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Offsets_SayWhereToBegin(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 1);
        cluster.Send("1000,a\n2000,b\n3000,c\n4000,d\n", "produce", topic, "-f", @"%d,%v\n").Succeeded();
        (string Where, string Expected)[] cases =
            [("start", "abcd"), ("end", ""), ("+1", "bcd"), ("-1", "d"), ("-9", "abcd"), ("2", "cd"), ("@2500", "cd"), ("@-1h", "")];
        foreach ((string where, string expected) in cases)
            Assert.Equal((where, expected), (where, Read(cluster, topic, "-o", where, "-f", "%v")));
        Assert.Equal("b", Read(cluster, topic, "-o", "1", "-n", "1", "-f", "%v"));
        Cluster.AssertFailed(cluster.Run("consume", topic, "-o", "middle"), 2, "'-o middle' is no place", "@TIME");
        Cluster.AssertFailed(cluster.Run("consume", topic, "-p", "7"), 3, "has no partition 7");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Group_GoesOnWhereItStopped_AlsoAfterCtrlC(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 1);
        string group = Cluster.NewName("g");
        cluster.Send("a\nb\n", "produce", topic).Succeeded();
        Assert.Equal("a", Read(cluster, topic, "-g", group, "-n", "1", "-f", "%v"));
        using (ChildProcess consumer = cluster.Start("consume", topic, "-g", group, "-f", @"<%v>\n"))
        {
            consumer.WaitForText("<b>", TimeSpan.FromSeconds(60));
            ProgramResult described = cluster.Run("group", "describe", group, "-o", "ndjson");
            Assert.Contains("\"state\":\"Stable\"", described.Succeeded(), StringComparison.Ordinal);
            Assert.Contains("\"client\":\"moldau\"", described.Output, StringComparison.Ordinal);
            Cluster.AssertFailed(cluster.Run("group", "seek", group, "--to", "start", "-y"), 1, "has 1 member", "NON_EMPTY_GROUP");
            Cli.Signal(consumer, Cli.Interrupt);
            ProgramResult ended = consumer.WaitForEnd(TimeSpan.FromSeconds(60));
            Assert.Equal(("<b>\n", 130), (ended.Output, ended.ExitCode));
            Assert.Contains(
                $"1 record, interrupted; the offsets of group '{group}' are committed (exit code 130)", ended.Error, StringComparison.Ordinal);
        }

        Assert.Equal("", Read(cluster, topic, "-g", group, "-f", "%v"));
        cluster.Send("c\n", "produce", topic).Succeeded();
        Assert.Equal("c", Read(cluster, topic, "-g", group, "-f", "%v"));
    }

    [Fact]
    public void GroupOfAProperty_IsJoined_AsThatOfTheOption()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = NewTopic(cluster, 1);
        string group = Cluster.NewName("g");
        cluster.Send("a\nb\n", "produce", topic).Succeeded();
        Assert.Equal("a", Read(cluster, topic, "-X", $"group.id={group}", "-n", "1", "-f", "%v"));
        Assert.Equal("b", Read(cluster, topic, "-X", $"group.id={group}", "-f", "%v"));
        Assert.Contains("Empty", cluster.Run("group", "describe", group).Succeeded(), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("consume", topic, "-X", $"group.id={group}", "-p", "0"), 2, "the group says which partitions are read");
        Cluster.AssertFailed(cluster.Run("consume", topic, "-X", "grup.id=x"), 2, "did you mean 'group.id'?");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void AFewRecords_AreReadFromEachPlace(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 1);
        cluster.Send("a\nb\nc\n", "produce", topic).Succeeded();
        foreach ((string from, string count, string read) in (ReadOnlySpan<(string, string, string)>)
            [("start", "2", "ab"), ("1", "2", "bc"), ("-1", "1", "c"), ("+2", "1", "c")])
            Assert.Equal(read, cluster.Run("consume", topic, "-o", from, "-n", count, "-f", "%v").Succeeded().TrimEnd('\n'));
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void BadRecords_AreNamed(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 1);
        Cluster.AssertFailed(
            cluster.Send("k:v\nnothing\nk:w\n", "produce", topic, "-f", @"%k:%v\n"),
            6, "record 2 of standard input", @"does not fit '%k:%v\n'", "no ':' behind %k");
        Cluster.AssertFailed(cluster.Send("zz\n", "produce", topic, "-f", @"%v{hex}\n"), 1, "record 1", "'zz' is not hex");
        Assert.Equal("v", Read(cluster, topic, "-f", "%v"));
        Cluster.AssertFailed(
            cluster.Send(new string('x', 2 << 20), "produce", topic), 1, "MESSAGE_TOO_LARGE", "raise max.request.size");
        Cluster.AssertFailed(
            cluster.Send(new string('x', 2 << 20), "produce", topic, "-X", "max.request.size=4000000"), 1, "MESSAGE_TOO_LARGE");
        Cluster.AssertFailed(cluster.Run("produce", topic, "no-such-file"), 3, "no file 'no-such-file'");
        Cluster.AssertFailed(cluster.Run("produce", topic, "-f", "%x"), 2, "no %x");
    }

    /// <summary>A short input is read to its end before the cluster is spoken to; on both sides of what is short nothing is lost.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public void InputsAboutAsLongAsWhatIsReadAhead_AreWhole(int bytes)
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = NewTopic(cluster, 1);
        string input = string.Concat(Enumerable.Range(0, bytes / 8).Select(i => $"{i:0000000}\n")) + new string('x', bytes % 8);
        cluster.Send(input, "produce", topic).Succeeded();
        Assert.Equal(input.TrimEnd('\n'), Read(cluster, topic, "-f", @"%v\n"));
    }

    [Fact]
    public void InputThatComesSlowly_IsSentAsItComes_AndMayBeInterrupted()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = NewTopic(cluster, 1);
        using ChildProcess producer = cluster.Start("produce", topic, "-o", "ndjson");
        for (int i = 1; i <= 3; i++)
        {
            producer.StandardInput.Write("line\n"u8);
            producer.StandardInput.Flush();
            string end = $"\"end\":{i},";
            Wait.Until(
                () => cluster.Run("topic", "describe", topic, "-o", "ndjson").Output.Contains(end, StringComparison.Ordinal),
                TimeSpan.FromSeconds(60), $"record {i}");
        }

        Cli.Signal(producer, Cli.Interrupt);
        ProgramResult ended = producer.WaitForEnd(TimeSpan.FromSeconds(60));
        Assert.True(ended.ExitCode == 130, ended.ToString());
        Assert.Contains("\"records\":3,", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WhoeverReadsNoMore_EndsIt()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = NewTopic(cluster, 1);
        cluster.Send(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"a line of text with number {i}\n")), "produce", topic).Succeeded();
        ProgramResult piped = ChildProcess.Run(
            "/bin/sh", ["-c", $"\"{MoldauServer.Executable}\" consume {topic} -f '%v\\n' -b {cluster.Bootstrap} | head -n 1"],
            TimeSpan.FromSeconds(120));
        Assert.Equal("a line of text with number 0\n", piped.Succeeded());
    }

    /// <summary>kcat itself is asked what its letters mean.</summary>
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void KcatFormats_PrintWhatKcatPrints(string name)
    {
        string? kcat = TestTools.Find("kcat");
        if (kcat is null) Assert.Skip("kcat is not on the path; install the package kcat");
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 1);
        cluster.Send("k1:1700000000123:value one\nk2:1700000000456:\u00e4\u00f6\n", "produce", topic, "-f", @"%k:%d:%v\n", "-H", "a=1", "-H", "b=two").Succeeded();
        cluster.Send("no key\n", "produce", topic).Succeeded();
        cluster.Run("produce", topic, "-k", "gone", "--tombstone").Succeeded();
        foreach (string format in (string[])[@"%t [%p] at %o: key %k (%K bytes) = %s (%S bytes), %T, %h, 100%%\n", @"%S{%s}\t%K\x0a", "%R%s"])
        {
            string theirs = ChildProcess.Run(kcat, ["-C", "-b", cluster.Bootstrap, "-t", topic, "-e", "-q", "-f", format], TimeSpan.FromSeconds(60)).Succeeded();
            Assert.NotEmpty(theirs);
            Assert.Equal(theirs, cluster.Run("consume", topic, "--until", "end", "--kcat", "-f", format).Succeeded());
        }

        Assert.Equal("2 9 2\n2 4 2\n-1 6 0\n4 -1 0", Read(cluster, topic, "-f", @"%K %V %H\n"));
        Cluster.AssertFailed(cluster.Run("consume", topic, "--kcat", "-f", "%v"), 2, "there is no %v");
        Cluster.AssertFailed(cluster.Run("consume", topic, "--kcat"), 2, "give -f too");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void OneTransaction_IsReadWhole_OrNotAtAll(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = NewTopic(cluster, 2);
        ProgramResult sent = cluster.Send("one\ntwo\nthree\n", "produce", topic, "-p", "0", "--txn", "-o", "ndjson");
        if (name == Clusters.Ours)
        {
            Cluster.AssertFailed(sent, 4, "does not serve transactions yet");
            return;
        }

        Assert.Equal($$"""{"topic":"{{topic}}","partition":0,"records":3,"firstOffset":0,"lastOffset":2}""" + "\n", sent.Succeeded());
        ProgramResult broken = cluster.Send("0;four\n0;five\nsix\n", "produce", topic, "-f", @"%p;%v\n", "--txn");
        Cluster.AssertFailed(broken, 1, "record 3 of standard input", "the transaction was aborted");
        Assert.Equal("", broken.Output);
        Assert.Equal("one\ntwo\nthree", Read(cluster, topic, "-f", @"%v\n", "-X", "isolation.level=read_committed"));
        Assert.Contains("four", Read(cluster, topic, "-f", @"%v\n", "-X", "isolation.level=read_uncommitted"), StringComparison.Ordinal);
    }

    private static string NewTopic(Cluster cluster, int partitions)
    {
        string topic = Cluster.NewName("r");
        cluster.Run("topic", "create", topic, "-p", $"{partitions}").Succeeded();
        return topic;
    }

    /// <summary>Everything up to the end, without the end of the last line.</summary>
    private static string Read(Cluster cluster, string topic, params string[] arguments) =>
        cluster.Run(["consume", topic, "--until", "end", .. arguments]).Succeeded().TrimEnd('\n');
}
