using System.Net;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Runtime;

namespace Moldau.Stress.Tests;

/// <summary>A whole node on threads, sockets and files of its own.</summary>
internal sealed class StressNode : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("moldau-stress-");
    private readonly IReadOnlyList<NodeMachine> _machines;
    private readonly BootedNode _boot;
    private readonly NodeHost _host;

    public StressNode(int shards)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["process.roles"] = "broker,controller",
            ["node.id"] = "1",
            ["listeners"] = "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
            ["controller.listener.names"] = "CONTROLLER",
            ["controller.quorum.bootstrap.servers"] = "localhost:9093",
            ["log.dirs"] = _folder.FullName,
            ["offsets.topic.replication.factor"] = "1",
            ["offsets.topic.num.partitions"] = "8",
            ["group.initial.rebalance.delay.ms"] = "0",
        };
        List<string> errors = [];
        Assert.True(BrokerConfig.TryBuild(properties, out BrokerConfig? config, errors, []), string.Join("; ", errors));
        FileDisk disk = new();
        Prng prng = new(7);
        _boot = NodeBoot.Run(disk, config!, prng, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()); // built, as checked
        LogAreas logs = new LogAreas(new NullLogSink());
        _machines = NodeMachines.Create(
            new NodeOptions
            {
                Config = config!, // as above
                StaticProperties = properties,
                ClusterId = _boot.ClusterId,
                Directories = _boot.Directories,
                BrokenDirectories = _boot.Broken,
                ShardCount = shards,
                Log = logs,
            },
            _boot.Metadata, prng);
        _host = new NodeHost(new NodeHostOptions
        {
            Machines = [.. _machines.Select(m => new HostedMachine(m.Id, m.Machine, m.Pool))],
            Listeners = [new ListenerOptions("PLAINTEXT", [IPAddress.Loopback], 0)],
            Disk = disk,
            Log = new LogArea("kafka.network", new NullLogSink()),
            WaitsForReady = true,
        });
        _host.Start();
        Assert.True(_host.Ready.Wait(TimeSpan.FromSeconds(20)), "the node does not become ready");
    }

    public int Port => _host.Listeners[0].Port;

    public StressClient Connect() => new(Port);

    /// <summary>A clean end, after which no lease is out.</summary>
    public void Stop()
    {
        string? Reason() => _host.Ended.IsCompleted ? _host.Ended.Result.Reason : null;
        Assert.True(_host.Stop(TimeSpan.FromSeconds(30)), $"no clean end: {Reason()}");
        _host.Dispose();
        Assert.All(_machines, m => Assert.Equal((m.Id, 0L), (m.Id, m.Pool.Outstanding)));
        Assert.True(File.Exists(Path.Combine(_folder.FullName, ".kafka_cleanshutdown")));
    }

    public void Dispose()
    {
        _host.Dispose();
        foreach (IDisposable taken in _boot.Locks) taken.Dispose();
        _folder.Delete(recursive: true);
    }
}
