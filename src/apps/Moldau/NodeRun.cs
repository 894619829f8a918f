using System.Diagnostics;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Runtime;

namespace Moldau;

/// <summary>Runs one node until it is asked to stop: the log, the node, its metrics, signals.</summary>
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
        using LocalNode node = Start(settings, logs);
        signals.Attach(node.Host.RequestStop, node.Host.StopNow);
        using MetricsServer metrics = MetricsServer.Start(config, node.Machines, node.Host);
        Task first = Task.WhenAny(node.Host.Ready, node.Host.Ended).GetAwaiter().GetResult();
        if (first == node.Host.Ready)
        {
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            logs.Server.Write(LogLevel.Info, $"Kafka Server started in {took.TotalMilliseconds:F0} ms, clients reach it at {string.Join(", ", config.AdvertisedListeners)}");
            onReady();
        }

        NodeEnd end = node.Host.Ended.GetAwaiter().GetResult();
        if (end.IsClean) return 0;
        Console.Error.WriteLine($"moldau: {end.Reason}");
        return ExitCodes.Failed;
    }

    private static LocalNode Start(NodeSettings settings, LogAreas logs)
    {
        try
        {
            return LocalNode.Start(new()
            {
                Config = settings.Config,
                Properties = settings.Properties,
                Disk = new FileDisk(),
                Logs = logs,
                Product = $"Moldau {Program.Version}",
                NewClusterId = NodeSettings.NewClusterId,
            });
        }
        catch (NodeStartException e)
        {
            throw new CommandException(e.Message);
        }
    }
}
