using System.Diagnostics;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage.Tests;

/// <summary>Apache Kafka's own tool reads what we wrote and finds nothing wrong.</summary>
public sealed class DumpLogTests
{
    [Fact]
    public void KafkasDumpLog_FindsNothingWrong()
    {
        string? kafka = FindKafka();
        if (kafka is null) Assert.Skip("Apache Kafka's jars are missing: neither KAFKA_HOME nor shared/peers/kafka is there");
        string root = Directory.CreateTempSubdirectory("moldau-dump-").FullName;
        try
        {
            string[] files = WriteLog(root);
            string all = Run(kafka, "--deep-iteration", "--print-data-log", "--files", string.Join(',', files));
            Assert.Contains("baseOffset: 0 ", all, StringComparison.Ordinal);
            Assert.Contains("endTxnMarker: ABORT", all, StringComparison.Ordinal);
            Assert.Contains("producerId: 77 ", all, StringComparison.Ordinal);
            // For each segment but the first the tool says, of Kafka's own files too, that −1 is followed by its start.
            Assert.All(
                all.Split('\n').Where(l => l.Contains("is followed by", StringComparison.Ordinal)),
                l => Assert.StartsWith("-1 is", l.Trim(), StringComparison.Ordinal));
            string[] complaints = ["Mismatch", "mismatch", "isvalid: false", "Found", "corrupt", "Corrupt", "xception"];
            foreach (string bad in complaints)
                Assert.DoesNotContain(bad, all, StringComparison.Ordinal);
            string[] indexes = [.. files.Where(f => Path.GetExtension(f) is ".index" or ".timeindex")];
            string sane = Run(kafka, "--index-sanity-check", "--files", string.Join(',', indexes));
            Assert.Contains("passed sanity check", sane, StringComparison.Ordinal);
            Assert.DoesNotContain("xception", sane, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(root, true);
        }
    }

    private static string[] WriteLog(string root)
    {
        LogConfig config = LogHarness.DefaultConfig with { SegmentBytes = 20_000, IndexIntervalBytes = 1000 };
        using LogHarness log = new(new RealDisk(), config, root);
        log.Open(topicId: new Uuid(3, 4));
        for (int i = 0; i < 300; i++)
        {
            CompressionCodec codec = (CompressionCodec)(i % 5);
            RecordBatchOptions options = RecordBatchOptions.Default with { Codec = codec };
            string[] values = [.. Enumerable.Range(0, 4).Select(k => $"{i}.{k} {new string((char)('a' + (i % 26)), 200)}")];
            Assert.True(log.Append(Batches.Build(options, Batches.BaseTime + (i * 7 % 50), values), epoch: i / 60).IsAccepted);
            if (i % 30 == 3) log.Append(Batches.Idempotent(77, (short)i, 0, 2, true), epoch: i / 60);
            if (i % 30 == 9)
                log.Append(Batches.Marker(77, (short)(i - 6), i % 60 == 9), LogAppendOrigin.Coordinator, i / 60);
        }

        Assert.True(log.Log.SegmentCount > 3);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        Assert.True(log.Changes.HasFlag(LogChanges.Closed));
        return [.. Directory.GetFiles(log.Folder).Where(f => char.IsDigit(Path.GetFileName(f)[0])).Order(StringComparer.Ordinal)];
    }

    private static string Run(string kafka, params string[] arguments)
    {
        ProcessStartInfo start = new(kafka) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("dump-log");
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["HEAP"] = "256m";
        using Process process = Process.Start(start)!; // without shell execution it starts or throws
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string text = output + errors.GetAwaiter().GetResult();
        Assert.True(process.ExitCode == 0, text);
        return text;
    }

    private static string? FindKafka()
    {
        string? home = Environment.GetEnvironmentVariable("KAFKA_HOME");
        if (home is not null && File.Exists(Path.Combine(home, "bin", "kafka"))) return Path.Combine(home, "bin", "kafka");
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "shared", "peers", "kafka", "bin", "kafka");
            if (File.Exists(candidate)) return candidate;
        }

        return null;
    }
}
