using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Probing;

/// <summary>What answers at an address.</summary>
internal enum Speaker
{
    /// <summary>Kafka's protocol, without encryption.</summary>
    Kafka,

    /// <summary>Something that begins with a TLS handshake.</summary>
    Tls,

    /// <summary>A web server.</summary>
    Http,

    /// <summary>A connection that is closed without an answer.</summary>
    Silent,

    /// <summary>Something else.</summary>
    Other,
}

/// <summary>One connection to a broker, below the client: for looking at what is wrong with it.</summary>
internal sealed class WireProbe : IDisposable
{
    private const int MaxAnswerBytes = 16 << 20;
    private const string ClientId = "moldau-doctor";

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private int _correlation;

    private WireProbe(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket);
    }

    /// <summary>A connection; throws what the socket throws.</summary>
    public static async Task<WireProbe> OpenAsync(BrokerAddress address, CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancel).ConfigureAwait(false);
            return new WireProbe(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks for the versions in plain text, and looks at what comes back.</summary>
    public async Task<(Speaker Speaker, ApiVersionsResponse? Versions)> GreetAsync(CancellationToken cancel)
    {
        try
        {
            await SendAsync(ApiKey.ApiVersions, 0, new ApiVersionsRequest(), cancel).ConfigureAwait(false);
            byte[] head = new byte[4];
            int read = await _stream.ReadAtLeastAsync(head, head.Length, false, cancel).ConfigureAwait(false);
            if (read == 0) return (Speaker.Silent, null);
            // A TLS alert or handshake record begins with its type and version 3; text with an HTTP status.
            if (head[0] is 0x15 or 0x16 && head[1] == 3) return (Speaker.Tls, null);
            if (head.AsSpan().SequenceEqual("HTTP"u8)) return (Speaker.Http, null);
            int length = BinaryPrimitives.ReadInt32BigEndian(head);
            if (length is < 4 or > MaxAnswerBytes) return (Speaker.Other, null);
            byte[] body = new byte[length];
            await _stream.ReadExactlyAsync(body, cancel).ConfigureAwait(false);
            KafkaReader reader = new(body.AsSpan(4));
            ApiVersionsResponse answer = ApiVersionsResponse.Read(ref reader, 0);
            return reader.Failed ? (Speaker.Other, null) : (Speaker.Kafka, answer);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            return (Speaker.Silent, null);
        }
    }

    /// <summary>One request, one answer; null where the answer cannot be read.</summary>
    public async Task<TResponse?> AskAsync<TResponse>(ApiKey api, short version, IMessage request, CancellationToken cancel)
        where TResponse : class, IMessage<TResponse>
    {
        await SendAsync(api, version, request, cancel).ConfigureAwait(false);
        byte[] head = new byte[4];
        await _stream.ReadExactlyAsync(head, cancel).ConfigureAwait(false);
        int length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 4 or > MaxAnswerBytes) return null;
        byte[] body = new byte[length];
        await _stream.ReadExactlyAsync(body, cancel).ConfigureAwait(false);
        KafkaReader reader = new(body);
        _ = ResponseHeader.Read(ref reader, ApiTable.Get(api).ResponseHeaderVersion(version));
        TResponse answer = TResponse.Read(ref reader, version);
        return reader.Failed ? null : answer;
    }

    /// <summary>Whether TLS can be spoken there: null where it can, without looking at the certificate's name; else why
    /// not.</summary>
    public static async Task<string?> TryTlsAsync(BrokerAddress address, CancellationToken cancel)
    {
        try
        {
            using WireProbe probe = await OpenAsync(address, cancel).ConfigureAwait(false);
            using SslStream tls = new(probe._stream);
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = address.Host,
                    // Only whether it is TLS is asked here; nothing is sent over it.
                    RemoteCertificateValidationCallback = static (_, _, _, _) => true,
                },
                cancel).ConfigureAwait(false);
            return null;
        }
        catch (Exception error) when (error is IOException or SocketException or AuthenticationException)
        {
            return error.Message;
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private async Task SendAsync(ApiKey api, short version, IMessage request, CancellationToken cancel)
    {
        ApiInfo info = ApiTable.Get(api);
        byte[] frame = new byte[RequestFrame.Size(info, version, ClientId, request)];
        RequestFrame.Write(frame, info, version, ++_correlation, ClientId, request);
        await _stream.WriteAsync(frame, cancel).ConfigureAwait(false);
    }
}
