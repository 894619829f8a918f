using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Logs;

/// <summary><c>moldau log dump</c>: what the files of a log hold.</summary>
internal static class LogDumpVerb
{
    private static readonly Column[] BatchColumns =
    [
        new("file", true), Column.Number("position"), Column.Number("size"), Column.Number("baseOffset"), Column.Number("lastOffset"),
        Column.Number("count"), Column.Number("epoch"), Column.Number("producerId"), Column.Number("producerEpoch"),
        Column.Number("baseSequence"), Column.Number("lastSequence", true), new("codec"), Column.Number("maxTimestamp"),
        Column.Fact("transactional"), Column.Fact("control"), Column.Number("magic", true), Column.Number("crc", true), Column.Fact("valid"),
    ];

    private static readonly Column[] RecordColumns =
    [
        new("file", true), Column.Number("offset"), Column.Number("timestamp"), new("type", true), new("key"), new("value"), new("headers"),
        Column.Number("position", true),
    ];

    public static readonly Command Command = new("log dump", "FILE…", "what segments, indexes, snapshots and checkpoints hold", RunAsync)
    {
        MinOperands = 1,
        Columns = BatchColumns,
        Options =
        [
            new("--deep", "-d", null, "of segments the records, not the batches"),
            new("--keys", null, "FORMAT", RecordText.Names + " (by the folder's name, else auto)"),
            new("--values", null, "FORMAT", "the same for values"),
            new("--count", "-n", "N", "stop after so many rows of a file"),
        ],
        Details = "FILE is a segment (.log), an index (.index, .timeindex, .txnindex), a producer snapshot (.snapshot), a metadata\n"
            + "snapshot (.checkpoint), a leader epoch or offset checkpoint, partition.metadata or meta.properties. Nothing is\n"
            + "changed. Damage is told on standard error, with exit code 7. The schema is that of segments without --deep.",
        Example = "moldau log dump .moldau/orders-0/00000000000000000000.log --deep",
    };

    private static Task<int> RunAsync(CommandContext context)
    {
        bool isSound = true;
        int exitCode = ExitCodes.Ok;
        foreach (string path in context.Arguments.Operands)
        {
            if (!File.Exists(path))
            {
                CommandLine.Complain($"there is no file '{path}'");
                exitCode = ExitCodes.NotFound;
                continue;
            }

            isSound &= Dump(context, path);
        }

        return Task.FromResult(isSound ? exitCode : ExitCodes.CheckFailed);
    }

    /// <summary>True where the file is sound.</summary>
    private static bool Dump(CommandContext context, string path)
    {
        string suffix = Path.GetExtension(path);
        if (suffix is LogFileNames.Log or ".checkpoint") return context.Arguments.Has("--deep") ? Records(context, path) : Batches(context, path);
        byte[] bytes = File.ReadAllBytes(path);
        if (SmallFileDump.Read(path, bytes) is { } result)
        {
            context.Show(result);
            return true;
        }

        CommandLine.Complain($"{path}: this is no file of a log, or it is damaged");
        return false;
    }

    private static bool Batches(CommandContext context, string path)
    {
        CommandResult result = new(BatchColumns);
        int most = context.Arguments.Number("--count", 1) ?? int.MaxValue;
        using SegmentReader reader = new(path);
        bool isSound = true;
        while (result.Rows.Count < most && reader.MoveNext())
        {
            RecordBatchView batch = reader.Batch;
            isSound &= batch.IsCrcValid;
            result.Add(
                path, reader.Position, batch.SizeInBytes, batch.BaseOffset, batch.LastOffset, batch.RecordCount,
                Known(batch.PartitionLeaderEpoch), Known(batch.ProducerId), Known(batch.ProducerEpoch), Known(batch.BaseSequence),
                Known(batch.LastSequence), CodecName(batch.Codec), Known(batch.MaxTimestamp), batch.IsTransactional, batch.IsControl,
                (int)batch.Magic, (long)batch.Crc, batch.IsCrcValid);
        }

        context.Show(result);
        return Ended(path, reader) && isSound;
    }

    private static bool Records(CommandContext context, string path)
    {
        CommandResult result = new(RecordColumns);
        BytesFormat byFolder = RecordText.Of(path);
        BytesFormat keys = RecordText.Parse(context.Arguments.Value("--keys"), byFolder);
        BytesFormat values = RecordText.Parse(context.Arguments.Value("--values"), byFolder);
        int most = context.Arguments.Number("--count", 1) ?? int.MaxValue;
        bool isSound = true;
        using RecordCodecs codecs = new();
        using SegmentReader reader = new(path);
        while (result.Rows.Count < most && reader.MoveNext())
        {
            RecordBatchView batch = reader.Batch;
            RecordEnumerator records = batch.ReadRecords(codecs);
            while (result.Rows.Count < most && records.MoveNext()) Add(result, path, reader.Position, batch, records.Current, keys, values);
            if (records.Status != RecordReadStatus.Ok || !batch.IsCrcValid)
            {
                CommandLine.Complain($"{path}: the batch at position {reader.Position}, base offset {batch.BaseOffset}, is damaged");
                isSound = false;
            }

            records.Dispose();
        }

        context.Show(result);
        return Ended(path, reader) && isSound;
    }

    private static void Add(
        CommandResult result, string path, long position, in RecordBatchView batch, in RecordView record,
        BytesFormat keys, BytesFormat values)
    {
        string? type = batch.IsControl ? SegmentReader.ControlType(record.Key) : null;
        string? headers = null;
        if (record.HeaderCount > 0)
        {
            List<string> texts = [];
            foreach (RecordHeaderView header in record.Headers)
                texts.Add($"{System.Text.Encoding.UTF8.GetString(header.Key)}={(header.IsValueNull ? "" : System.Text.Encoding.UTF8.GetString(header.Value))}");
            headers = string.Join(',', texts);
        }

        result.Add(
            path, record.Offset, Known(record.Timestamp), type ?? "data", type ?? RecordText.Key(record, keys),
            type is null ? RecordText.Value(record, values) : null, headers, position);
    }

    private static bool Ended(string path, SegmentReader reader)
    {
        if (reader.Status == BatchReadStatus.Ok || reader.IsRestZero()) return true;
        CommandLine.Complain(
            $"{path}: no whole batch at position {reader.Position}, {reader.Length - reader.Position} bytes before the end");
        return false;
    }

    /// <summary>Kafka's mark for nothing is null here: no number means what it is not.</summary>
    private static object? Known(long value) => value < 0 ? null : value;

    internal static string CodecName(CompressionCodec codec) => codec switch
    {
        CompressionCodec.None => "none",
        CompressionCodec.Gzip => "gzip",
        CompressionCodec.Snappy => "snappy",
        CompressionCodec.Lz4 => "lz4",
        CompressionCodec.Zstd => "zstd",
        _ => $"unknown({(int)codec})",
    };
}
