using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Moldau.Runtime;

/// <summary>Addresses as Java writes them: what group descriptions and logs of Kafka show of a client.</summary>
internal static class JavaAddress
{
    private const int Groups = 8;

    /// <summary>IPv6 as eight groups in hexadecimal without leading zeros, none left out (::1 is 0:0:0:0:0:0:0:1), then
    /// the scope if there is one; IPv4 as usual.</summary>
    internal static string Format(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        Span<byte> bytes = stackalloc byte[2 * Groups];
        address.TryWriteBytes(bytes, out _);
        StringBuilder text = new(40);
        for (int i = 0; i < Groups; i++)
        {
            if (i > 0) text.Append(':');
            text.Append(CultureInfo.InvariantCulture, $"{BinaryPrimitives.ReadUInt16BigEndian(bytes[(2 * i)..]):x}");
        }

        if (address.ScopeId != 0) text.Append(CultureInfo.InvariantCulture, $"%{address.ScopeId}");
        return text.ToString();
    }
}
