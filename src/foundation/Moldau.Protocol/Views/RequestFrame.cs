using System.Buffers.Binary;

namespace Moldau.Protocol;

/// <summary>Frames that carry a whole request, as a client or another node sends it: length prefix, header, message.</summary>
public static class RequestFrame
{
    public static int Size(ApiInfo api, short version, string? clientId, IMessage request) =>
        ResponseFrame.LengthPrefix + Header(api, version, 0, clientId).Size(api.RequestHeaderVersion(version))
            + request.Size(version);

    /// <summary>Fills a buffer of exactly <see cref="Size"/> bytes.</summary>
    public static void Write(
        Span<byte> buffer, ApiInfo api, short version, int correlationId, string? clientId, IMessage request)
    {
        var writer = new KafkaWriter(buffer);
        writer.WriteInt32(0);
        Header(api, version, correlationId, clientId).Write(ref writer, api.RequestHeaderVersion(version));
        request.Write(ref writer, version);
        BinaryPrimitives.WriteInt32BigEndian(buffer, writer.Position - ResponseFrame.LengthPrefix);
    }

    private static RequestHeader Header(ApiInfo api, short version, int correlationId, string? clientId) => new()
    {
        RequestApiKey = (short)api.Key,
        RequestApiVersion = version,
        CorrelationId = correlationId,
        ClientId = clientId,
    };
}
