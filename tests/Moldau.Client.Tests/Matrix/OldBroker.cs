using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Matrix;

/// <summary>Stands between the client and a newer broker that still knows all versions of an older one, and lets through what
/// the older one would have understood: it answers ApiVersions from the older one's table, and closes the connection, as
/// that one would, on any version above it.</summary>
internal sealed class OldBroker : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IReadOnlyDictionary<short, short> _highest;
    private readonly ConcurrentBag<TcpClient> _open = [];

    public OldBroker(string release)
    {
        _highest = Read(release);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    /// <summary>Requests that the old broker would not have known.</summary>
    public ConcurrentQueue<string> Unknown { get; } = [];

    /// <summary>Takes connections, for the broker on that port.</summary>
    public void Serve(int behind) => _ = Task.Run(async () =>
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = ServeAsync(client, behind);
            }
        }
        catch (SocketException)
        {
            // Stopped.
        }
    });

    public void Dispose()
    {
        _listener.Stop();
        foreach (TcpClient open in _open) open.Dispose();
    }

    private async Task ServeAsync(TcpClient client, int behind)
    {
        using TcpClient near = client;
        using TcpClient far = new();
        _open.Add(near);
        _open.Add(far);
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, behind);
            near.NoDelay = far.NoDelay = true;
            Task answers = far.GetStream().CopyToAsync(near.GetStream());
            // Whoever hangs up behind a last request has sent it: the broker gets it, and then the end.
            Task<bool> requests = RequestsAsync(near.GetStream(), far.GetStream());
            if (await Task.WhenAny(requests, answers) != requests || !await requests) return;
            far.Client.Shutdown(SocketShutdown.Send);
            await answers;
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // One side has gone; the other follows.
        }
    }

    /// <summary>Lets requests through until the client hangs up (true) or asks for what the old broker had not (false).</summary>
    private async Task<bool> RequestsAsync(NetworkStream near, NetworkStream far)
    {
        byte[] length = new byte[4];
        while (true)
        {
            if (await near.ReadAtLeastAsync(length, length.Length, throwOnEndOfStream: false) < length.Length) return true;
            byte[] frame = new byte[4 + BinaryPrimitives.ReadInt32BigEndian(length)];
            length.CopyTo(frame, 0);
            await near.ReadExactlyAsync(frame.AsMemory(4));
            short key = BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(4));
            short version = BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(6));
            int correlation = BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(8));
            bool isKnown = _highest.TryGetValue(key, out short highest) && version <= highest;
            if (key == (short)ApiKey.ApiVersions)
            {
                byte[] answer = isKnown
                    ? Versions(version, ErrorCode.None, correlation)
                    : Versions(0, ErrorCode.UnsupportedVersion, correlation);
                await near.WriteAsync(answer);
            }
            else if (isKnown)
            {
                await far.WriteAsync(frame);
            }
            else
            {
                Unknown.Enqueue($"{(ApiKey)key} version {version}");
                return false;
            }
        }
    }

    private byte[] Versions(short version, ErrorCode error, int correlation)
    {
        ApiVersionsResponse answer = new() { ErrorCode = (short)error };
        foreach ((short key, short highest) in _highest)
            answer.ApiKeys.Add(new ApiVersionsResponse.ApiVersion { ApiKey = key, MinVersion = 0, MaxVersion = highest });
        ApiInfo api = ApiTable.Get(ApiKey.ApiVersions);
        byte[] frame = new byte[ResponseFrame.Size(api, answer, version)];
        ResponseFrame.Write(frame, api, correlation, answer, version);
        return frame;
    }

    private static SortedDictionary<short, short> Read(string release)
    {
        string line = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Matrix", "broker-versions.tsv"))
            .Single(l => l.StartsWith(release + '\t', StringComparison.Ordinal));
        return new(line.Split('\t')[1].Split(' ').Select(v => v.Split(':')).ToDictionary(
            v => short.Parse(v[0], CultureInfo.InvariantCulture), v => short.Parse(v[1], CultureInfo.InvariantCulture)));
    }
}
