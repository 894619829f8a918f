using System.Net;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

/// <summary>A node of <see cref="LogMachine"/>s on free ports, with its files in a folder of its own. Disposing of it
/// stops it and checks that no lease is outstanding.</summary>
internal sealed class TestNode : IDisposable
{
    private readonly List<SharedFile> _files = [];
    private bool _isStopped;

    public TestNode(int shards = 1, ReactorLimits? limits = null, DiskLimits? diskLimits = null,
        ConnectionQuotas? quotas = null, bool withControl = false, string? folder = null, IDisk? disk = null,
        TlsServer? tls = null, bool hasSecondListener = false, SocketTransport? transport = null)
    {
        Folder = Directory.CreateTempSubdirectory("moldau-runtime-");
        Disk = disk ?? new FileDisk();
        List<HostedMachine> machines = [];
        for (int i = 0; i < shards; i++) machines.Add(Make(MachineId.Shard(i), folder ?? Folder.FullName));
        if (withControl) machines.Add(Make(MachineId.Control, folder ?? Folder.FullName));
        List<ListenerOptions> listeners =
        [
            new("PLAINTEXT", [IPAddress.Loopback, IPAddress.IPv6Loopback], 0),
        ];
        if (hasSecondListener) listeners.Add(new("INSIDE", [IPAddress.Loopback], 0));
        if (tls is not null) listeners.Add(new("SSL", [IPAddress.Loopback], 0) { Tls = tls });
        if (withControl) listeners.Add(new("CONTROLLER", [IPAddress.Loopback], 0) { IsController = true });
        Log = new();
        Host = new(new NodeHostOptions
        {
            Machines = machines,
            Listeners = listeners,
            Disk = Disk,
            Transport = transport ?? SocketTransport.Default,
            Log = new LogArea("kafka.network", Log),
            Limits = limits ?? new(),
            DiskLimits = diskLimits ?? new(),
            Quotas = quotas ?? new(),
        });
        Host.Start();
    }

    public DirectoryInfo Folder { get; }

    public IDisk Disk { get; }

    public MemoryLog Log { get; }

    public NodeHost Host { get; }

    public List<LogMachine> Machines { get; } = [];

    public List<BufferPool> Pools { get; } = [];

    public int Port => Host.Listeners[0].Port;

    public TestClient Connect(int listener = 0) => new(Host.Listeners[listener].Port);

    /// <summary>Ends the threads, so that what the machines noted can be read.</summary>
    public void Stop()
    {
        if (_isStopped) return;
        _isStopped = true;
        bool isClean = Host.Stop(TimeSpan.FromSeconds(20));
        Host.Dispose();
        foreach (SharedFile file in _files) file.Release();
        Assert.All(_files, f => Assert.Throws<BrokenInvariantException>(() => f.File.Read(0, new byte[1])));
        Folder.Delete(recursive: true);
        Assert.True(isClean);
        Assert.All(Pools, p => Assert.Equal(0, p.Outstanding));
        foreach (BufferPool pool in Pools) pool.Dispose();
    }

    public void Dispose() => Stop();

    private HostedMachine Make(MachineId id, string folder)
    {
        SharedFile file = new(Disk.Open(Path.Combine(folder, $"{id}.log"), DiskOpenMode.CreateNew));
        BufferPool pool = new();
        LogMachine machine = new(id, pool, file, folder);
        _files.Add(file);
        Pools.Add(pool);
        Machines.Add(machine);
        return new(id, machine, pool);
    }
}

/// <summary>Keeps log lines for the test to read.</summary>
internal sealed class MemoryLog : ILogSink
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock) return [.. _lines];
        }
    }

    public void Write(string area, LogLevel level, string message)
    {
        lock (_lock) _lines.Add($"{level} {message}");
    }
}
