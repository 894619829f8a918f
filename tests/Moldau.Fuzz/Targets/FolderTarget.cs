using Moldau.Base;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Fuzz;

/// <summary>Recovery of a partition's folder, whatever is in it. The first two bytes are the end before (clean or not) and what
/// the checkpoints say.</summary>
internal sealed class FolderTarget : FuzzTarget
{
    private const string Root = "/data";
    private const string Folder = Root + "/alpha-0";
    private const int HeadBytes = 2;
    private const byte IsClean = 1;

    private static readonly string[] Names =
    [
        .. from offset in new long[] { 0, 4, 9, 1000 } from suffix in LogFileNames.SegmentSuffixes.ToArray()
            select LogFileNames.Of(offset, suffix),
        LogFileNames.LeaderEpochCheckpoint, LogFileNames.PartitionMetadata, LogFileNames.Standby,
        LogFileNames.Of(4, LogFileNames.Log) + LogFileNames.Swap, LogFileNames.Of(4, LogFileNames.Log) + LogFileNames.Cleaned,
        LogFileNames.Of(4, LogFileNames.OffsetIndex) + LogFileNames.Swap, LogFileNames.Of(0, LogFileNames.Log) + LogFileNames.Deleted,
        LogFileNames.LeaderEpochCheckpoint + LogFileNames.Temporary, "0.log", "99999999999999999999.log",
    ];

    private readonly FolderInput _form = new([.. Names.Select(n => LogFileNames.Join(Folder, n))], Repair);
    private readonly BatchValidator _validator = new();

    public override string Name => "folder";

    public override string Summary => "recovery of a mutated partition folder: no exception, whole batches only, the same again when run again";

    public override int QuickIterations => 12_000;

    public override int MaxBytes => 16 << 10;

    /// <summary>The simulated disk counts as well, and recovery's windows.</summary>
    public override long AllocationSlack => 24 << 20;

    public override long Fuel(int inputBytes) => 40_000_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        foreach (bool isClean in new[] { false, true })
        {
            (string, byte[])[] files = [.. Full(prng)];
            yield return [isClean ? IsClean : (byte)0, 0, .. _form.Encode(files)];
            yield return [isClean ? IsClean : (byte)0, 6, .. _form.Encode(files)];
            yield return [isClean ? IsClean : (byte)0, 9, .. _form.Encode(files.Where(f => f.Item1.EndsWith(".log", StringComparison.Ordinal)))];
        }

        yield return [0, 0, .. _form.Encode(BatchSeeds.All(prng).Where(b => b[16] < 2).Select(b => (LogFileNames.PathOf(Folder, 0,
            LogFileNames.Log), b)).Take(1))];
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        if (input.Length < HeadBytes) return input;
        byte[] head = input[..HeadBytes];
        if (mutator.Prng.Next(6) == 0) head[mutator.Prng.Next(HeadBytes)] = (byte)mutator.Prng.Next(12);
        return [.. head, .. _form.Mutate(input.AsSpan(HeadBytes), other.Length > HeadBytes ? other.AsSpan(HeadBytes)
            : [], mutator, MaxBytes - HeadBytes)];
    }

    public override void Run(byte[] input)
    {
        if (input.Length < HeadBytes) return;
        IDisk disk = FolderInput.NewDisk();
        disk.CreateDirectory(Folder);
        FolderInput.Write(disk, _form.Decode(input.AsSpan(HeadBytes)));
        bool isClean = (input[0] & IsClean) != 0;
        if (Load(disk, isClean, input[1]) is not { } log) return;
        (long start, long end) = (log.LogStartOffset, log.LogEndOffset);
        Must(start >= 0 && start <= end, $"the log ends before it starts: {start}, {end}");
        // What lies below the recovery point, or was closed cleanly, is not looked at: whoever fetches it checks it.
        ReadAll(log, disk, mustBeWhole: !isClean && input[1] == 0);
        if (isClean) return;
        PartitionLog again = Load(disk, false, input[1]) ?? throw new OracleException("what was recovered cannot be loaded");
        Must(again.LogStartOffset == start && again.LogEndOffset == end,
            $"recovered again it is another log; {start}..{end}, {again.LogStartOffset}..{again.LogEndOffset}");
    }

    private PartitionLog? Load(IDisk disk, bool isClean, byte recoveryPoint)
    {
        LoadLogJob job = new(new LoadLogRequest
        {
            Partition = new TopicPartition("alpha", 0),
            Folder = Folder,
            Config = FolderLogConfig.Default,
            HadCleanShutdown = isClean,
            LogStartOffset = recoveryPoint > 9 ? 3 : 0,
            RecoveryPoint = recoveryPoint,
            NowMs = BatchSeeds.Time + 1000,
        })
        { LogDirectory = Root };
        job.Execute(disk);
        if (job.Error != DiskError.None || job.IsOtherSetAside) return null;
        return job.Open(new LogServices(new BufferPool(), _validator, new Prng(1)), Now);
    }

    private static Instant Now => new(1_000_000_000, BatchSeeds.Time + 1000);

    private static void ReadAll(PartitionLog log, IDisk disk, bool mustBeWhole)
    {
        long next = log.LogStartOffset;
        for (int reads = 0; next < log.LogEndOffset && reads < 200; reads++)
        {
            ReadResult result = log.Read(next, 1 << 20, log.LogEndOffset, true, Now);
            for (int i = 0; i < 4 && result.Status == ReadStatus.NeedsJob; i++)
            {
                LocateJob job = result.Job!; // NeedsJob has one
                job.Execute(disk);
                EffectList<DiskOp> ops = new();
                log.OnCompleted(job, Now, ops);
                result = log.Read(next, 1 << 20, log.LogEndOffset, true, Now, job);
            }

            if (!mustBeWhole && result.Status != ReadStatus.Ok) return;
            Must(result.Status == ReadStatus.Ok, $"what was recovered cannot be read: {result.Status}");
            if (result.Slice is not { } slice) return;
            byte[] bytes = new byte[slice.Length];
            int n = DiskFiles.ReadFully(slice.File, slice.Position, bytes);
            slice.Release();
            if (!mustBeWhole && n < bytes.Length) return;
            Must(n == bytes.Length, "the slice is longer than its file");
            RecordBatchEnumerator walk = new(bytes);
            long before = next;
            while (walk.MoveNext())
            {
                if (!mustBeWhole) continue;
                Must(walk.Current.IsCrcValid, "a batch with a wrong checksum is served");
                Must(walk.Current.LastOffset >= next, $"offsets go back: {walk.Current.LastOffset} after {next}");
                next = walk.Current.NextOffset;
            }

            if (!mustBeWhole) return;
            Must(walk.RemainingBytes == 0, $"something that is no batch is served: {walk.Status}");
            Must(next > before, $"nothing is served at offset {before}");
        }
    }

    private static void Repair(string path, byte[] bytes)
    {
        if (path.Contains(".log", StringComparison.Ordinal)) BatchRepair.Repair(bytes, alsoLength: true);
        if (path.EndsWith(LogFileNames.ProducerSnapshot, StringComparison.Ordinal) && bytes.Length > 6)
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), Crc32C.Compute(bytes.AsSpan(6)));
    }

    /// <summary>Three segments with all that belongs to them: idempotent, transactional, an aborted transaction, two epochs.</summary>
    private static IEnumerable<(string Path, byte[] Bytes)> Full(Prng prng)
    {
        ProducerIdAndEpoch producer = new(7, 1);
        byte[][] batches =
        [
            At(0, 0, RecordBatchOptions.Default, 2, prng),
            At(2, 0, RecordBatchOptions.Default with { Producer = producer, BaseSequence = 0, Codec = CompressionCodec.Lz4 }, 2, prng),
            At(4, 0, RecordBatchOptions.Default with { Producer = producer, BaseSequence = 2, IsTransactional = true }, 3, prng),
            ControlBatches.BuildEndTransaction(RecordBatchOptions.Default
                with { Producer = producer, BaseOffset = 7, PartitionLeaderEpoch = 1 }, BatchSeeds.Time, false, 3),
            At(8, 1, RecordBatchOptions.Default with { Producer = producer, BaseSequence = 5, IsTransactional = true }, 1, prng),
            At(9, 1, RecordBatchOptions.Default with { Codec = CompressionCodec.Zstd }, 4, prng),
        ];
        ProducerEntry entry = new(7);
        entry.SetEpoch(1);
        entry.AddBatch(1, new ProducerBatch(1, 3, 1, BatchSeeds.Time));
        LeaderEpochCache epochs = new();
        epochs.Assign(0, 0);
        epochs.Assign(1, 7);
        TransactionIndex aborted = new();
        aborted.Append(new AbortedTransaction(7, 4, 7, 8));
        OffsetIndex offsets = new(0);
        offsets.Append(3, batches[0].Length);
        TimeIndex times = new(0);
        times.AppendIfLater(BatchSeeds.Time + 1, 3);
        yield return (LogFileNames.PathOf(Folder, 0, LogFileNames.Log), [.. batches[0], .. batches[1]]);
        yield return (LogFileNames.PathOf(Folder, 0, LogFileNames.OffsetIndex), offsets.Encode());
        yield return (LogFileNames.PathOf(Folder, 0, LogFileNames.TimeIndex), times.Encode());
        yield return (LogFileNames.PathOf(Folder, 4, LogFileNames.Log), [.. batches[2], .. batches[3], .. batches[4]]);
        yield return (LogFileNames.PathOf(Folder, 4, LogFileNames.OffsetIndex), []);
        yield return (LogFileNames.PathOf(Folder, 4, LogFileNames.TimeIndex), []);
        yield return (LogFileNames.PathOf(Folder, 4, LogFileNames.TransactionIndex), aborted.Encode());
        yield return (LogFileNames.PathOf(Folder, 4, LogFileNames.ProducerSnapshot), ProducerSnapshotFile.Encode([entry]));
        yield return (LogFileNames.PathOf(Folder, 9, LogFileNames.Log), batches[5]);
        yield return (LogFileNames.PathOf(Folder, 9, LogFileNames.OffsetIndex), new byte[64]);
        yield return (LogFileNames.PathOf(Folder, 9, LogFileNames.TimeIndex), new byte[96]);
        yield return (LogFileNames.Join(Folder, LogFileNames.LeaderEpochCheckpoint), epochs.Encode());
        yield return (LogFileNames.Join(Folder, LogFileNames.PartitionMetadata), PartitionMetadataFile.Encode(new Uuid(1, 2)));
    }

    private static byte[] At(long offset, int epoch, RecordBatchOptions options, int count, Prng prng) =>
        BatchSeeds.V2(options with { BaseOffset = offset, PartitionLeaderEpoch = epoch }, count, prng);
}

/// <summary>Kafka's defaults for a log.</summary>
internal static class FolderLogConfig
{
    public static LogConfig Default { get; } = new()
    {
        SegmentBytes = 1 << 30,
        SegmentMs = 604_800_000,
        SegmentJitterMs = 0,
        SegmentIndexBytes = 10 << 20,
        IndexIntervalBytes = 128,
        RetentionMs = -1,
        RetentionBytes = -1,
        FlushMessages = long.MaxValue,
        FlushMs = long.MaxValue,
        FileDeleteDelayMs = 60_000,
        MaxMessageBytes = 1_048_588,
        MessageTimestampBeforeMaxMs = long.MaxValue,
        MessageTimestampAfterMaxMs = long.MaxValue,
        MessageTimestampType = TimestampType.CreateTime,
        IsDeleted = true,
        IsCompacted = false,
        Preallocate = false,
        ProducerIdExpirationMs = 86_400_000,
        MaxDecompressedMessageBytes = 1 << 20,
        SyncsAppends = false,
    };
}
