using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

internal abstract partial class Machine
{
    private readonly Dictionary<ConnectionId, ConnectionState> _connections = [];

    // Whose waiting requests may perhaps begin.
    private readonly Queue<ConnectionState> _toBegin = new();

    public int ConnectionCount => _connections.Count;

    /// <summary>Requests that wait behind others of their connections.</summary>
    public int WaitingRequests { get; private set; }

    /// <summary>Error codes of all answers.</summary>
    public RequestErrors Errors { get; } = new();

    /// <summary>Walks the connections.</summary>
    public IReadOnlyList<ClientCount> CountClients() => ClientCount.Of(_connections.Values);

    /// <summary>Begins a request whose header is known. Must end in one of the context's completions, now or later.</summary>
    protected abstract void Dispatch(RequestContext request);

    /// <summary>The APIs served on the listener of this connection.</summary>
    protected abstract ApiRouter Router { get; }

    /// <summary>Whether the listener serves this API and version. An ApiVersions request of an unknown version is
    /// served too: its answer tells the client which versions there are (KIP-35).</summary>
    internal bool IsServed(short key, short version, out bool isUnsupportedApiVersions)
    {
        ApiKey api = (ApiKey)key;
        bool serves = Router.Serves(api, version);
        isUnsupportedApiVersions = !serves && api == ApiKey.ApiVersions;
        return serves || isUnsupportedApiVersions;
    }

    internal IReadOnlyList<ApiKey> ServedApis => Router.Served;

    internal short LowestVersion(ApiKey api) => Router.Lowest(api);

    internal short HighestVersion(ApiKey api) => Router.Highest(api);

    /// <summary>Sends what is ready; called when a request of the connection completes. Whoever completes it may be in the middle of
    /// changing what the next request is about (a coordinator that answers all members of a group): that one begins when the work
    /// under way is over.</summary>
    internal void Advance(ConnectionState connection)
    {
        if (connection.IsClosing) return;
        SendReady(connection);
        if (connection.Waiting.Count == 0)
        {
            MayResume(connection);
        }
        else if (!connection.IsToBegin)
        {
            connection.IsToBegin = true;
            _toBegin.Enqueue(connection);
        }
    }

    private void BeginWaiting()
    {
        while (_toBegin.TryDequeue(out ConnectionState? connection))
        {
            while (BeginNext(connection))
            {
            }

            connection.IsToBegin = false;
            MayResume(connection);
        }
    }

    private void MayResume(ConnectionState connection)
    {
        if (!connection.IsPaused || connection.IsClosing || connection.Pipelined > ConnectionState.MaxPipelined / 2) return;
        connection.IsPaused = false;
        Emit(NodeEffect.ResumeReads(connection.Id));
    }

    private void SendReady(ConnectionState connection)
    {
        while (connection.Started.TryPeek(out RequestContext? head) && head.IsComplete)
        {
            connection.Started.Dequeue();
            connection.HeldBytes -= head.FrameLength;
            if (head.EndsConnection)
            {
                CloseConnection(connection);
                return;
            }

            if (head.TakeResponse() is not { } frame) continue;
            frame.Stamp = new((int)head.Api, head.FrameLength, head.ReceivedAt.MonotonicNs, head.StartedAt.MonotonicNs);
            Emit(NodeEffect.Send(connection.Id, frame));
        }
    }

    private bool BeginNext(ConnectionState connection)
    {
        if (connection.IsClosing || !connection.Waiting.TryPeek(out RequestContext? next) || !MayBegin(connection, next))
            return false;
        connection.Waiting.Dequeue();
        WaitingRequests--;
        Begin(connection, next);
        return true;
    }

    protected virtual void ConnectionEnded(ConnectionState connection)
    {
    }

    private void OnConnected(ConnectionId id, ConnectionInfo info) => _connections.Add(id, new ConnectionState(id, info));

    private void OnDisconnected(ConnectionId id)
    {
        if (!_connections.Remove(id, out ConnectionState? connection)) return;
        bool wasClosing = connection.IsClosing;
        connection.IsClosing = true;
        if (!wasClosing) Forget(connection);
        ConnectionEnded(connection);
    }

    private void OnSendDrained(ConnectionId id)
    {
        if (_connections.TryGetValue(id, out ConnectionState? connection)) Advance(connection);
    }

    private void OnReceived(ConnectionId id, BufferLease lease, int start, int length)
    {
        if (!_connections.TryGetValue(id, out ConnectionState? connection) || connection.IsClosing)
        {
            lease.Release();
            return;
        }

        RequestContext? request = RequestContext.TryParse(this, connection, lease, start, length);
        if (request is null)
        {
            lease.Release();
            CloseConnection(connection);
            return;
        }

        connection.HeldBytes += length;
        if (connection.Waiting.Count == 0 && MayBegin(connection, request)) Begin(connection, request);
        else Wait(connection, request);
        if (connection.IsClosing || connection.IsPaused) return;
        if (connection.Pipelined < ConnectionState.MaxPipelined && connection.HeldBytes < Options.MaxHeldBytesPerConnection
            && WaitingRequests < Options.MaxWaitingRequests) return;
        connection.IsPaused = true;
        Emit(NodeEffect.PauseReads(connection.Id));
    }

    private void Wait(ConnectionState connection, RequestContext request)
    {
        connection.Waiting.Enqueue(request);
        WaitingRequests++;
    }

    private static bool MayBegin(ConnectionState connection, RequestContext next)
    {
        if (connection.Started.Count == 0) return true;
        if (next.Api != ApiKey.Produce || connection.Started.Count >= ConnectionState.MaxPipelined) return false;
        foreach (RequestContext started in connection.Started)
            if (started.Api != ApiKey.Produce) return false;
        return true;
    }

    private void Begin(ConnectionState connection, RequestContext request)
    {
        connection.Started.Enqueue(request);
        request.StartedAt = Now;
        request.IsUnderWay = true;
        Dispatch(request);
    }

    private void CloseConnection(ConnectionState connection)
    {
        if (connection.IsClosing) return;
        connection.IsClosing = true;
        Forget(connection);
        Emit(NodeEffect.Close(connection.Id));
    }

    private void Forget(ConnectionState connection)
    {
        WaitingRequests -= connection.Waiting.Count;
        foreach (RequestContext request in connection.Started) request.Abandon();
        foreach (RequestContext request in connection.Waiting) request.Abandon();
        connection.Started.Clear();
        connection.Waiting.Clear();
    }
}
