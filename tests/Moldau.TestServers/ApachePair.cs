namespace Moldau.TestServers;

/// <summary>Two nodes of Apache Kafka 4.4.0 in one cluster, for what one node cannot show: partitions move, leaders change,
/// controllers get and lose votes. Access is guarded by rules, and whoever says no name may do everything; the first node
/// has two log directories.</summary>
public sealed class ApachePair : IDisposable
{
    private readonly ScratchFolder _scratch = new("pair");

    private ApachePair()
    {
        FirstDirs = [_scratch["first-a"], _scratch["first-b"]];
        First = new ApacheServer(new ServerOptions
        {
            DataFolder = FirstDirs[0],
            Properties = new Dictionary<string, string>(Guarded) { ["log.dirs"] = string.Join(',', FirstDirs) },
        });
        First.Start();
        (int port, int controllerPort) = FreePorts.Pair();
        Second = new ApacheServer(new ServerOptions
        {
            DataFolder = _scratch["second"],
            ShouldFormat = false,
            Ports = (port, controllerPort),
            Properties = new Dictionary<string, string>(Guarded)
            {
                ["node.id"] = "2",
                ["controller.quorum.bootstrap.servers"] = $"127.0.0.1:{First.ControllerPort}",
            },
        });
        string[] format = ["format", "-t", MetaProperty(First, "cluster.id"), "--no-initial-controllers", "-c", Second.PropertiesFile];
        KafkaTools.Run("storage", format, version: "4.4.0").Succeeded();
        Second.Start();
    }

    /// <summary>The only voter, and where the tests ask.</summary>
    public ApacheServer First { get; }

    public ApacheServer Second { get; }

    /// <summary>The log directories of the first node.</summary>
    public IReadOnlyList<string> FirstDirs { get; }

    /// <summary>What <c>quorum add</c> has to know of the second node.</summary>
    public string SecondDirectoryId => MetaProperty(Second, "directory.id");

    private static Dictionary<string, string> Guarded => new()
    {
        ["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ["super.users"] = "User:ANONYMOUS",
        ["allow.everyone.if.no.acl.found"] = "true",
    };

    /// <summary>Why it cannot run here, or null.</summary>
    public static string? WhyMissing => ApacheServer.WhyMissing;

    public static ApachePair Start() => new();

    public void Dispose()
    {
        Second.Dispose();
        First.Dispose();
        _scratch.Dispose();
    }

    private static string MetaProperty(ServerUnderTest server, string name) =>
        File.ReadLines(Path.Combine(server.DataFolder, "meta.properties"))
            .Single(l => l.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..].Replace("\\", "", StringComparison.Ordinal);
}
