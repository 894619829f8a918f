namespace Moldau.Config;

// Listeners, sockets, requests, metrics and plug-ins.
public sealed partial class BrokerConfig
{
    private const int MostBacklog = 4096;

    public int BackgroundThreads { get; } = values.Int("background.threads");

    public long ConnectionsMaxIdleMs { get; } = values.Long("connections.max.idle.ms");

    public int FetchMaxBytes { get; } = values.Int("fetch.max.bytes");

    public int MaxConnectionCreationRate { get; } = values.Int("max.connection.creation.rate");

    public int MaxConnections { get; } = values.Int("max.connections");

    public int MaxConnectionsPerIp { get; } = values.Int("max.connections.per.ip");

    public int MaxIncrementalFetchSessionCacheSlots { get; } = values.Int("max.incremental.fetch.session.cache.slots");

    public int MaxRequestPartitionSizeLimit { get; } = values.Int("max.request.partition.size.limit");

    public long QueuedMaxRequestBytes { get; } = values.Long("queued.max.request.bytes");

    public int QueuedMaxRequests { get; } = values.Int("queued.max.requests");

    public int RequestTimeoutMs { get; } = values.Int("request.timeout.ms");

    /// <summary>Kafka's default of 50 stands for as many as the system allows: a connection that finds the queue full waits a
    /// second before it asks again.</summary>
    public int SocketListenBacklogSize =>
        set.ContainsKey("socket.listen.backlog.size") ? Values.Int("socket.listen.backlog.size") : MostBacklog;

    /// <summary>-1 leaves the size to the system, and so does Kafka's default: a buffer that grows with what comes costs
    /// a fifth less processor time than one of 100 KiB.</summary>
    public int SocketReceiveBufferBytes =>
        set.ContainsKey("socket.receive.buffer.bytes") ? Values.Int("socket.receive.buffer.bytes") : -1;

    public int SocketRequestMaxBytes { get; } = values.Int("socket.request.max.bytes");

    public int SocketSendBufferBytes { get; } = values.Int("socket.send.buffer.bytes");
}
