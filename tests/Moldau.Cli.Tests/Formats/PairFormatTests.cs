using System.Text.Encodings.Web;
using System.Text.Json;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Formats;

/// <summary>The plans that only two nodes have, in each format, kept in <c>formats-pair.json</c>; MOLDAU_RECORD_FORMATS=1 writes it
/// anew.</summary>
[Collection("verbs")]
public sealed class PairFormatTests(Clusters clusters)
{
    private static readonly string[] Formats = ["table", "wide", "json", "yaml", "ndjson", "name"];

    private static readonly JsonSerializerOptions Golden = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static string GoldenFile => Path.Combine(Repository.Root, "tests", "Moldau.Cli.Tests", "Formats", "formats-pair.json");

    [Fact]
    public void PartitionCancel_PrintsWhatItPrinted()
    {
        Cluster cluster = new(clusters.Pair().First);
        string topic = Cluster.NewName("t");
        cluster.Run(
            "topic", "create", topic, "-p", $"{Formats.Length}", "-c", "leader.replication.throttled.replicas=*",
            "-c", "follower.replication.throttled.replicas=*").Succeeded();
        string[] parts = [.. Formats.Select((_, i) => $"{topic}/{i}")];
        cluster.Run(["partition", "move", .. parts, "--to", "1", "-y"]).Succeeded();
        Wait.Until(
            () => cluster.Run("partition", "list", topic, "-o", "ndjson").Output.Split("\"leader\":1,\"replicas\":[1],\"inSync\":[1],\"adding\":null").Length
                == Formats.Length + 1,
            TimeSpan.FromSeconds(60), "the first node to have all partitions");
        // The throttle lets a first fetch of 1 MiB pass and then one every eleven seconds: there must be more to fetch.
        for (int i = 0; i < Formats.Length; i++)
            cluster.Send(string.Concat(Enumerable.Repeat(new string('x', 400_000) + "\n", 12)), "produce", topic, "-p", $"{i}").Succeeded();
        string[] rates = ["leader.replication.throttled.rate", "follower.replication.throttled.rate"];
        foreach (string broker in (string[])["1", "2"])
            cluster.Run(["config", "set", "broker", broker, .. rates.Select(r => r + "=1")]).Succeeded();
        Dictionary<string, Dictionary<string, string>> printed = new() { ["--dry-run"] = [], ["-y"] = [] };
        try
        {
            cluster.Run(["partition", "move", .. parts, "--to", "2", "-y"]).Succeeded();
            foreach (string how in (string[])["--dry-run", "-y"])
                for (int i = 0; i < Formats.Length; i++)
                    printed[how][Formats[i]] = cluster.Output(["partition", "cancel", parts[i], how, "-o", Formats[i]], (topic, "T"));
        }
        finally
        {
            foreach (string broker in (string[])["1", "2"]) cluster.Run(["config", "unset", "broker", broker, .. rates]);
        }

        if (Environment.GetEnvironmentVariable("MOLDAU_RECORD_FORMATS") == "1")
            File.WriteAllText(GoldenFile, JsonSerializer.Serialize(printed, Golden) + "\n");
        Assert.Equal(File.ReadAllText(GoldenFile), JsonSerializer.Serialize(printed, Golden) + "\n");
    }
}
