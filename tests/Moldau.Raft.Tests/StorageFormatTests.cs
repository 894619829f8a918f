using System.Diagnostics;
using System.Text;
using Moldau.Base;
using Moldau.Metadata;
using Moldau.TestServers;

namespace Moldau.Raft.Tests;

public sealed class StorageFormatTests
{
    private static readonly Instant Now = new(0, 1_795_240_225_541);

    [Fact]
    public void Format_WritesTheRecordsThatKafkasFormatWrites()
    {
        SnapshotContent kafkas = SnapshotFiles.Read(Golden.Bootstrap, out _)!;
        SnapshotContent ours = SnapshotFiles.Read(Format(kafkas.Voters).Content, out _)!;
        // Kafka's has one credential more.
        Assert.Equal(
            kafkas.Values.Take(6).Select(v => Convert.ToHexString(v)), ours.Values.Select(v => Convert.ToHexString(v)));
        Assert.Equal(kafkas.Voters, ours.Voters);
    }

    [Fact]
    public async Task Kafka_StartsOnADirectoryThatWeFormatted()
    {
        string? kafka = FindKafka();
        if (kafka is null)
            Assert.Skip("no shared/peers/kafka beside the repository and no KAFKA_HOME: nothing to start");
        string folder = Directory.CreateTempSubdirectory("moldau-format-").FullName;
        try
        {
            int client = FreePorts.Take();
            int controller = FreePorts.Take();
            ReplicaKey self = new(1, new Prng(3).NextUuid());
            VoterSet voters = StorageFormat.Standalone(self,
                [new RaftEndpoint("CONTROLLER", "127.0.0.1", (ushort)controller)]);
            FormattedFile bootstrap = Format(voters);
            string path = Path.Combine(folder, "data", bootstrap.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, bootstrap.Content, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(
                Path.Combine(folder, "data", "meta.properties"),
                $"#\nnode.id=1\ndirectory.id={self.DirectoryId}\nversion=1\ncluster.id={Golden.ClusterId}\n",
                TestContext.Current.CancellationToken);

            string properties = Path.Combine(folder, "node.properties");
            await File.WriteAllTextAsync(
                properties,
                $"""
                process.roles=broker,controller
                node.id=1
                listeners=PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}
                controller.quorum.bootstrap.servers=127.0.0.1:{controller}
                controller.listener.names=CONTROLLER
                log.dirs={Path.Combine(folder, "data")}
                """,
                TestContext.Current.CancellationToken);
            string output = await Run(kafka, properties, "Kafka Server started");
            Assert.Contains("Kafka Server started", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FormattedFile Format(VoterSet voters) => StorageFormat.ForController(
        [.. BootstrapMetadata.ForNewCluster(MetadataVersion.Latest).Select(r => MetadataRecords.Write(r))],
        voters,
        Now);

    /// <summary>Starts a node, waits for a line of its log, and ends it.</summary>
    private static async Task<string> Run(string kafka, string properties, string line)
    {
        var start = new ProcessStartInfo(kafka, ["-V", "4.4.0", "server-start", properties])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["HEAP"] = "512m";
        using Process process = Process.Start(start)!;
        var output = new StringBuilder();
        var seen = new TaskCompletionSource();
        void Take(object sender, DataReceivedEventArgs e)
        {
            lock (output) output.AppendLine(e.Data);
            if (e.Data is null || e.Data.Contains(line, StringComparison.Ordinal)) seen.TrySetResult();
        }

        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Task.WhenAny(seen.Task, Task.Delay(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken));
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        lock (output) return output.ToString();
    }

    private static string? FindKafka()
    {
        string? home = Environment.GetEnvironmentVariable("KAFKA_HOME");
        if (home is not null && File.Exists(Path.Combine(home, "bin", "kafka")))
            return Path.Combine(home, "bin", "kafka");
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "shared", "peers", "kafka", "bin", "kafka");
            if (File.Exists(path)) return path;
        }

        return null;
    }
}
