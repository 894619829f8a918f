using Moldau.Base;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

public sealed class DiskLaneTests
{
    /// <summary>Every append takes long and has waited.</summary>
    private static DiskLimits AlwaysSlow
    {
        get
        {
            long waits = 0;
            return new() { SlowAppendNs = 0, SlowForMs = 60_000, ThreadWaits = () => Interlocked.Increment(ref waits) };
        }
    }

    [Fact]
    public async Task Appends_ToASlowDirectory_GoToItsWriter_InOrder()
    {
        const int count = 2_000;
        // Every append counts as slow, so all but the first two, of which the second one is watched, go to the writer.
        using TestNode node = new(diskLimits: AlwaysSlow with { WriterQueueBytes = 1000 });
        using TestClient client = node.Connect();
        byte[] data = ReactorTests.Bytes(count * 100, seed: 8);
        Task sender = Task.Run(() =>
        {
            for (int i = 0; i < count; i++) client.Send(TestClient.Frame(Ask.Produce, data.AsSpan(i * 100, 100)));
        });
        for (int i = 0; i < count; i++) Assert.Equal(TestClient.Number(i * 100), client.Receive());
        await sender;
        Assert.Equal(data, client.Fetch(0, data.Length));
        Assert.Equal(count - 2, node.Host.DataLanes.Counters[0].Value.WriterAppends);
    }

    [Fact]
    public void StalledWriter_DoesNotHoldUpOtherConnections()
    {
        GatedDisk disk = new();
        using TestNode node = new(diskLimits: AlwaysSlow, disk: disk);
        using TestClient stalled = node.Connect();
        using TestClient other = node.Connect();
        Assert.Equal(0, stalled.Produce(new byte[10]));
        Assert.Equal(10, stalled.Produce(new byte[10]));
        disk.Gate.Reset();
        stalled.Send(TestClient.Frame(Ask.Produce, new byte[10]));
        for (int i = 0; i < 100; i++) Assert.Equal(2, other.Call(TestClient.Frame(Ask.Echo, 1)).Length);
        Assert.Equal(0, stalled.Socket.Available);
        disk.Gate.Set();
        Assert.Equal(TestClient.Number(20), stalled.Receive());
    }

    [Fact]
    public void Appends_ThatTookLongWithoutWaiting_StayOnTheirThread()
    {
        using TestNode node = new(diskLimits: AlwaysSlow with { ThreadWaits = static () => 0 });
        using TestClient client = node.Connect();
        for (int i = 0; i < 100; i++) Assert.Equal(i * 10, client.Produce(new byte[10]));
        DiskCounters counters = node.Host.DataLanes.Counters[0].Value;
        Assert.Equal(0, counters.WriterAppends);
        Assert.Equal(0, counters.SlowAppends);
    }

    [Fact]
    public void AnAppend_ThatStalled_SendsTheNextOnesToTheWriter()
    {
        using TestNode node = new(diskLimits: AlwaysSlow with { ThreadWaits = static () => 0, StalledAppendNs = 0 });
        using TestClient client = node.Connect();
        for (int i = 0; i < 100; i++) Assert.Equal(i * 10, client.Produce(new byte[10]));
        Assert.Equal(99, node.Host.DataLanes.Counters[0].Value.WriterAppends);
    }

    [Fact]
    public void Syncs_ThatGatherWhileOneRuns_AreServedTogether()
    {
        const int count = 10;
        GatedDisk disk = new();
        using TestNode node = new(disk: disk);
        using TestClient client = node.Connect();
        disk.SyncGate.Reset();
        client.Send(TestClient.Frame(Ask.Sync, 0));
        Assert.True(disk.SyncBegan.Wait(10_000, TestContext.Current.CancellationToken));
        for (byte i = 1; i < count; i++) client.Send(TestClient.Frame(Ask.Sync, i));
        // Its answer comes at once, and says that all that was asked before is under way.
        Assert.Equal(99, client.Call(TestClient.Frame(Ask.Echo, 99))[1]);
        disk.SyncGate.Set();
        for (byte i = 0; i < count; i++) Assert.Equal(i, client.Receive()[1]);
        DiskCounters counters = node.Host.DataLanes.Counters[0].Value;
        Assert.Equal(count, counters.SyncRequests);
        Assert.Equal(2, counters.Syncs);
    }

    [Fact]
    public void LongAppends_AreWrittenBackEarly()
    {
        using TestNode node = new();
        using TestClient client = node.Connect();
        byte[] data = new byte[1024 * 1024];
        for (int i = 0; i < 20; i++) client.Produce(data);
        client.Dispose();
        DiskCounters counters = node.Host.DataLanes.Counters[0].Value;
        Assert.True(SpinWait.SpinUntil(() => counters.WritebackBytes >= 2 * DiskFile.WritebackBytes, 30_000));
    }

    [Fact]
    public void Jobs_OfOneKey_RunInOrder_AndOthersBesideThem()
    {
        List<Exception> faults = [];
        using JobPool pool = new("test", new FileDisk(), 3, faults.Add);
        using Poller poller = SocketTransport.Default.NewPoller();
        Mailbox mail = new(16, poller);
        object key = new();
        using ManualResetEventSlim gate = new();
        List<NotingJob> jobs = [];
        List<int> order = [];
        for (int i = 0; i < 50; i++)
            jobs.Add(new(order, i, i == 0 ? gate : null) { LogDirectory = "", OrderKey = key });
        foreach (NotingJob job in jobs) pool.Submit(new(job, mail));
        NotingJob free = new([], 0, null) { LogDirectory = "" };
        pool.Submit(new(free, mail));
        Assert.True(SpinWait.SpinUntil(() => free.HasRun, 10_000));
        Assert.False(jobs[1].HasRun);
        gate.Set();
        Assert.True(SpinWait.SpinUntil(() => jobs[^1].HasRun, 10_000));
        pool.Dispose();
        Assert.Equal(Enumerable.Range(0, 50), order);
        Assert.Equal(51, mail.Take().Length);
        Assert.Empty(faults);
    }

    private sealed class NotingJob(List<int> order, int number, ManualResetEventSlim? gate) : JobOp
    {
        private volatile bool _hasRun;

        public bool HasRun => _hasRun;

        protected override void Run(IDisk disk)
        {
            gate?.Wait();
            order.Add(number);
            _hasRun = true;
        }
    }

    /// <summary>A disk whose files wait at a gate before each write and each sync.</summary>
    private sealed class GatedDisk : IDisk
    {
        private readonly FileDisk _inner = new();

        public ManualResetEventSlim Gate { get; } = new(true);

        public ManualResetEventSlim SyncGate { get; } = new(true);

        public ManualResetEventSlim SyncBegan { get; } = new(false);

        public IDiskFile Open(string path, DiskOpenMode mode) => new GatedFile(_inner.Open(path, mode), this);

        public bool FileExists(string path) => _inner.FileExists(path);

        public bool DirectoryExists(string path) => _inner.DirectoryExists(path);

        public IReadOnlyList<string> List(string directory) => _inner.List(directory);

        public void CreateDirectory(string path) => _inner.CreateDirectory(path);

        public void Delete(string path) => _inner.Delete(path);

        public void DeleteDirectory(string path) => _inner.DeleteDirectory(path);

        public void Rename(string from, string to) => _inner.Rename(from, to);

        public void SyncDirectory(string path) => _inner.SyncDirectory(path);

        public long LastModifiedMs(string path) => _inner.LastModifiedMs(path);

        public (long Total, long Free) Volume(string path) => _inner.Volume(path);

        public IDisposable? TryLock(string path) => _inner.TryLock(path);
    }

    private sealed class GatedFile(IDiskFile inner, GatedDisk disk) : IDiskFile
    {
        public string Path => inner.Path;

        public long Length => inner.Length;

        public int Read(long position, Span<byte> destination) => inner.Read(position, destination);

        public void Write(long position, ReadOnlySpan<byte> source)
        {
            disk.Gate.Wait();
            inner.Write(position, source);
        }

        public void Sync()
        {
            disk.SyncBegan.Set();
            disk.SyncGate.Wait();
            inner.Sync();
        }

        public void SetLength(long length) => inner.SetLength(length);

        public void Allocate(long length) => inner.Allocate(length);

        public void StartWriteback(long position, long length) => inner.StartWriteback(position, length);

        public void Dispose() => inner.Dispose();
    }
}
