using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Moldau.Transport;

/// <summary>struct sockaddr_in and sockaddr_in6 as bytes.</summary>
internal static class SocketAddress
{
    internal const int MaxBytes = 28;
    internal const int FamilyV4 = 2;
    internal const int FamilyV6 = 10;
    private const int V4Bytes = 16;

    internal static int FamilyOf(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 ? FamilyV6 : FamilyV4;

    /// <summary>Fills the buffer and returns how many bytes of it count.</summary>
    internal static int Write(IPAddress address, int port, Span<byte> buffer)
    {
        buffer.Clear();
        int family = FamilyOf(address);
        BitConverter.TryWriteBytes(buffer, (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)port);
        if (family == FamilyV4)
        {
            address.TryWriteBytes(buffer[4..], out _);
            return V4Bytes;
        }

        address.TryWriteBytes(buffer[8..], out _);
        BitConverter.TryWriteBytes(buffer[24..], (uint)address.ScopeId);
        return MaxBytes;
    }

    internal static IPEndPoint Read(ReadOnlySpan<byte> buffer)
    {
        int port = BinaryPrimitives.ReadUInt16BigEndian(buffer[2..]);
        if (BitConverter.ToUInt16(buffer) == FamilyV4) return new IPEndPoint(new IPAddress(buffer.Slice(4, 4)), port);
        IPAddress address = new(buffer.Slice(8, 16), BitConverter.ToUInt32(buffer[24..]));
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
    }
}
