using Moldau.Base;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>What the oracle keeps of a batch that was written: enough to know it again, and where it is.</summary>
internal readonly record struct BatchNote(
    long BaseOffset,
    long LastOffset,
    uint Crc,
    ProducerIdAndEpoch Producer,
    int BaseSequence,
    int LastSequence,
    long MaxTimestamp,
    int LeaderEpoch,
    SimFileData File,
    string Path,
    long Position,
    int Size)
{
    public long NextOffset => LastOffset + 1;

    public static BatchNote Of(in RecordBatchView batch, SimFileData file, string path, long position) => new(
        batch.BaseOffset,
        batch.LastOffset,
        batch.Crc,
        new ProducerIdAndEpoch(batch.ProducerId, batch.ProducerEpoch),
        batch.BaseSequence,
        batch.LastSequence,
        batch.MaxTimestamp,
        batch.PartitionLeaderEpoch,
        file,
        path,
        position,
        batch.SizeInBytes);

    /// <summary>The same batch, wherever it is now.</summary>
    public bool IsSameAs(in BatchNote other) =>
        BaseOffset == other.BaseOffset && LastOffset == other.LastOffset && Crc == other.Crc && LeaderEpoch == other.LeaderEpoch;
}
