using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Turns a response message into a frame: length prefix, response header, body.</summary>
internal static class ResponseEncoder
{
    private const int PrefixBytes = 4;

    public static int HeaderBytes(ApiKey api, short version) =>
        ApiTable.Get(api).ResponseHeaderVersion(version) >= 1 ? 5 : 4;

    public static OutgoingFrame Encode(BufferPool pool, ApiKey api, short version, int correlationId, IMessage response)
    {
        int body = response.Size(version);
        int header = HeaderBytes(api, version);
        BufferLease lease = pool.Rent(PrefixBytes + header + body);
        Span<byte> bytes = lease.Span;
        BinaryPrimitives.WriteInt32BigEndian(bytes, header + body);
        WriteHeader(bytes[PrefixBytes..], api, version, correlationId);
        KafkaWriter writer = new(bytes[(PrefixBytes + header)..]);
        response.Write(ref writer, version);
        OutgoingFrame frame = new();
        frame.Add(lease, 0, lease.Length);
        return frame;
    }

    /// <summary>Header version 1 ends in an empty set of tagged fields.</summary>
    public static int WriteHeader(Span<byte> destination, ApiKey api, short version, int correlationId)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, correlationId);
        int size = HeaderBytes(api, version);
        if (size == 5) destination[4] = 0;
        return size;
    }
}
