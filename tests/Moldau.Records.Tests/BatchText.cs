using System.Text;

namespace Moldau.Records.Tests;

/// <summary>The text of batches in which the golden files are written.</summary>
internal static class BatchText
{
    public static string Of(ReadOnlySpan<byte> buffer, RecordCodecs codecs)
    {
        StringBuilder headers = new();
        StringBuilder records = new();
        RecordBatchEnumerator batches = new(buffer);
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            Assert.True(batch.IsCrcValid);
            if (headers.Length > 0) headers.Append(' ');
            AppendHeader(headers, batch);
            AppendRecords(records, batch, codecs);
        }

        Assert.Equal(BatchReadStatus.Incomplete, batches.Status);
        Assert.Equal(0, batches.RemainingBytes);
        return $"{headers}\t{records}";
    }

    private static void AppendHeader(StringBuilder text, RecordBatchView batch)
    {
        string type = batch.TimestampType == TimestampType.None ? "NoTimestampType" : batch.TimestampType.ToString();
        text.Append($"magic={batch.Magic},last={batch.LastOffset},epoch={batch.PartitionLeaderEpoch}")
            .Append($",codec={batch.Codec.ToString().ToLowerInvariant()},type={type},max={batch.MaxTimestamp}")
            .Append($",producer={batch.ProducerId}/{batch.ProducerEpoch}/{batch.BaseSequence}")
            .Append(batch.IsTransactional ? ",txn" : "").Append(batch.IsControl ? ",control" : "");
        if (batch.IsV2) text.Append($",base={batch.BaseOffset},count={batch.RecordCount}");
    }

    private static void AppendRecords(StringBuilder text, RecordBatchView batch, RecordCodecs codecs)
    {
        using RecordEnumerator records = batch.ReadRecords(codecs);
        while (records.MoveNext())
        {
            RecordView record = records.Current;
            text.Append($"{record.Offset}@{record.Timestamp} ")
                .Append($"{Hex(record.Key, record.IsKeyNull)}={Hex(record.Value, record.IsValueNull)}[");
            foreach (RecordHeaderView header in record.Headers)
                text.Append($"{Hex(header.Key, false)}={Hex(header.Value, header.IsValueNull)},");
            text.Append("];");
        }

        if (records.Status != RecordReadStatus.Ok) text.Append(records.Status);
    }

    private static string Hex(ReadOnlySpan<byte> bytes, bool isNull) =>
        isNull ? "null"
        : bytes.Length <= 64 ? Convert.ToHexStringLower(bytes)
        : $"#{bytes.Length}:{Crc32.Compute(bytes)}";
}
