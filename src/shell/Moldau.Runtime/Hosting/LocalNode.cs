using System.Net;
using System.Security.Cryptography;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>What a node in this process is made from.</summary>
public sealed record LocalNodeOptions
{
    public required BrokerConfig Config { get; init; }

    /// <summary>What <see cref="Config"/> was built from.</summary>
    public required IReadOnlyDictionary<string, string> Properties { get; init; }

    /// <summary>Stays the caller's, to be disposed of after the node.</summary>
    public required IDisk Disk { get; init; }

    public required LogAreas Logs { get; init; }

    /// <summary>The line that names the product and its version, for the log.</summary>
    public required string Product { get; init; }

    /// <summary>The id of a cluster that is made now; null: one is made up.</summary>
    public string? NewClusterId { get; init; }

    public SocketTransport Transport { get; init; } = SocketTransport.Default;

    /// <summary>Sockets that are open already, by the name of their listener; the node takes them over.</summary>
    public IReadOnlyDictionary<string, ListenSocket> Opened { get; init; } = new Dictionary<string, ListenSocket>();
}

/// <summary>A whole node on threads of this process: boot, machines, listeners. Made and disposed of by one thread; its
/// <see cref="Host"/> may be asked to stop by any.</summary>
public sealed class LocalNode : IDisposable
{
    private readonly BootedNode _boot;
    private bool _isDisposed;

    private LocalNode(BootedNode boot, IReadOnlyList<NodeMachine> machines, NodeHost host)
    {
        _boot = boot;
        Machines = machines;
        Host = host;
    }

    public NodeHost Host { get; }

    public IReadOnlyList<NodeMachine> Machines { get; }

    public string ClusterId => _boot.ClusterId;

    /// <summary>Returns when the listeners are open and the threads run; <see cref="NodeHost.Ready"/> tells when clients
    /// are served.</summary>
    /// <exception cref="NodeStartException">Folders, listeners or certificates do not do.</exception>
    public static LocalNode Start(LocalNodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        // Before anything is written: what cannot be served ends the start here.
        LiveListeners listeners = new(options.Config, options.Logs.Network);
        Prng prng = new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));
        BootedNode boot = Boot(options, prng);
        try
        {
            foreach (string note in boot.Notes) options.Logs.Server.Write(LogLevel.Info, note);
            return Start(options, boot, listeners, prng);
        }
        catch
        {
            GiveBack(boot);
            throw;
        }
    }

    /// <summary>Closes all connections, ends the threads, whether or not the machines have finished, and gives the folders
    /// back.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        Host.Dispose();
        foreach (NodeMachine machine in Machines) machine.Pool.Dispose();
        GiveBack(_boot);
    }

    private static LocalNode Start(LocalNodeOptions options, BootedNode boot, LiveListeners listeners, Prng prng)
    {
        BrokerConfig config = options.Config;
        NodeOptions node = new()
        {
            Config = config,
            StaticProperties = options.Properties,
            ClusterId = boot.ClusterId,
            Directories = boot.Directories,
            BrokenDirectories = boot.Broken,
            ShardCount = config.Shards > 0 ? config.Shards : Environment.ProcessorCount,
            Log = options.Logs,
            ConfigVeto = listeners.WhyNot,
        };
        options.Logs.Server.Write(LogLevel.Info, $"{options.Product}: node {config.NodeId} of cluster {boot.ClusterId}, "
            + $"{node.ShardCount} shard{(node.ShardCount == 1 ? "" : "s")}, data in {string.Join(", ", config.LogDirs)}");
        IReadOnlyList<NodeMachine> machines = NodeMachines.Create(node, boot.Metadata, prng);
        NodeHost host = new(new NodeHostOptions
        {
            Machines = [.. machines.Select(m => new HostedMachine(m.Id, m.Machine, m.Pool))],
            Listeners = [.. listeners.Options.Select(l => WithOpened(l, options.Opened))],
            Disk = options.Disk,
            Transport = options.Transport,
            Log = options.Logs.Network,
            WaitsForReady = true,
            Limits = NodeLimits.Reactor(config, node.ShardCount),
            DiskLimits = NodeLimits.Disk(config),
            Quotas = NodeLimits.Quotas(config),
            Configured = listeners.Apply,
        });
        try
        {
            host.Start();
            return new LocalNode(boot, machines, host);
        }
        catch (SocketFailure e)
        {
            host.Dispose();
            throw new NodeStartException($"{e.Message}: another process has the address, or it is not this machine's; see 'listeners'");
        }
    }

    private static ListenerOptions WithOpened(ListenerOptions listener, IReadOnlyDictionary<string, ListenSocket> opened) =>
        opened.TryGetValue(listener.Name, out ListenSocket? socket) ? listener with { Opened = [socket] } : listener;

    private static BootedNode Boot(LocalNodeOptions options, Prng prng)
    {
        try
        {
            return NodeBoot.Run(options.Disk, options.Config, prng, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), options.NewClusterId);
        }
        catch (BootException e)
        {
            throw new NodeStartException(e.Message);
        }
    }

    private static void GiveBack(BootedNode boot)
    {
        foreach (IDisposable taken in boot.Locks) taken.Dispose();
    }
}
