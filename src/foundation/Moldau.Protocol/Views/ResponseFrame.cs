using System.Buffers.Binary;

namespace Moldau.Protocol;

/// <summary>The endpoint of a leader that the client may not know yet.</summary>
public readonly record struct LeaderEndpoint(int NodeId, string Host, int Port, string? Rack);

/// <summary>A leader and its epoch, -1 for each where it is not given.</summary>
public readonly record struct LeaderAndEpoch(int LeaderId, int LeaderEpoch)
{
    public static readonly LeaderAndEpoch None = new(-1, -1);

    internal void Write(ref KafkaWriter writer)
    {
        writer.WriteInt32(LeaderId);
        writer.WriteInt32(LeaderEpoch);
        writer.WriteTaggedFields(null);
    }
}

/// <summary>Frames that carry a whole response: length prefix, header and message.</summary>
public static class ResponseFrame
{
    /// <summary>Bytes before the frame's content.</summary>
    public const int LengthPrefix = 4;

    public static int Size(ApiInfo api, IMessage response, short version) =>
        LengthPrefix + HeaderSize(api, version) + response.Size(version);

    /// <summary>Fills a buffer of exactly <see cref="Size"/> bytes.</summary>
    public static void Write(Span<byte> buffer, ApiInfo api, int correlationId, IMessage response, short version)
    {
        var writer = new KafkaWriter(buffer);
        Begin(ref writer, correlationId, api.ResponseHeaderVersion(version) >= 1);
        response.Write(ref writer, version);
        BinaryPrimitives.WriteInt32BigEndian(buffer, writer.Position - LengthPrefix);
    }

    /// <summary>The receiver's side: reads the header of a response frame without its length prefix, and leaves the
    /// reader before the message.</summary>
    public static int ReadHeader(ref KafkaReader reader, ApiInfo api, short version)
    {
        int correlationId = reader.ReadInt32();
        if (api.ResponseHeaderVersion(version) >= 1) reader.SkipTaggedFields();
        return correlationId;
    }

    public static int HeaderSize(ApiInfo api, short version) => api.ResponseHeaderVersion(version) >= 1 ? 5 : 4;

    /// <summary>Leaves the length prefix empty and writes the response header.</summary>
    internal static void Begin(ref KafkaWriter writer, int correlationId, bool flexible)
    {
        writer.WriteInt32(0);
        writer.WriteInt32(correlationId);
        if (flexible) writer.WriteTaggedFields(null);
    }

    internal static void WriteEndpoints(ref KafkaWriter writer, bool has, ReadOnlySpan<LeaderEndpoint> endpoints)
    {
        var tags = new TaggedSection(ref writer, null);
        if (has && endpoints.Length > 0)
        {
            tags.Begin(ref writer, 0);
            writer.WriteArrayLength(endpoints.Length, flexible: true);
            foreach (LeaderEndpoint endpoint in endpoints)
            {
                writer.WriteInt32(endpoint.NodeId);
                writer.WriteString(endpoint.Host, flexible: true);
                writer.WriteInt32(endpoint.Port);
                writer.WriteNullableString(endpoint.Rack, flexible: true);
                writer.WriteTaggedFields(null);
            }

            tags.End(ref writer);
        }

        tags.Close(ref writer);
    }
}
