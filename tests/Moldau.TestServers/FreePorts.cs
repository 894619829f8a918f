using System.Net;
using System.Net.Sockets;

namespace Moldau.TestServers;

public static class FreePorts
{
    /// <summary>A port that nothing listened on just now.</summary>
    public static int Take() => Pair().First;

    /// <summary>Two ports that nothing listened on just now, chosen by the system.</summary>
    public static (int First, int Second) Pair()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }
}
