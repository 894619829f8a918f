using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Moldau.Config;
using Moldau.Runtime;

namespace Moldau.Dev;

/// <summary><c>moldau dev</c>: a node for this machine alone, with nothing to configure.</summary>
internal static class DevCommand
{
    private const int DefaultPort = 9092;
    private const int DefaultHttpPort = 8080;
    private const int PortsToTry = 20;

    public static int Run(string[] args)
    {
        if (args is ["reset", .. string[] rest]) return DevReset.Run(rest);
        Arguments arguments = Arguments.Parse("dev", args, ["--port", "--data", "--http-port"], ["--ephemeral", "--demo"]);
        if (arguments.Operands.Count > 0)
            throw new CommandException($"'dev' takes no '{arguments.Operands[0]}'; see 'moldau help'", ExitCodes.Usage);
        bool isEphemeral = arguments.Has("--ephemeral");
        if (isEphemeral && arguments.Value("--data") is not null)
            throw new CommandException("'--ephemeral' chooses the data folder itself; leave '--data' out", ExitCodes.Usage);
        int port = Port(arguments.Value("--port"), DefaultPort, 2);
        int httpPort = Port(arguments.Value("--http-port"), DefaultHttpPort, 1);
        if (httpPort == port || httpPort == port + 1)
            throw new CommandException(
                $"'--http-port {httpPort}' is taken: Kafka has port {port}, and its controller {port + 1}; choose another", ExitCodes.Usage);
        // Before there is a folder to be left behind.
        using NodeSignals signals = new();
        string data = isEphemeral
            ? Directory.CreateTempSubdirectory("moldau-").FullName
            : Path.GetFullPath(arguments.Value("--data") ?? ".moldau");
        try
        {
            NodeSettings settings = NodeSettings.Resolve(Defaults(port, httpPort, data), arguments.Set, isStrict: true);
            using DemoOrders? demo = arguments.Has("--demo") ? new DemoOrders() : null;
            return NodeRun.Run(settings, signals, () =>
            {
                // What the greeting promises is there when it is read.
                demo?.Start(AddressOf(settings.Config));
                Greet(settings.Config, isEphemeral, demo is not null);
            });
        }
        finally
        {
            if (isEphemeral) Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>What a server.properties for one node would say; Apache Kafka can take the folder over with the same.</summary>
    private static Dictionary<string, string> Defaults(int port, int httpPort, string data) => new(StringComparer.Ordinal)
    {
        ["process.roles"] = "broker,controller",
        ["node.id"] = "1",
        ["listeners"] = string.Create(CultureInfo.InvariantCulture, $"PLAINTEXT://localhost:{port},CONTROLLER://localhost:{port + 1}"),
        ["controller.listener.names"] = "CONTROLLER",
        ["controller.quorum.bootstrap.servers"] = string.Create(CultureInfo.InvariantCulture, $"localhost:{port + 1}"),
        ["log.dirs"] = data,
        ["offsets.topic.replication.factor"] = "1",
        ["group.initial.rebalance.delay.ms"] = "0",
        ["moldau.http.listeners"] = string.Create(CultureInfo.InvariantCulture, $"localhost:{httpPort}"),
        ["moldau.shards"] = "1",
    };

    private static string AddressOf(BrokerConfig config)
    {
        Endpoint kafka = config.AdvertisedListeners[0];
        return $"{(string.IsNullOrEmpty(kafka.Host) ? "localhost" : kafka.Host)}:{kafka.Port}";
    }

    private static void Greet(BrokerConfig config, bool isEphemeral, bool hasDemo)
    {
        string at = AddressOf(config);
        string metrics = config.HttpListeners.Count == 0 ? "off" : $"http://{config.HttpListeners[0]}/metrics";
        string data = string.Join(", ", config.LogDirs) + (isEphemeral ? "   (gone when it stops)" : "");
        string bootstrap = at == "localhost:9092" ? "" : $" -b {at}";
        const string command = "./moldau";
        string next = hasDemo
            ? $"""
                {command} consume {DemoOrders.Topic} -n 3{bootstrap}
                {command} consume {DemoOrders.Topic} -g me{bootstrap}
                {command} group lag me{bootstrap}
              """
            : $"""
                {command} topic create greetings{bootstrap}
                echo hello | {command} produce greetings{bootstrap}
                {command} consume greetings{bootstrap}
              """;
        Console.Out.WriteLine($"""

            Moldau {Program.Version} is up.

              Kafka     {at}
              metrics   {metrics}
              data      {data}
            {(hasDemo ? $"  demo      topic '{DemoOrders.Topic}', five orders a second\n" : "")}
            Try, in another terminal:

            {next}

            'moldau help' lists what else there is. Ctrl+C stops it.

            """);
    }

    /// <summary>A port that was named is taken or fails; the default makes room for whoever has it.</summary>
    private static int Port(string? named, int wanted, int count)
    {
        if (named is not null)
        {
            if (!int.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65534)
                throw new CommandException($"'{named}' is not a port", ExitCodes.Usage);
            for (int i = 0; i < count; i++)
                if (!IsFree(port + i)) throw new CommandException($"port {port + i} is in use{By(port + i)}; name another one, or none and a free one is taken");
            return port;
        }

        for (int port = wanted; port < wanted + (PortsToTry * count); port += count)
        {
            bool isFree = true;
            for (int i = 0; i < count; i++) isFree &= IsFree(port + i);
            if (!isFree) continue;
            if (port != wanted) Console.Error.WriteLine($"moldau: port {wanted} is in use{By(wanted)}, taking {port}");
            return port;
        }

        throw new CommandException($"no free port from {wanted} on; name one with --port");
    }

    private static string By(int port) => PortOwner.Of(port) is { } owner ? $" by {owner}" : "";

    private static bool IsFree(int port)
    {
        try
        {
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
