using System.Net;

namespace Moldau.Client;

/// <summary>The addresses of a host's name. Those that are written, and those of this machine (RFC 6761), are known without a
/// resolver, which has to be loaded first.</summary>
internal static class HostName
{
    /// <summary>For who waits for them on the own thread.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be resolved.</exception>
    /// <exception cref="ArgumentException">No host can have the name.</exception>
    public static IPAddress[] AddressesOf(string host) => Known(host) ?? Dns.GetHostAddresses(host);

    /// <summary>As <see cref="AddressesOf"/>.</summary>
    public static Task<IPAddress[]> AddressesOfAsync(string host, CancellationToken cancel) =>
        Known(host) is { } known ? Task.FromResult(known) : Dns.GetHostAddressesAsync(host, cancel);

    private static IPAddress[]? Known(string host)
    {
        if (host == "localhost") return [IPAddress.Loopback, IPAddress.IPv6Loopback];
        return IPAddress.TryParse(host, out IPAddress? address) ? [address] : null;
    }
}
