using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Moldau.TestServers.Wire;

/// <summary>One connection that sends requests given as JSON, or any bytes, and reads what comes back.</summary>
public sealed class WireClient : IDisposable
{
    public const string ClientId = "probe";
    private readonly TcpClient _client = new() { NoDelay = true, ReceiveTimeout = 8_000, SendTimeout = 15_000 };
    private readonly NetworkStream _stream;
    private int _correlationId;

    /// <param name="port">Where the server listens.</param>
    /// <param name="address">On which address; without one that of localhost in IPv4.</param>
    public WireClient(int port, IPAddress? address = null)
    {
        _client.Connect(address ?? IPAddress.Loopback, port);
        _stream = _client.GetStream();
    }

    /// <summary>
    /// Sends a request and returns the decoded answer; null when the server closed the connection instead.
    /// </summary>
    public JsonObject? Ask(string api, int version, JsonObject body)
    {
        Send(Frame(api, version, body));
        return ReadAnswer(api, version);
    }

    /// <summary>A whole request with its size in front.</summary>
    public byte[] Frame(string api, int version, JsonObject body, string? clientId = ClientId)
    {
        var definition = WireSchema.Apis[api];
        return Frame(
            definition.Key, (short)version, definition.Request.FlexibleIn.Has(version),
            WireWriter.Write(definition.Request, version, body), clientId);
    }

    /// <summary>A request with a header of the wanted form around any body.</summary>
    public byte[] Frame(short key, short version, bool isFlexible, byte[] body, string? clientId = ClientId)
    {
        var id = clientId is null ? [] : Encoding.UTF8.GetBytes(clientId);
        var frame = new byte[4 + 10 + id.Length + (isFlexible ? 1 : 0) + body.Length];
        var span = frame.AsSpan();
        BinaryPrimitives.WriteInt32BigEndian(span, frame.Length - 4);
        BinaryPrimitives.WriteInt16BigEndian(span[4..], key);
        BinaryPrimitives.WriteInt16BigEndian(span[6..], version);
        BinaryPrimitives.WriteInt32BigEndian(span[8..], ++_correlationId);
        BinaryPrimitives.WriteInt16BigEndian(span[12..], (short)(clientId is null ? -1 : id.Length));
        id.CopyTo(span[14..]);
        body.CopyTo(span[^body.Length..]);
        return frame;
    }

    public void Send(byte[] bytes)
    {
        try
        {
            _stream.Write(bytes);
        }
        catch (IOException)
        {
            // The server has closed the connection already; the next read says so.
        }
    }

    /// <summary>Says that nothing more will be sent, as a client that ends does.</summary>
    public void FinishSending() => _client.Client.Shutdown(SocketShutdown.Send);

    public JsonObject? ReadAnswer(string api, int version)
    {
        if (ReadFrame() is not { } frame) return null;
        var response = WireSchema.Apis[api].Response;
        // ApiVersions alone keeps the old header, so that a client can read the answer to a version it only hoped for.
        var headerBytes = response.FlexibleIn.Has(version) && api != "ApiVersions" ? 5 : 4;
        var correlationId = BinaryPrimitives.ReadInt32BigEndian(frame);
        if (correlationId != _correlationId)
            throw new InvalidDataException($"answer {correlationId} came where {_correlationId} was due");
        return WireReader.Read(response, version, frame, headerBytes);
    }

    /// <summary>The next answer's bytes without its size; null when the server closed the connection.</summary>
    public byte[]? ReadFrame()
    {
        var size = new byte[4];
        if (!Fill(size)) return null;
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        return Fill(frame) ? frame : null;
    }

    /// <summary>True when nothing arrives and the connection stays open for that long.</summary>
    public bool IsSilent(TimeSpan duration) => !_client.Client.Poll(duration, SelectMode.SelectRead);

    public void Dispose() => _client.Dispose();

    private bool Fill(byte[] buffer)
    {
        try
        {
            return _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;
        }
        catch (IOException error) when (
            error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return false;
        }
    }
}
