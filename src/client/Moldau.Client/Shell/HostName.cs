using System.Net;

namespace Moldau.Client;

/// <summary>The addresses of a host's name, for who waits for them.</summary>
internal static class HostName
{
    /// <summary>Addresses as they are written, and those of this machine (RFC 6761), are known without a resolver, which has to
    /// be loaded first.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be resolved.</exception>
    /// <exception cref="ArgumentException">No host can have the name.</exception>
    public static IPAddress[] AddressesOf(string host)
    {
        if (host == "localhost") return [IPAddress.Loopback, IPAddress.IPv6Loopback];
        return IPAddress.TryParse(host, out IPAddress? address) ? [address] : Dns.GetHostAddresses(host);
    }
}
