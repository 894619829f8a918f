namespace Moldau.Cli.Tests;

/// <summary>A properties file as it lies in Kafka's distribution: combined roles, everything on its default ports.</summary>
internal static class ServerProperties
{
    public const string Common = """
        # The roles of this node.
        process.roles=broker,controller
        node.id=1
        controller.quorum.bootstrap.servers=localhost:9093
        listeners=PLAINTEXT://:9092,CONTROLLER://:9093
        inter.broker.listener.name=PLAINTEXT
        advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
        controller.listener.names=CONTROLLER
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
        num.network.threads=3
        num.io.threads=8
        socket.send.buffer.bytes=102400
        socket.receive.buffer.bytes=102400
        socket.request.max.bytes=104857600
        log.dirs=/var/lib/combined-logs
        num.partitions=1
        num.recovery.threads.per.data.dir=1
        offsets.topic.replication.factor=1
        share.coordinator.state.topic.replication.factor=1
        share.coordinator.state.topic.min.isr=1
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        #log.flush.interval.messages=10000
        log.retention.hours=168
        #log.retention.bytes=1073741824
        log.segment.bytes=1073741824
        log.retention.check.interval.ms=300000

        """;

    /// <summary>Writes the file as it is, with lines of the test behind it.</summary>
    public static string Write(string folder, params string[] more)
    {
        string path = Path.Combine(folder, "server.properties");
        File.WriteAllText(path, Common + string.Join('\n', more) + "\n");
        return path;
    }

    /// <summary>Flags that give the node ports and a folder of the test's own.</summary>
    public static string[] Own(int port, int controllerPort, string data) =>
    [
        "--set", $"listeners=PLAINTEXT://localhost:{port},CONTROLLER://localhost:{controllerPort}",
        "--set", $"advertised.listeners=PLAINTEXT://localhost:{port},CONTROLLER://localhost:{controllerPort}",
        "--set", $"controller.quorum.bootstrap.servers=localhost:{controllerPort}",
        "--set", $"log.dirs={data}",
    ];
}
