using System.Diagnostics;
using Moldau.Cli.Bench;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;

namespace Moldau.Cli.Verbs;

/// <summary>What a folder's disk gives to a log: writes at the end, and syncs of them.</summary>
internal static class BenchDisk
{
    private const int DefaultMegabytes = 256;
    private const int DefaultBlockBytes = 64 << 10;
    private const int Syncs = 200;

    public static readonly Command Command = new("bench disk", "[DIR]", "how fast a folder's disk takes appends and syncs", RunAsync)
    {
        MaxOperands = 1,
        Columns = BenchResult.Columns,
        Options =
        [
            new("--size", "-s", "MB", "so much is written, in MiB (256)"),
            new("--block", null, "BYTES", "with each write, in bytes (65536)"),
        ],
        Details = "A file of its own in DIR (the current folder), removed at the end. 'append' writes it whole and syncs it once; 'sync'\n"
            + "writes a block and syncs it, 200 times. RECORDS are blocks.",
        Example = "moldau bench disk /var/lib/kafka",
    };

    private static Task<int> RunAsync(CommandContext context)
    {
        string folder = context.Arguments.Operands.FirstOrDefault() ?? ".";
        if (!Directory.Exists(folder)) throw new CommandException($"there is no folder '{folder}'", ExitCodes.NotFound);
        long bytes = (context.Arguments.Number("--size", 1) ?? DefaultMegabytes) * (1L << 20);
        int block = context.Arguments.Number("--block", 1) ?? DefaultBlockBytes;
        string path = Path.Combine(folder, $"moldau-bench-{Path.GetRandomFileName()}");
        CommandResult result = new(BenchResult.Columns);
        try
        {
            using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            byte[] data = BenchProduce.Payload(block);
            Append(result, file, data, bytes, context.Cancel);
            Sync(result, file, data, context.Cancel);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{folder}: {error.Message}");
        }
        finally
        {
            File.Delete(path);
        }

        context.Show(result);
        return Task.FromResult(ExitCodes.Ok);
    }

    private static void Append(CommandResult result, FileStream file, byte[] data, long bytes, CancellationToken cancel)
    {
        LatencyHistogram times = new();
        long began = Stopwatch.GetTimestamp();
        long blocks = Math.Max(1, bytes / data.Length);
        for (long i = 0; i < blocks; i++)
        {
            cancel.ThrowIfCancellationRequested();
            times.Record(Timed(() => file.Write(data)));
        }

        file.Flush(flushToDisk: true);
        BenchResult.Add(result, "append", blocks, blocks * data.Length, Stopwatch.GetElapsedTime(began), times);
    }

    private static void Sync(CommandResult result, FileStream file, byte[] data, CancellationToken cancel)
    {
        LatencyHistogram times = new();
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < Syncs; i++)
        {
            cancel.ThrowIfCancellationRequested();
            times.Record(Timed(() =>
            {
                file.Write(data);
                file.Flush(flushToDisk: true);
            }));
        }

        BenchResult.Add(result, "sync", Syncs, (long)Syncs * data.Length, Stopwatch.GetElapsedTime(began), times);
    }

    private static long Timed(Action action)
    {
        long began = Stopwatch.GetTimestamp();
        action();
        return (long)Stopwatch.GetElapsedTime(began).TotalMicroseconds;
    }
}
