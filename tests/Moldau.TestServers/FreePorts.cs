using System.Net;
using System.Net.Sockets;

namespace Moldau.TestServers;

/// <summary>
/// Ports for servers that want them before they start. No port is given out twice by one process, and all are below
/// those that systems give to outgoing connections (Linux from 32,768, others from 49,152): a port that was asked of
/// the system and let go may be given to the next who asks, long before the server has it.
/// </summary>
public static class FreePorts
{
    private const int Lowest = 10_240;
    private const int Count = 20_000;

    private static readonly Lock Gate = new();
    private static readonly int Start = Random.Shared.Next(Count);
    private static int _given;

    /// <summary>A port that nothing listens on.</summary>
    public static int Take() => TakeRow(1);

    /// <summary>Two ports that nothing listens on.</summary>
    public static (int First, int Second) Pair() => (Take(), Take());

    /// <summary>A port whose follower is free as well, as <c>dev --port</c> wants it.</summary>
    public static int TakeTwoInARow() => TakeRow(2);

    private static int TakeRow(int length)
    {
        lock (Gate)
        {
            while (_given + length <= Count)
            {
                int first = Lowest + (Start + _given++) % Count;
                if (!Enumerable.Range(first, length).All(IsFree)) continue;
                _given += length - 1;
                return first;
            }
        }

        throw new InvalidOperationException($"all {Count:N0} ports from {Lowest:N0} on were given out or are taken");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener probe = new(IPAddress.Any, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
