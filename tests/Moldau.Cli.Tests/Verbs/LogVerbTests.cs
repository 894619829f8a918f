using System.Text.Json;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary><c>moldau log</c>: the files of our node and of Apache Kafka, sound and damaged.</summary>
public sealed class LogVerbTests
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void DumpAndVerify_ReadWhatANodeWrote(string name)
    {
        using Written written = new(name);
        string segment = written.File("orders-0", "00000000000000000000.log");
        Assert.Matches(
            """^{"file":"F","position":0,"size":\d+,"baseOffset":0,"lastOffset":1,"count":2,"epoch":0,"producerId":\d+,"producerEpoch":0,"baseSequence":0,"lastSequence":1,"codec":"gzip","maxTimestamp":1700000000001,"transactional":false,"control":false,"magic":2,"crc":\d+,"valid":true}\n$""",
            Dump(segment));
        Assert.Equal(
            """
            {"file":"F","offset":0,"timestamp":1700000000000,"type":"data","key":"a","value":"one","headers":"source=test","position":0}
            {"file":"F","offset":1,"timestamp":1700000000001,"type":"data","key":"b","value":"two","headers":"source=test","position":0}

            """, Dump(segment, "--deep"));
        Assert.Contains("\"key\":\"0x61\",\"value\":\"b25l\"", Dump(segment, "--deep", "--keys", "hex", "--values", "base64"), StringComparison.Ordinal);
        Assert.Equal("""{"file":"F","epoch":0,"startOffset":0}""" + "\n", Dump(written.File("orders-0", "leader-epoch-checkpoint")));
        Assert.Contains("\"property\":\"topic_id\"", Dump(written.File("orders-0", "partition.metadata")), StringComparison.Ordinal);
        Assert.Contains(
            """{"file":"F","topic":"orders","partition":0,"offset":2}""",
            Dump(Path.Combine(written.Folder, "replication-offset-checkpoint")), StringComparison.Ordinal);
        string snapshot = Directory.EnumerateFiles(Path.Combine(written.Folder, "orders-0"), "*.snapshot").Order().Last();
        Assert.Contains("\"epoch\":0,\"lastSequence\":1,\"lastOffset\":1", Dump(snapshot), StringComparison.Ordinal);
        Assert.Contains(
            "TopicRecord",
            Dump(written.File("__cluster_metadata-0", "00000000000000000000.log"), "--deep"), StringComparison.Ordinal);
        ProgramResult verified = Cli.Run("log", "verify", written.Folder);
        Assert.Equal("", verified.Succeeded());
        Assert.Contains(": no findings", verified.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Dump_DecodesGroups(string name)
    {
        using Written written = new(name);
        string records = string.Concat(Directory.EnumerateDirectories(written.Folder, "__consumer_offsets-*").Order()
            .Select(d => Dump(Path.Combine(d, "00000000000000000000.log"), "--deep")));
        string[] offsets = [.. records.Split('\n').Where(r => r.Contains("OffsetCommitKey", StringComparison.Ordinal))];
        string line = Assert.Single(offsets, o => !o.Contains("\"value\":null", StringComparison.Ordinal));
        using JsonDocument row = JsonDocument.Parse(line);
        using JsonDocument key = JsonDocument.Parse(row.RootElement.GetProperty("key").GetString()!);
        using JsonDocument value = JsonDocument.Parse(row.RootElement.GetProperty("value").GetString()!);
        Assert.Equal("""{"group":"billing","topic":"orders","partition":0}""", key.RootElement.GetProperty("data").GetRawText());
        Assert.Equal(2, value.RootElement.GetProperty("data").GetProperty("offset").GetInt64());
    }

    [Fact]
    public void Verify_TellsEachDamage_WithExitCodeSeven()
    {
        using Written written = new(Clusters.Ours);
        string segment = written.File("orders-0", "00000000000000000000.log");
        byte[] sound = File.ReadAllBytes(segment);

        byte[] flipped = [.. sound];
        flipped[^1] ^= 1;
        Found(written, segment, flipped, "has checksum");
        Found(written, segment, sound[..^3], "no whole batch here");
        byte[] epoch = [.. sound];
        epoch[15] = 7;
        Found(written, segment, epoch, "is of leader epoch 7");
        Found(written, segment, [.. sound, .. sound], "is below 2, the offset that is due here");
        string index = written.File("orders-0", "00000000000000000000.index");
        Found(written, index, [0, 0, 0, 1, 0, 0, 0, 9], "points to 9, where no batch begins");
        string times = written.File("orders-0", "00000000000000000000.timeindex");
        Found(written, times, [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1], "says 9, the largest timestamp up to there is 1700000000001");
        string epochs = written.File("orders-0", "leader-epoch-checkpoint");
        Found(written, epochs, "0\n7\n"u8.ToArray(), "is damaged");
        string snapshot = Directory.EnumerateFiles(Path.Combine(written.Folder, "orders-0"), "*.snapshot").Order().Last();
        Found(written, snapshot, [0, 1, 2, 3], "is damaged");
        string marks = Path.Combine(written.Folder, "replication-offset-checkpoint");
        Found(written, marks, "0\n1\norders 0 9\n"u8.ToArray(), "orders-0 is said to reach 9; its log ends at 2");
        Cli.Run("log", "verify", written.Folder).Succeeded();

        File.WriteAllBytes(segment, flipped);
        ProgramResult dumped = Cli.Run("log", "dump", segment, "-o", "ndjson");
        Assert.Equal(7, dumped.ExitCode);
        Assert.Contains("\"valid\":false", dumped.Output, StringComparison.Ordinal);
        Cli.AssertRefused(Cli.Run("log", "dump", "no-such-file.log"), 3, "there is no file 'no-such-file.log'");
        Cli.AssertRefused(Cli.Run("log", "verify", "/no/such/folder"), 3, "there is no folder");
        using ScratchFolder empty = new("no-logs");
        Cli.AssertRefused(Cli.Run("log", "verify", empty.FullPath), 2, "neither a log directory nor");
    }

    /// <summary>DeleteRecords amid a segment: the epochs begin at the log's start, the batches before it stay.</summary>
    [Fact]
    public void Verify_AsksNoEpochOfWhatWasDeleted()
    {
        using Written written = new(Clusters.Ours);
        string epochs = written.File("orders-0", "leader-epoch-checkpoint");
        Found(written, epochs, "0\n0\n"u8.ToArray(), "is of leader epoch 0, leader-epoch-checkpoint says nothing", "00000000000000000000.log");
        File.WriteAllBytes(epochs, "0\n1\n0 1\n"u8);
        Cli.Run("log", "verify", written.Folder).Succeeded();
    }

    private static void Found(Written written, string file, byte[] bytes, string problem, string? where = null)
    {
        byte[] sound = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes);
        ProgramResult result = Cli.Run("log", "verify", written.Folder, "-o", "ndjson");
        File.WriteAllBytes(file, sound);
        Assert.True(result.ExitCode == 7, result.ToString());
        Assert.Contains(problem, result.Output, StringComparison.Ordinal);
        Assert.Contains(where ?? Path.GetFileName(file), result.Output, StringComparison.Ordinal);
    }

    private static string Dump(string file, params string[] options) =>
        Cli.Run(["log", "dump", file, "-o", "ndjson", .. options]).Succeeded().Replace(file, "F", StringComparison.Ordinal);

    /// <summary>The log directory of a node that has been stopped: two records in one topic, read by a group.</summary>
    private sealed class Written : IDisposable
    {
        private readonly ServerUnderTest _server;

        public Written(string name)
        {
            string? missing = name == Clusters.Ours ? MoldauServer.WhyMissing : ApacheServer.WhyMissing;
            if (missing is not null) Assert.Skip(missing);
            ServerOptions options = new() { Properties = ServerOptions.WithoutRetention };
            _server = name == Clusters.Ours ? new MoldauServer(options) : new ApacheServer(options);
            _server.Start();
            Cluster cluster = new(_server);
            cluster.Run("topic", "create", "orders", "-p", "1").Succeeded();
            cluster.Send(
                "a:1700000000000:one\nb:1700000000001:two\n", "produce", "orders", "-f", @"%k:%d:%v\n", "-z", "gzip", "-H", "source=test").Succeeded();
            cluster.Run("consume", "orders", "-g", "billing", "-n", "2").Succeeded();
            _server.Stop();
        }

        public string Folder => _server.DataFolder;

        public string File(string partition, string name) => Path.Combine(Folder, partition, name);

        public void Dispose() => _server.Dispose();
    }
}
