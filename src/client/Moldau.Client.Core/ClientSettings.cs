using Moldau.Base;

namespace Moldau.Client;

/// <summary>What all parts of a client share. Names and defaults are those of Kafka's clients.</summary>
public sealed record ClientSettings
{
    /// <summary><c>bootstrap.servers</c>: where to ask first.</summary>
    public required IReadOnlyList<BrokerAddress> BootstrapServers { get; init; }

    /// <summary><c>client.id</c>: the name in the brokers' logs, metrics and quotas.</summary>
    public string ClientId { get; init; } = "moldau";

    /// <summary><c>client.rack</c>: the consumer's rack, empty for none (KIP-392).</summary>
    public string Rack { get; init; } = "";

    /// <summary><c>request.timeout.ms</c>: how long a broker may take for an answer before the link counts as
    /// dead.</summary>
    public Duration RequestTimeout { get; init; } = Duration.FromSeconds(30);

    /// <summary><c>default.api.timeout.ms</c>: how long an operation may take in all, retries included.</summary>
    public Duration ApiTimeout { get; init; } = Duration.FromSeconds(60);

    /// <summary><c>retry.backoff.ms</c>, doubled with each attempt up to <see cref="RetryBackoffMax"/> (KIP-580).</summary>
    public Duration RetryBackoff { get; init; } = Duration.FromMs(100);

    /// <summary><c>retry.backoff.max.ms</c></summary>
    public Duration RetryBackoffMax { get; init; } = Duration.FromSeconds(1);

    /// <summary><c>reconnect.backoff.ms</c>, doubled with each failure up to <see cref="ReconnectBackoffMax"/>.</summary>
    public Duration ReconnectBackoff { get; init; } = Duration.FromMs(50);

    /// <summary><c>reconnect.backoff.max.ms</c></summary>
    public Duration ReconnectBackoffMax { get; init; } = Duration.FromSeconds(1);

    /// <summary><c>socket.connection.setup.timeout.ms</c></summary>
    public Duration ConnectTimeout { get; init; } = Duration.FromSeconds(10);

    /// <summary><c>connections.max.idle.ms</c></summary>
    public Duration MaxIdle { get; init; } = Duration.FromMs(540_000);

    /// <summary><c>metadata.max.age.ms</c></summary>
    public Duration MetadataMaxAge { get; init; } = Duration.FromMs(300_000);

    /// <summary><c>metadata.recovery.rebootstrap.trigger.ms</c>: without any metadata for so long, the client begins
    /// again at the bootstrap servers (KIP-899, KIP-1102).</summary>
    public Duration RebootstrapAfter { get; init; } = Duration.FromMs(300_000);

    /// <summary>Encryption and authentication; by default neither.</summary>
    public SecurityOptions Security { get; init; } = new();

    /// <summary><c>send.buffer.bytes</c> of the sockets; −1 leaves it to the system.</summary>
    public int SendBufferBytes { get; init; } = -1;

    /// <summary><c>receive.buffer.bytes</c> of the sockets; −1 leaves it to the system.</summary>
    public int ReceiveBufferBytes { get; init; } = -1;

    /// <summary>The largest answer that is read, in bytes; a larger claim closes the link.</summary>
    public int MaxFrameBytes { get; init; } = 128 << 20;
}
