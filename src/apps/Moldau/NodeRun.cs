using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Runtime;
using Moldau.Transport;

namespace Moldau;

/// <summary>Runs one node until it is asked to stop: boot, machines, threads, listeners, signals.</summary>
internal static class NodeRun
{
    public static int Run(NodeSettings settings, Action<string> onReady)
    {
        long began = Stopwatch.GetTimestamp();
        BrokerConfig config = settings.Config;
        Broker.LogAreas logs = new(new LogfmtSink(Console.Out));
        foreach (string warning in settings.Warnings) logs.Server.Warn(warning);
        FileDisk disk = new();
        Prng prng = new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
        BootedNode boot = Boot(disk, config, prng);
        try
        {
            foreach (string note in boot.Notes) logs.Server.Write(LogLevel.Info, note);
            return RunBooted(settings, boot, disk, prng, logs, began, onReady);
        }
        finally
        {
            foreach (IDisposable taken in boot.Locks) taken.Dispose();
        }
    }

    private static int RunBooted(
        NodeSettings settings, BootedNode boot, FileDisk disk, Prng prng, Broker.LogAreas logs, long began, Action<string> onReady)
    {
        BrokerConfig config = settings.Config;
        NodeOptions options = new()
        {
            Config = config,
            StaticProperties = settings.Properties,
            ClusterId = boot.ClusterId,
            Directories = boot.Directories,
            ShardCount = config.Shards > 0 ? config.Shards : Environment.ProcessorCount,
            Log = logs,
        };
        IReadOnlyList<NodeMachine> machines = NodeMachines.Create(options, boot.Metadata, prng);
        using NodeHost host = new(HostOptions(config, machines, disk, logs));
        try
        {
            host.Start();
        }
        catch (SocketFailure e)
        {
            throw new CommandException($"{e.Message}: another process has the address, or it is not this machine's; see 'listeners'");
        }

        using NodeSignals signals = new(host.RequestStop, host.StopNow);
        using MetricsServer metrics = MetricsServer.Start(config, machines, host, logs);
        Task first = Task.WhenAny(host.Ready, host.Ended).GetAwaiter().GetResult();
        if (first == host.Ready)
        {
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            logs.Server.Write(LogLevel.Info, $"Kafka Server started in {took.TotalMilliseconds:F0} ms: {string.Join(", ", config.AdvertisedListeners)}");
            onReady(boot.ClusterId);
        }

        NodeEnd end = host.Ended.GetAwaiter().GetResult();
        if (end.IsClean) return 0;
        Console.Error.WriteLine($"moldau: {end.Reason}");
        return Program.Failed;
    }

    private static BootedNode Boot(FileDisk disk, BrokerConfig config, Prng prng)
    {
        try
        {
            return NodeBoot.Run(disk, config, prng, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        }
        catch (BootException e)
        {
            throw new CommandException(e.Message);
        }
    }

    private static NodeHostOptions HostOptions(
        BrokerConfig config, IReadOnlyList<NodeMachine> machines, FileDisk disk, Broker.LogAreas logs) => new()
        {
            Machines = [.. machines.Select(m => new HostedMachine(m.Id, m.Machine, m.Pool))],
            Listeners = [.. config.Listeners.Select(l => Listener(l, config))],
            Disk = disk,
            Log = logs.Network,
            WaitsForReady = true,
            Limits = new ReactorLimits
            {
                MaxFrameBytes = config.SocketRequestMaxBytes,
                MaxIdleMs = config.ConnectionsMaxIdleMs,
            },
            DiskLimits = new DiskLimits { DirtyBudgetBytes = config.DiskDirtyMaxBytes },
        };

    private static ListenerOptions Listener(Endpoint endpoint, BrokerConfig config) =>
        new(endpoint.ListenerName, Addresses(endpoint.Host), endpoint.Port)
        {
            IsController = config.ControllerListenerNames.Contains(endpoint.ListenerName, StringComparer.Ordinal),
            Backlog = config.SocketListenBacklogSize,
            SendBufferBytes = config.SocketSendBufferBytes,
            ReceiveBufferBytes = config.SocketReceiveBufferBytes,
        };

    /// <summary>Where to bind: everywhere without a host, both loopbacks for localhost, else what the name stands for.</summary>
    private static IReadOnlyList<IPAddress> Addresses(string? host)
    {
        if (string.IsNullOrEmpty(host)) return [IPAddress.IPv6Any];
        if (host == "localhost") return Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        if (IPAddress.TryParse(host, out IPAddress? address)) return [address];
        try
        {
            return Dns.GetHostAddresses(host);
        }
        catch (SocketException e)
        {
            throw new CommandException($"the listener's host '{host}' cannot be resolved: {e.Message}");
        }
    }
}
