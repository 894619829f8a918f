using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Moldau.TestServers;

/// <summary>
/// One node, controller and broker, as a process of its own with a data folder and free ports. It can be stopped,
/// killed and started again on the same folder and ports.
/// </summary>
public abstract class ServerUnderTest : IDisposable
{
    private readonly ServerOptions _options;
    private readonly ScratchFolder _scratch;
    private ChildProcess? _process;

    protected ServerUnderTest(ServerOptions options)
    {
        _options = options;
        _scratch = new ScratchFolder("server");
        DataFolder = options.DataFolder ?? _scratch["data"];
        PropertiesFile = _scratch["server.properties"];
        (Port, ControllerPort) = options.Ports ?? FreePorts.Pair();
        WriteProperties();
    }

    public int Port { get; }

    public int ControllerPort { get; }

    public string Bootstrap => $"127.0.0.1:{Port}";

    public string DataFolder { get; }

    public string PropertiesFile { get; }

    public abstract string Name { get; }

    /// <summary>The running process, for its id and what it printed.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException($"{Name} was not started");

    /// <summary>How long the last start took until the first answer.</summary>
    public TimeSpan StartTook { get; private set; }

    protected ServerOptions Options => _options;

    /// <summary>Formats the data folder when that is wanted, then starts and waits for the first answer.</summary>
    public void Start()
    {
        EnsureFormatted();
        StartProcess();
        AwaitAnswer();
    }

    /// <summary>Waits until the started process answers.</summary>
    public void AwaitAnswer()
    {
        var waited = Stopwatch.StartNew();
        Wait.Until(
            () => Process.HasExited
                ? throw new InvalidOperationException($"{Name} ended: {Process.WaitForEnd(TimeSpan.FromSeconds(5))}")
                : Answers(Port),
            TimeSpan.FromSeconds(90), $"{Name} to answer on port {Port}");
        StartTook = waited.Elapsed;
    }

    /// <summary>Formats the data folder unless it is formatted or must not be.</summary>
    public void EnsureFormatted()
    {
        if (_options.ShouldFormat && !File.Exists(Path.Combine(DataFolder, "meta.properties"))) Format();
    }

    /// <summary>Starts the process without waiting for anything: for tests of starts that fail.</summary>
    public void StartProcess()
    {
        _process?.Dispose();
        _process = Launch();
    }

    /// <summary>Asks the process to end (SIGTERM) and waits until it has.</summary>
    public ProgramResult Stop()
    {
        Process.Terminate();
        return Process.WaitForEnd(TimeSpan.FromSeconds(60));
    }

    /// <summary>Ends the process at once (SIGKILL).</summary>
    public void Kill()
    {
        Process.Kill();
        Process.WaitForEnd(TimeSpan.FromSeconds(30));
    }

    public virtual void Dispose()
    {
        _process?.Dispose();
        _scratch.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A random id in Kafka's text form: 16 bytes in URL-safe base64 without padding.</summary>
    public static string RandomId() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)).TrimEnd('=').Replace('+', 'x').Replace('/', 'y');

    /// <summary>True when an ApiVersions request on that port is answered.</summary>
    public static bool Answers(int port)
    {
        try
        {
            using var client = new TcpClient { ReceiveTimeout = 5000, SendTimeout = 5000 };
            client.Connect(IPAddress.Loopback, port);
            var stream = client.GetStream();
            // Length 10: ApiVersions (18) version 0, correlation id 7, null client id.
            stream.Write([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 255, 255]);
            var head = new byte[10];
            stream.ReadExactly(head);
            return head[7] == 7 && head[8] == 0 && head[9] == 0;
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            return false;
        }
    }

    /// <summary>Rewrites the properties file, for a start with other settings.</summary>
    public void WriteProperties(params (string Name, string Value)[] changes)
    {
        var properties = new Dictionary<string, string>(Roles)
        {
            ["log.dirs"] = DataFolder,
            ["offsets.topic.replication.factor"] = "1",
            ["offsets.topic.num.partitions"] = "4",
            ["transaction.state.log.replication.factor"] = "1",
            ["transaction.state.log.min.isr"] = "1",
            ["share.coordinator.state.topic.replication.factor"] = "1",
            ["share.coordinator.state.topic.min.isr"] = "1",
            ["group.initial.rebalance.delay.ms"] = "0",
        };
        foreach (var (name, value) in _options.Properties) properties[name] = value;
        foreach (var (name, value) in changes) properties[name] = value;
        File.WriteAllLines(PropertiesFile, properties.Select(property => $"{property.Key}={property.Value}"));
    }

    /// <summary>Who the server is, where it listens and where its metadata is.</summary>
    protected virtual IReadOnlyDictionary<string, string> Roles => new Dictionary<string, string>
    {
        ["process.roles"] = "broker,controller",
        ["node.id"] = "1",
        ["listeners"] = $"PLAINTEXT://127.0.0.1:{Port},CONTROLLER://127.0.0.1:{ControllerPort}",
        ["controller.quorum.bootstrap.servers"] = $"127.0.0.1:{ControllerPort}",
        ["controller.listener.names"] = "CONTROLLER",
    };

    protected abstract void Format();

    protected abstract ChildProcess Launch();
}
