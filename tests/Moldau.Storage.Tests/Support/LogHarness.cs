using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage.Tests;

/// <summary>Drives one log over a disk as a shard would: performs effects in order and feeds completions back.</summary>
public sealed class LogHarness : IDisposable
{
    public const string Directory = "/data";

    private readonly BatchValidator _validator = new();
    private readonly EffectList<DiskOp> _ops = new();
    private readonly Queue<DiskOp> _waiting = new();
    private long _ms;

    public LogHarness(IDisk disk, LogConfig? config = null, string directory = Directory, long startMs = 1_700_000_000_000)
    {
        Disk = disk;
        Config = config ?? DefaultConfig;
        Root = directory;
        _ms = startMs;
        Services = new LogServices(Pool, _validator, new Prng(1));
    }

    public static LogConfig DefaultConfig { get; } = new()
    {
        SegmentBytes = 1 << 30,
        SegmentMs = 604_800_000,
        SegmentJitterMs = 0,
        SegmentIndexBytes = 10 << 20,
        IndexIntervalBytes = 4096,
        RetentionMs = 604_800_000,
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
        MaxDecompressedMessageBytes = 1 << 30,
        SyncsAppends = false,
    };

    public IDisk Disk { get; set; }

    public LogConfig Config { get; set; }

    public string Root { get; }

    public BufferPool Pool { get; } = new();

    public LogServices Services { get; }

    public PartitionLog Log { get; private set; } = null!; // set by Open, the first call of each test

    public LogChanges Changes { get; private set; }

    public TopicPartition Partition { get; init; } = new("topic", 0);

    public string Folder => $"{Root}/{Partition}";

    public Instant Now => new(_ms * 1_000_000, _ms);

    public EffectList<DiskOp> Ops => _ops;

    public int WaitingOps => _waiting.Count;

    public void Advance(long ms) => _ms += ms;

    public LoadLogJob Open(bool isClean = false, long recoveryPoint = 0, long logStart = 0, Uuid? topicId = null)
    {
        LoadLogJob job = new(new LoadLogRequest
        {
            Partition = Partition,
            Folder = Folder,
            Config = Config,
            HadCleanShutdown = isClean,
            TopicId = topicId,
            LogStartOffset = logStart,
            RecoveryPoint = recoveryPoint,
            NowMs = _ms,
        })
        { LogDirectory = Root };
        job.Execute(Disk);
        Assert.True(job.Error == DiskError.None, job.ErrorText);
        Log = job.Open(Services, Now);
        return job;
    }

    /// <summary>Appends and waits for the disk.</summary>
    public AppendOutcome Append(
        ReadOnlySpan<byte> batch, LogAppendOrigin origin = LogAppendOrigin.Client, int epoch = 0, bool waits = true)
    {
        BufferLease lease = Pool.Rent(batch.Length);
        batch.CopyTo(lease.Span);
        AppendOutcome outcome =
            Log.Append(new AppendRequest(lease, 0, batch.Length, origin, epoch), Now, _ops);
        lease.Release();
        if (waits) Run();
        else Queue();
        return outcome;
    }

    /// <summary>Performs effects until nothing is left.</summary>
    public void Run()
    {
        Queue();
        while (_waiting.TryDequeue(out DiskOp? op)) Perform(op);
    }

    /// <summary>Moves new effects to the queue without performing them.</summary>
    public void Queue()
    {
        foreach (DiskOp op in _ops.Span) _waiting.Enqueue(op);
        _ops.Clear();
    }

    public bool RunOne(Action<DiskOp>? before = null)
    {
        Queue();
        if (!_waiting.TryDequeue(out DiskOp? op)) return false;
        before?.Invoke(op);
        Perform(op);
        return true;
    }

    public byte[] ReadBytes(long offset, int maxBytes = int.MaxValue, long? upTo = null, bool minOne = true)
    {
        ReadResult result = Read(offset, maxBytes, upTo, minOne);
        Assert.Equal(ReadStatus.Ok, result.Status);
        if (result.Slice is not { } slice) return [];
        byte[] bytes = new byte[slice.Length];
        Assert.Equal(bytes.Length, DiskFiles.ReadFully(slice.File, slice.Position, bytes));
        Assert.True(slice.IsCurrent);
        slice.Release();
        return bytes;
    }

    public ReadResult Read(long offset, int maxBytes = int.MaxValue, long? upTo = null, bool minOne = true)
    {
        ReadResult result = Log.Read(offset, maxBytes, upTo ?? Log.WrittenEnd, minOne, Now);
        for (int i = 0; i < 4 && result.Status == ReadStatus.NeedsJob; i++)
        {
            LocateJob job = result.Job!; // NeedsJob has one
            Perform(job);
            result = Log.Read(offset, maxBytes, upTo ?? Log.WrittenEnd, minOne, Now, job);
        }

        return result;
    }

    /// <summary>Values of all data records from an offset on, through as many reads as it takes.</summary>
    public List<(long Offset, string Value)> ReadAll(long? from = null, int maxBytes = 1 << 20)
    {
        List<(long, string)> records = [];
        long next = from ?? Log.LogStartOffset;
        while (next < Log.WrittenEnd)
        {
            byte[] bytes = ReadBytes(next, maxBytes);
            if (bytes.Length == 0) break;
            long before = next;
            foreach (RecordBatchView batch in new RecordBatchEnumerator(bytes))
            {
                Assert.True(batch.IsCrcValid);
                RecordEnumerator read = batch.ReadRecords();
                while (read.MoveNext())
                    if (!batch.IsControl && read.Current.Offset >= next)
                        records.Add((read.Current.Offset, System.Text.Encoding.UTF8.GetString(read.Current.Value)));
                next = batch.NextOffset;
            }

            Assert.True(next > before);
        }

        return records;
    }

    public void Dispose()
    {
        _validator.Dispose();
        Pool.Dispose();
    }

    /// <summary>Hands the effects to a test that performs them itself.</summary>
    public void TakeQueued(List<DiskOp> into)
    {
        Queue();
        into.AddRange(_waiting);
        _waiting.Clear();
    }

    public void Perform(DiskOp op)
    {
        op.Execute(Disk);
        Changes |= Log.OnCompleted(op, Now, _ops);
        Queue();
    }
}
