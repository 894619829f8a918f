using Moldau.Records;

namespace Moldau.Sim;

/// <summary>A batch as the log took it: what must be found again.</summary>
internal sealed class ModelBatch
{
    public required long BaseOffset { get; init; }

    public required long LastOffset { get; init; }

    public required byte[] Bytes { get; init; }

    public required uint Crc { get; init; }

    public required int LeaderEpoch { get; init; }

    public required long ProducerId { get; init; }

    public required short ProducerEpoch { get; init; }

    public required int BaseSequence { get; init; }

    public required int LastSequence { get; init; }

    public required long MaxTimestamp { get; init; }

    public required bool IsTransactional { get; init; }

    /// <summary>Null: no marker; else whether it aborts.</summary>
    public required bool? IsAbort { get; init; }

    /// <summary>Of the records, in order.</summary>
    public required long[] Times { get; init; }

    public long NextOffset => LastOffset + 1;

    /// <summary>Where the disk has it; null until it is written.</summary>
    public SimFileData? File { get; set; }

    public string Path { get; set; } = "";

    public long Position { get; set; }

    public static ModelBatch Of(RecordBatchView batch)
    {
        long[] times = new long[batch.RecordCount];
        bool? isAbort = null;
        RecordEnumerator records = batch.ReadRecords();
        for (int i = 0; records.MoveNext(); i++)
        {
            times[i] = records.Current.Timestamp;
            if (batch.IsControl && ControlBatches.TryReadKey(records.Current.Key, out ControlRecordType type))
                isAbort = type == ControlRecordType.Abort;
        }

        return new ModelBatch
        {
            BaseOffset = batch.BaseOffset,
            LastOffset = batch.LastOffset,
            Bytes = batch.Bytes.ToArray(),
            Crc = batch.Crc,
            LeaderEpoch = batch.PartitionLeaderEpoch,
            ProducerId = batch.ProducerId,
            ProducerEpoch = batch.ProducerEpoch,
            BaseSequence = batch.BaseSequence,
            LastSequence = batch.LastSequence,
            MaxTimestamp = batch.MaxTimestamp,
            IsTransactional = batch.IsTransactional,
            IsAbort = isAbort,
            Times = times,
        };
    }

    /// <summary>Whether the file holds it as it was written.</summary>
    public bool IsWhole()
    {
        if (File is null) return false;
        Span<byte> found = Bytes.Length <= 1024 ? stackalloc byte[Bytes.Length] : new byte[Bytes.Length];
        return File.Read(Position, found) == found.Length && found.SequenceEqual(Bytes);
    }

    public override string ToString() => $"[{BaseOffset}..{LastOffset}] epoch {LeaderEpoch} producer {ProducerId}";
}

/// <summary>What the records of one producer amount to.</summary>
internal sealed class ModelProducer(long id)
{
    public const int Kept = 5;

    public long Id => id;

    public short Epoch { get; private set; } = -1;

    public long? OpenSince { get; private set; }

    public long LastTimestamp { get; private set; } = -1;

    /// <summary>The last offset that the producer or its marker wrote.</summary>
    public long LastOffset { get; private set; } = -1;

    /// <summary>Latest data batches of the epoch, oldest first.</summary>
    public List<ModelBatch> Batches { get; } = [];

    public int? LastSequence => Batches.Count == 0 ? null : Batches[^1].LastSequence;

    /// <summary>Takes a batch; returns where the transaction that it aborts began.</summary>
    public long? Add(ModelBatch batch)
    {
        LastOffset = batch.LastOffset;
        if (batch.ProducerEpoch != Epoch) Batches.Clear();
        Epoch = batch.ProducerEpoch;
        LastTimestamp = batch.MaxTimestamp;
        if (batch.IsAbort is { } isAbort)
        {
            long? began = isAbort ? OpenSince : null;
            OpenSince = null;
            return began;
        }

        if (Batches.Count == Kept) Batches.RemoveAt(0);
        Batches.Add(batch);
        if (batch.IsTransactional) OpenSince ??= batch.BaseOffset;
        return null;
    }
}
