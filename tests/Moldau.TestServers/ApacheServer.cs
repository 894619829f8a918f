namespace Moldau.TestServers;

/// <summary>Apache Kafka, run from its jars.</summary>
public sealed class ApacheServer(ServerOptions options) : ServerUnderTest(options)
{
    /// <summary>The id that the cluster's nodes are formatted with; a node by itself has one of its own.</summary>
    public string? ClusterId { get; init; }

    public override string Name => $"Apache Kafka {Options.Version}";

    /// <summary>Why there is no Apache server on this machine, or null when there is one.</summary>
    public static string? WhyMissing { get; } =
        Repository.KafkaHome is null
            ? "Apache Kafka is not here: neither a folder shared/peers/kafka above the repository nor KAFKA_HOME"
            : TestTools.Find("java") is null ? "Apache Kafka needs Java 17, and there is no java on the path" : null;

    protected override void Format() =>
        KafkaTools.Run(
            "storage",
            ClusterId is null
                ? ["format", "--standalone", "-t", RandomId(), "-c", PropertiesFile]
                : ["format", "-t", ClusterId, "-c", PropertiesFile],
            version: Options.Version).Succeeded();

    protected override ChildProcess Launch() =>
        ChildProcess.Start(
            KafkaTools.Launcher, ["-V", Options.Version, "server-start", PropertiesFile],
            new Dictionary<string, string> { ["HEAP"] = Options.Heap, ["LOG_LEVEL"] = "WARN" });
}
