using System.Text.Json;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary><c>moldau top</c>: what it measures while something moves.</summary>
[Collection("verbs")]
public sealed class TopTests(Clusters clusters) : IDisposable
{
    private readonly ScratchFolder _scratch = new("top");

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void TopicsBrokersAndGroups_AreMeasuredWhileRecordsCome(string name)
    {
        Cluster cluster = clusters.Get(name);
        (string busy, string idle) = (Cluster.NewName("busy"), Cluster.NewName("idle"));
        cluster.Run("topic", "create", busy, idle, "-p", "2").Succeeded();
        string group = Cluster.NewName("slow");
        cluster.Send("first\n", "produce", busy).Succeeded();
        cluster.Run("consume", busy, "-g", group, "-n", "1").Succeeded();
        string lines = string.Concat(Enumerable.Repeat("a line of text that has a length\n", 100_000));
        File.WriteAllText(_scratch["lines"], lines);
        using ChildProcess producer = cluster.Start("produce", busy, _scratch["lines"], "--rate", "500");
        string[] again = ["-n", "1", "--every", "2s", "-l", "1000", "-o", "ndjson"];
        List<JsonElement> topics = [];
        // Until the producer is at work.
        Wait.Until(
            () =>
            {
                topics = Rows(cluster.Run(["top", .. again]));
                return Row(topics, "topic", busy).GetProperty("recordsPerSecond").GetDouble() > 0;
            },
            TimeSpan.FromSeconds(60), "records to be seen");
        JsonElement first = Row(topics, "topic", busy);
        Assert.InRange(first.GetProperty("recordsPerSecond").GetDouble(), 1, 2000);
        Assert.Equal(2, first.GetProperty("partitions").GetInt32());
        Assert.Equal(0, first.GetProperty("outOfSync").GetInt32());
        Assert.Equal(0, Row(topics, "topic", idle).GetProperty("recordsPerSecond").GetDouble());
        Assert.Equal(topics.Select(t => t.GetProperty("recordsPerSecond").GetDouble()).OrderDescending(), topics.Select(t => t.GetProperty("recordsPerSecond").GetDouble()));

        JsonElement broker = Assert.Single(Rows(cluster.Run(["top", "brokers", .. again])));
        Assert.True(broker.GetProperty("recordsPerSecond").GetDouble() > 0, broker.ToString());
        Assert.True(broker.GetProperty("bytesPerSecond").GetDouble() > 0, broker.ToString());
        Assert.True(broker.GetProperty("leads").GetInt32() >= 4, broker.ToString());

        JsonElement behind = Row(Rows(cluster.Run(["top", "groups", .. again])), "group", group);
        Assert.True(behind.GetProperty("lag").GetInt64() > 0, behind.ToString());
        Assert.Equal(0, behind.GetProperty("readsPerSecond").GetDouble());
        Assert.True(behind.GetProperty("writesPerSecond").GetDouble() > 0, behind.ToString());
        Assert.Equal(JsonValueKind.Null, behind.GetProperty("caughtUpInSeconds").ValueKind);

        Assert.Single(Rows(cluster.Run("top", "-n", "1", "--every", "1ms", "-l", "1", "-o", "ndjson")));
        Assert.StartsWith("TOPIC ", cluster.Run("top", "-n", "1", "--every", "1ms").Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupt_EndsIt()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        using ChildProcess top = cluster.Start("top", "--every", "50ms");
        top.WaitForText("RECORDS-PER-SECOND", TimeSpan.FromSeconds(60));
        Cli.Signal(top, Cli.Interrupt);
        Assert.Equal(130, top.WaitForEnd(TimeSpan.FromSeconds(60)).ExitCode);
        Cluster.AssertFailed(cluster.Run("top", "--every", "soon"), 2, "'--every soon' is no time");
        Cluster.AssertFailed(cluster.Run("top", "everything"), 2, "'top' takes no 'everything'");
    }

    public void Dispose() => _scratch.Dispose();

    private static List<JsonElement> Rows(ProgramResult result) =>
        [.. result.Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];

    private static JsonElement Row(List<JsonElement> rows, string column, string name) =>
        Assert.Single(rows, r => r.GetProperty(column).GetString() == name);
}
