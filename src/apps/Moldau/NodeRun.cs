using System.Diagnostics;
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
    /// <param name="settings">What the node is made from.</param>
    /// <param name="signals">End it; what comes before it runs waits for it.</param>
    /// <param name="onReady">Called when clients are served.</param>
    public static int Run(NodeSettings settings, NodeSignals signals, Action onReady)
    {
        long began = Stopwatch.GetTimestamp();
        BrokerConfig config = settings.Config;
        LogAreas logs = new(config.LogFormat == "json" ? new JsonLogSink(Console.Out) : new LogfmtSink(Console.Out));
        foreach (string warning in settings.Warnings) logs.Server.Warn(warning);
        // Before anything is written: what cannot be served ends the start here.
        LiveListeners listeners = new(config, logs.Network);
        FileDisk disk = new();
        Prng prng = new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
        BootedNode boot = Boot(disk, config, prng);
        try
        {
            foreach (string note in boot.Notes) logs.Server.Write(LogLevel.Info, note);
            return RunBooted(settings, boot, listeners, disk, prng, logs, began, signals, onReady);
        }
        finally
        {
            foreach (IDisposable taken in boot.Locks) taken.Dispose();
        }
    }

    private static int RunBooted(
        NodeSettings settings,
        BootedNode boot,
        LiveListeners listeners,
        FileDisk disk,
        Prng prng,
        LogAreas logs,
        long began,
        NodeSignals signals,
        Action onReady)
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
            ConfigVeto = listeners.WhyNot,
        };
        logs.Server.Write(LogLevel.Info, $"Moldau {Program.Version}: node {config.NodeId} of cluster {boot.ClusterId}, "
            + $"{options.ShardCount} shard{(options.ShardCount == 1 ? "" : "s")}, data in {string.Join(", ", config.LogDirs)}");
        IReadOnlyList<NodeMachine> machines = NodeMachines.Create(options, boot.Metadata, prng);
        using NodeHost host = new(new NodeHostOptions
        {
            Machines = [.. machines.Select(m => new HostedMachine(m.Id, m.Machine, m.Pool))],
            Listeners = listeners.Options,
            Disk = disk,
            Log = logs.Network,
            WaitsForReady = true,
            Limits = NodeLimits.Reactor(config, options.ShardCount),
            DiskLimits = NodeLimits.Disk(config),
            Quotas = NodeLimits.Quotas(config),
            Configured = listeners.Apply,
        });
        try
        {
            host.Start();
            signals.Attach(host.RequestStop, host.StopNow);
        }
        catch (SocketFailure e)
        {
            throw new CommandException($"{e.Message}: another process has the address, or it is not this machine's; see 'listeners'");
        }

        using MetricsServer metrics = MetricsServer.Start(config, machines, host);
        Task first = Task.WhenAny(host.Ready, host.Ended).GetAwaiter().GetResult();
        if (first == host.Ready)
        {
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            logs.Server.Write(LogLevel.Info, $"Kafka Server started in {took.TotalMilliseconds:F0} ms, clients reach it at {string.Join(", ", config.AdvertisedListeners)}");
            onReady();
        }

        NodeEnd end = host.Ended.GetAwaiter().GetResult();
        if (end.IsClean) return 0;
        Console.Error.WriteLine($"moldau: {end.Reason}");
        return ExitCodes.Failed;
    }

    private static BootedNode Boot(FileDisk disk, BrokerConfig config, Prng prng)
    {
        try
        {
            return NodeBoot.Run(disk, config, prng, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), NodeSettings.NewClusterId);
        }
        catch (BootException e)
        {
            throw new CommandException(e.Message);
        }
    }
}
