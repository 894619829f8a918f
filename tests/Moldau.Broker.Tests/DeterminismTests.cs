using System.Diagnostics;
using System.Globalization;

namespace Moldau.Broker.Tests;

public sealed class DeterminismTests
{
    /// <summary>Names the file that a child process writes its trace to.</summary>
    private const string TraceVariable = "MOLDAU_TEST_TRACE";

    [Theory]
    [InlineData(1, 11)]
    [InlineData(2, 12)]
    [InlineData(4, 13)]
    public void A_seed_gives_the_same_effects_twice(int shards, int seed)
    {
        string first = Trace(shards, (ulong)seed);
        Assert.Equal(first, Trace(shards, (ulong)seed));
        Assert.NotEqual(first, Trace(shards, (ulong)seed + 100));
    }

    [Fact]
    public void A_seed_gives_the_same_effects_in_two_processes()
    {
        string here = Trace(4, 21);
        if (Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 } target)
        {
            File.WriteAllText(target, here);
            return;
        }

        string file = Path.GetTempFileName();
        ProcessStartInfo start = new(Environment.ProcessPath!) // a running program has one
        {
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add("-method");
        start.ArgumentList.Add($"{typeof(DeterminismTests).FullName}.{nameof(A_seed_gives_the_same_effects_in_two_processes)}");
        start.Environment[TraceVariable] = file;
        using Process process = Process.Start(start)!; // a program is always started anew
        process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(60_000));
        string there = File.ReadAllText(file);
        File.Delete(file);
        Assert.Equal(here, there);
    }

    private static string Trace(int shards, ulong seed)
    {
        using TestNode node = new(shards, seed);
        TestClient admin = node.Connect();
        admin.CreateTopic("a", 6);
        admin.CreateTopic("b", 3, ("moldau.acknowledge", "fsync"));
        List<TestClient> clients = [.. Enumerable.Range(0, 6).Select(i => node.Connect(i % shards))];
        for (int i = 0; i < 60; i++)
        {
            TestClient client = clients[i % clients.Count];
            string topic = i % 3 == 0 ? "b" : "a";
            client.Send(Ask.ProduceOf(topic, -1, (i % 3, Ask.Batch($"{i}")), ((i + 1) % 3, Ask.Batch($"{i}"))), 12);
            if (i % 4 == 0) client.Send(Ask.FetchOf(topic, [(0, 0), (1, 0), (2, 0)], maxWaitMs: 50, sessionEpoch: 0), 12);
            if (i % 7 == 0) node.Run();
            if (i % 11 == 0) node.Advance(30);
            if (i == 30) admin.DeleteTopic("b");
        }

        node.Run();
        node.Kill();
        node.Start();
        node.Advance(1_000);
        return string.Create(CultureInfo.InvariantCulture, $"{node.Trace.Count} {node.Trace.Hash:x}");
    }
}
