using Moldau.Base;

namespace Moldau.Client;

/// <summary>Every property of Kafka's clients, once: what it sets, or why it sets nothing. Rows are applied in this
/// order.</summary>
internal static class PropertyTable
{
    /// <summary>Longer than any process runs.</summary>
    private static readonly Duration _forEver = Duration.FromSeconds(10L * 365 * 24 * 3600);

    public static IReadOnlyList<PropertyRow> Rows { get; } =
    [
        .. ClientRows(), .. SecurityRows.All(), .. ProducerRows.All(), .. ConsumerRows.All(), .. UnusedRows.All(),
    ];

    private static IEnumerable<PropertyRow> ClientRows() =>
    [
        PropertyRow.OfClient("bootstrap.servers", "BootstrapServers",
            (o, v) => o with { BootstrapServers = BrokerAddresses.Parse(v.Text) }, "metadata.broker.list"),
        PropertyRow.OfClient("client.id", "ClientId", (o, v) => o with { ClientId = v.Text }),
        PropertyRow.OfClient("client.rack", "Rack", (o, v) => o with { Rack = v.Text }, "ClientRack"),
        PropertyRow.OfClient("request.timeout.ms", "RequestTimeout", (o, v) => o with { RequestTimeout = v.Time }, "socket.timeout.ms"),
        PropertyRow.OfClient("default.api.timeout.ms", "ApiTimeout", (o, v) => o with { ApiTimeout = v.Time }),
        PropertyRow.OfClient("retry.backoff.ms", "RetryBackoff", (o, v) => o with { RetryBackoff = v.Time }),
        PropertyRow.OfClient("retry.backoff.max.ms", "RetryBackoffMax", (o, v) => o with { RetryBackoffMax = v.Time }),
        PropertyRow.OfClient("reconnect.backoff.ms", "ReconnectBackoff", (o, v) => o with { ReconnectBackoff = v.Time }),
        PropertyRow.OfClient("reconnect.backoff.max.ms", "ReconnectBackoffMax", (o, v) => o with { ReconnectBackoffMax = v.Time }),
        PropertyRow.OfClient("socket.connection.setup.timeout.ms", "ConnectTimeout", (o, v) => o with { ConnectTimeout = v.Time }),
        PropertyRow.OfClient("connections.max.idle.ms", "MaxIdle",
            (o, v) => o with { MaxIdle = v.Text.StartsWith('-') ? _forEver : v.Time }),
        PropertyRow.OfClient("metadata.max.age.ms", "MetadataMaxAge",
            (o, v) => o with { MetadataMaxAge = v.Time }, "topic.metadata.refresh.interval.ms"),
        PropertyRow.OfClient("metadata.recovery.rebootstrap.trigger.ms", "RebootstrapAfter", (o, v) => o with { RebootstrapAfter = v.Time }),
        PropertyRow.OfClient("metadata.recovery.strategy", "MetadataRecoveryStrategy",
            (o, v) => v.OneOf(("rebootstrap", o), ("none", o with { RebootstrapAfter = _forEver }))),
        PropertyRow.OfClient("send.buffer.bytes", "SendBufferBytes",
            (o, v) => o with { SendBufferBytes = v.Int(min: -1) }, "socket.send.buffer.bytes"),
        PropertyRow.OfClient("receive.buffer.bytes", "ReceiveBufferBytes",
            (o, v) => o with { ReceiveBufferBytes = v.Int(min: -1) }, "socket.receive.buffer.bytes"),
        PropertyRow.OfClient("receive.message.max.bytes", "MaxFrameBytes", (o, v) => o with { MaxFrameBytes = v.Int(min: 1000) }),
    ];
}
