using Moldau.Base;
using Moldau.Records;

namespace Moldau.Metadata;

/// <summary>A batch of the metadata log, decoded. A batch of Raft's own control records has no records here.</summary>
public sealed record MetadataBatch(
    long BaseOffset, long LastOffset, int Epoch, long TimestampMs, IReadOnlyList<MetadataRecord> Records)
{
    public MetadataProvenance Provenance => new(LastOffset, Epoch, TimestampMs);

    /// <summary>Decodes one batch; null, with what is wrong in <paramref name="error"/>, where it is damaged or from
    /// the future.</summary>
    public static MetadataBatch? Read(RecordBatchView batch, out string? error)
    {
        error = null;
        var records = new List<MetadataRecord>();
        if (!batch.IsControl)
        {
            RecordEnumerator values = batch.ReadRecords();
            while (error is null && values.MoveNext())
            {
                MetadataReadStatus status = MetadataRecords.Read(values.Current.Value, out MetadataRecord record);
                if (status == MetadataReadStatus.Ok) records.Add(record);
                else error = $"metadata record at offset {values.Current.Offset}: {status}";
            }

            if (error is null && values.Status != RecordReadStatus.Ok)
                error = $"metadata batch at offset {batch.BaseOffset}: {values.Status}";
            values.Dispose();
        }

        return error is null
            ? new MetadataBatch(batch.BaseOffset, batch.LastOffset, batch.PartitionLeaderEpoch, batch.MaxTimestamp,
                records)
            : null;
    }

    /// <summary>Decodes the batches of a log or snapshot, up to the first that is not whole.</summary>
    public static List<MetadataBatch> ReadAll(ReadOnlySpan<byte> bytes, out string? error)
    {
        error = null;
        var batches = new List<MetadataBatch>();
        var enumerator = new RecordBatchEnumerator(bytes);
        while (error is null && enumerator.MoveNext())
        {
            if (!enumerator.Current.IsCrcValid)
                error = $"checksum of the batch at offset {enumerator.Current.BaseOffset}";
            else if (Read(enumerator.Current, out error) is { } batch) batches.Add(batch);
        }

        if (error is null && enumerator.Status == BatchReadStatus.Corrupt)
            error = $"no batch at byte {enumerator.Position}";
        return batches;
    }
}
