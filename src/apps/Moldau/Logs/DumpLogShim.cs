using System.Text;
using Moldau.Cli.Shims;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Logs;

/// <summary><c>kafka-dump-log.sh</c></summary>
internal static class DumpLogShim
{
    public static readonly Shim Shim = new(
        "kafka-dump-log",
        "files: print-data-log deep-iteration index-sanity-check verify-index-only max-message-size: max-bytes: key-decoder-class: value-decoder-class: "
        + "offsets-decoder transaction-log-decoder cluster-metadata-decoder remote-log-metadata-decoder share-group-state-decoder skip-record-metadata help version",
        RunAsync);

    private static Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        BytesFormat format = arguments.Has("cluster-metadata-decoder") ? BytesFormat.Metadata
            : arguments.Has("offsets-decoder") ? BytesFormat.Groups
            : arguments.Has("transaction-log-decoder") ? BytesFormat.Transactions
            : arguments.Has("share-group-state-decoder") ? BytesFormat.Shares
            : BytesFormat.Text;
        bool prints = arguments.Has("print-data-log") || format != BytesFormat.Text;
        foreach (string file in arguments.Require("files").Split(','))
        {
            if (!File.Exists(file))
            {
                context.Error.WriteLine($"java.nio.file.NoSuchFileException: {file}");
                return Task.FromResult(ExitCodes.Failed);
            }

            context.Out.WriteLine($"Dumping {file}");
            LogFileNames.TryParseOffset(Path.GetFileName(file), out long start);
            switch (Path.GetExtension(file))
            {
                case LogFileNames.Log or ".checkpoint":
                    Segment(context, file, start, prints, format);
                    break;
                case LogFileNames.OffsetIndex:
                    Offsets(context, file, start);
                    break;
                case LogFileNames.TimeIndex:
                    Times(context, file, start);
                    break;
                case LogFileNames.ProducerSnapshot:
                    Producers(context, file);
                    break;
                case LogFileNames.TransactionIndex:
                    Transactions(context, file, start);
                    break;
                default:
                    context.Error.WriteLine($"Ignoring unknown file {file}");
                    break;
            }
        }

        return Task.FromResult(ExitCodes.Ok);
    }

    private static void Segment(ShimContext context, string file, long start, bool prints, BytesFormat format)
    {
        context.Out.WriteLine(Path.GetExtension(file) == LogFileNames.Log ? $"Log starting offset: {start}" : $"Snapshot end offset: {start}, epoch: {EpochOf(file)}");
        using RecordCodecs codecs = new();
        using SegmentReader reader = new(file);
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Batch;
            context.Out.WriteLine(
                $"baseOffset: {batch.BaseOffset} lastOffset: {batch.LastOffset} count: {batch.RecordCount} baseSequence: {batch.BaseSequence} "
                + $"lastSequence: {batch.LastSequence} producerId: {batch.ProducerId} producerEpoch: {batch.ProducerEpoch} "
                + $"partitionLeaderEpoch: {batch.PartitionLeaderEpoch} isTransactional: {Java(batch.IsTransactional)} isControl: {Java(batch.IsControl)} "
                + $"deleteHorizonMs: {(batch.HasDeleteHorizon ? $"OptionalLong[{batch.DeleteHorizonMs}]" : "OptionalLong.empty")} position: {reader.Position} "
                + $"{TimeName(batch)}: {batch.MaxTimestamp} size: {batch.SizeInBytes} magic: {batch.Magic} "
                + $"compresscodec: {LogDumpVerb.CodecName(batch.Codec)} crc: {batch.Crc} isvalid: {Java(batch.IsCrcValid)}");
            if (!prints) continue;
            RecordEnumerator records = batch.ReadRecords(codecs);
            for (int i = 0; records.MoveNext(); i++) context.Out.WriteLine(Record(batch, records.Current, i, format));
            records.Dispose();
        }

        if (reader.Status != BatchReadStatus.Ok && !reader.IsRestZero())
        {
            context.Out.WriteLine($"Found {reader.Length - reader.Position} invalid bytes at the end of {Path.GetFileName(file)}");
        }
    }

    private static string Record(in RecordBatchView batch, in RecordView record, int index, BytesFormat format)
    {
        StringBuilder text = new();
        int sequence = batch.BaseSequence < 0 ? -1 : RecordSequence.Add(batch.BaseSequence, index);
        text.Append($"| offset: {record.Offset} {TimeName(batch)}: {record.Timestamp} keySize: {(record.IsKeyNull ? -1 : record.Key.Length)} ")
            .Append($"valueSize: {(record.IsValueNull ? -1 : record.Value.Length)}");
        if (batch.IsV2) text.Append($" sequence: {sequence} headerKeys: [{HeaderKeys(record)}]");
        if (batch.IsControl)
        {
            string type = SegmentReader.ControlType(record.Key);
            string epoch = type is "COMMIT" or "ABORT" && record.Value.Length >= 6
                ? $"endTxnMarker: {type} coordinatorEpoch: {System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(record.Value[2..])}"
                : $"controlType: {type}";
            return text.Append(' ').Append(epoch).ToString();
        }

        if (RecordText.Key(record, format) is { } key) text.Append(" key: ").Append(key);
        text.Append(" payload: ").Append(RecordText.Value(record, format) ?? (record.IsValueNull && format != BytesFormat.Text ? "<DELETE>" : ""));
        return text.ToString();
    }

    private static string HeaderKeys(in RecordView record)
    {
        List<string> keys = [];
        foreach (RecordHeaderView header in record.Headers) keys.Add(Encoding.UTF8.GetString(header.Key));
        return string.Join(',', keys);
    }

    private static string TimeName(in RecordBatchView batch) => batch.TimestampType == TimestampType.LogAppendTime ? "LogAppendTime" : "CreateTime";

    private static void Offsets(ShimContext context, string file, long start)
    {
        OffsetIndex? index = OffsetIndex.TryDecode(start, File.ReadAllBytes(file), long.MaxValue);
        for (int i = 0; i < (index?.Count ?? 0); i++) context.Out.WriteLine($"offset: {index![i].Offset} position: {index[i].Position}");
        // An empty index is shown as what its first zeros would mean.
        if (index is { Count: 0 }) context.Out.WriteLine($"offset: {start} position: 0");
        if (index is null) context.Out.WriteLine($"{Path.GetFileName(file)} is damaged");
    }

    private static void Times(ShimContext context, string file, long start)
    {
        TimeIndex? index = TimeIndex.TryDecode(start, File.ReadAllBytes(file));
        for (int i = 0; i < (index?.Count ?? 0); i++) context.Out.WriteLine($"timestamp: {index![i].Timestamp} offset: {index[i].Offset}");
        if (index is { Count: 0 }) context.Out.WriteLine($"timestamp: 0 offset: {start}");
        if (index is null) context.Out.WriteLine($"{Path.GetFileName(file)} is damaged");
    }

    private static void Producers(ShimContext context, string file)
    {
        foreach (ProducerEntry p in ProducerSnapshotFile.TryDecode(File.ReadAllBytes(file)) ?? [])
        {
            string first = p.BatchCount == 0
                ? ""
                : $"firstSequence: {p[0].FirstSequence} lastSequence: {p.LastSequence} lastOffset: {p.LastDataOffset} "
                    + $"offsetDelta: {p.LastOffsetDelta} timestamp: {p.LastTimestamp}";
            string transaction = p.CurrentTransactionFirstOffset is { } offset ? $"OptionalLong[{offset}]" : "OptionalLong.empty";
            context.Out.WriteLine(
                $"producerId: {p.ProducerId} producerEpoch: {p.Epoch} coordinatorEpoch: {p.CoordinatorEpoch} currentTxnFirstOffset: {transaction} "
                + $"lastTimestamp: {p.LastTimestamp} {first}");
        }
    }

    private static void Transactions(ShimContext context, string file, long start)
    {
        TransactionIndex? index = TransactionIndex.TryDecode(start, File.ReadAllBytes(file));
        for (int i = 0; i < (index?.Count ?? 0); i++)
            context.Out.WriteLine(
                $"version: 0 producerId: {index![i].ProducerId} firstOffset: {index[i].FirstOffset} lastOffset: {index[i].LastOffset} "
                + $"lastStableOffset: {index[i].LastStableOffset}");
    }

    private static string EpochOf(string file) =>
        Path.GetFileNameWithoutExtension(file).Split('-') is [_, var epoch] ? epoch.TrimStart('0') is { Length: > 0 } e ? e : "0" : "0";

    private static string Java(bool fact) => fact ? "true" : "false";
}
