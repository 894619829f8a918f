using Moldau.Base;
using Moldau.Client;
using Moldau.TestServers;

namespace Moldau.Samples.Tests;

/// <summary>The samples as their readers run them: as programs, against servers.</summary>
public sealed class SampleTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void QuickStart_WritesAndReads()
    {
        using ServerUnderTest node = Started(new MoldauServer(new ServerOptions()), MoldauServer.WhyMissing);
        string output = ChildProcess.Run(Program("QuickStart"), [node.Bootstrap], _patience).Succeeded();
        Assert.Equal("written to orders at offset 0\nread o-1 = 42.10 EUR\n", output);
    }

    [Fact]
    public void QuickStart_IsTheProgramOfTheReadme()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");
        string program = File.ReadAllText(Path.Combine(Repository.Root, "samples", "QuickStart", "Program.cs")).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{program}```\n", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void HostedService_PaysRetriesAndGivesUp_AndStopsWell()
    {
        using ServerUnderTest node = Started(new MoldauServer(new ServerOptions()), MoldauServer.WhyMissing);
        using ChildProcess service = ChildProcess.Start(Program("HostedService"), [$"--ConnectionStrings:kafka={node.Bootstrap}"]);
        foreach (string order in (string[])["paid o-1: 9.99 EUR", "paid o-5: 49.95 EUR", "given up o-3: the card is refused"])
            service.WaitForText(order, _patience);
        Assert.DoesNotContain("paid o-3", service.Output, StringComparison.Ordinal);
        service.Terminate();
        Assert.Equal(0, service.WaitForEnd(_patience).ExitCode);
    }

    /// <summary>Our node has no transactions yet, so Apache's shows it.</summary>
    [Fact]
    public async Task TransactionalCopy_CopiesExactlyOnce_OverAnAbortAndAKill()
    {
        const int First = 500;
        const int All = 1000;
        using ServerUnderTest node = Started(new ApacheServer(new ServerOptions()), ApacheServer.WhyMissing);
        await using MoldauClient client = new(node.Bootstrap);
        await client.Admin.CreateTopicAsync(new NewTopic("from", 1, 1), Cancel);
        await client.Admin.CreateTopicAsync(new NewTopic("to", 1, 1), Cancel);
        Topic<string, string> from = new("from", Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer();
        for (int i = 0; i < First; i++) await producer.EnqueueAsync(from, $"k{i}", $"value-{i}", Cancel);
        await producer.FlushAsync(Cancel);
        using (ChildProcess copy = ChildProcess.Start(Program("TransactionalCopy"), [node.Bootstrap, "from", "to", "value-7"]))
        {
            copy.WaitForText("aborted", _patience);
            copy.WaitForText("copied", _patience);
            copy.Kill();
            copy.WaitForEnd(_patience);
        }

        for (int i = First; i < All; i++) await producer.EnqueueAsync(from, $"k{i}", $"value-{i}", Cancel);
        await producer.FlushAsync(Cancel);
        using ChildProcess again = ChildProcess.Start(Program("TransactionalCopy"), [node.Bootstrap, "from", "to"]);
        List<string?> copied = await ReadAsync(client, All);
        again.Terminate();
        Assert.Equal(0, again.WaitForEnd(_patience).ExitCode);
        Assert.Contains("stopped", again.Output, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, All).Select(i => $"VALUE-{i}"), copied);
    }

    private static async Task<List<string?>> ReadAsync(MoldauClient client, int count)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(_patience);
        await using Consumer<string, string> consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8,
            new ConsumerOptions { OffsetReset = OffsetReset.Earliest, IsolationLevel = IsolationLevel.ReadCommitted });
        consumer.Assign(new TopicPartition("to", 0));
        List<string?> values = [];
        await foreach (ConsumedRecord<string, string> record in consumer.ReadAllAsync(limit.Token))
        {
            values.Add(record.Value);
            if (values.Count == count) break;
        }

        return values;
    }

    private static ServerUnderTest Started(ServerUnderTest server, string? whyMissing)
    {
        if (whyMissing is not null)
        {
            server.Dispose();
            Assert.Skip(whyMissing);
        }

        server.Start();
        return server;
    }

    private static string Program(string name) =>
        Path.Combine(Repository.Root, "samples", name, "bin", Repository.Configuration, "net10.0", name);
}
