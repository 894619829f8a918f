using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Raft;

/// <summary>One batch of the metadata log, as its bytes.</summary>
public sealed record RaftBatch(long BaseOffset, long LastOffset, int Epoch, long TimestampMs, bool IsControl,
    ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Cuts bytes of a log into batches, up to the first that is not whole and sound.</summary>
    public static List<RaftBatch> Split(ReadOnlyMemory<byte> bytes)
    {
        var batches = new List<RaftBatch>();
        var enumerator = new RecordBatchEnumerator(bytes.Span);
        while (enumerator.MoveNext())
        {
            RecordBatchView view = enumerator.Current;
            if (!view.IsV2 || !view.IsCrcValid || view.LastOffsetDelta < 0) break;
            batches.Add(new RaftBatch(
                view.BaseOffset,
                view.LastOffset,
                view.PartitionLeaderEpoch,
                view.MaxTimestamp,
                view.IsControl,
                bytes.Slice(enumerator.Position, view.SizeInBytes)));
        }

        return batches;
    }

    public static RaftBatch OfValues(IReadOnlyList<byte[]> values, long baseOffset, int epoch, long timestampMs)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions
        {
            BaseOffset = baseOffset,
            PartitionLeaderEpoch = epoch
        });
        foreach (byte[] value in values) Verify.That(builder.TryAppend(timestampMs, OptionalBytes.Null, value));
        return new RaftBatch(baseOffset, builder.LastOffset, epoch, timestampMs, false, builder.BuildArray());
    }

    public static RaftBatch OfControl(
        IReadOnlyList<(ControlRecordType Type, IMessage Value)> records, long baseOffset, int epoch, long timestampMs)
    {
        using RecordBatchBuilder builder =
            new(new RecordBatchOptions { BaseOffset = baseOffset, PartitionLeaderEpoch = epoch, IsControl = true });
        foreach ((ControlRecordType type, IMessage value) in records)
        {
            // These messages begin with their version, which is also the version they are written in.
            byte[] bytes = KafkaWriter.ToArray(value, VersionOf(value));
            Verify.That(builder.TryAppendControl(timestampMs, type, bytes));
        }

        return new RaftBatch(baseOffset, builder.LastOffset, epoch, timestampMs, true, builder.BuildArray());
    }

    private static short VersionOf(IMessage message) => message switch
    {
        LeaderChangeMessage m => m.Version,
        SnapshotHeaderRecord m => m.Version,
        SnapshotFooterRecord m => m.Version,
        KRaftVersionRecord m => m.Version,
        VotersRecord m => m.Version,
        _ => 0,
    };
}
