using System.Net;
using System.Net.Sockets;
using Moldau.Client;

namespace Moldau.Cli;

/// <summary>Knocks at the brokers that were named. The client tries again until its time is over; a person who mistyped an
/// address, or did not start the node, wants to know at once. It waits for one connection on the caller's thread: what is
/// awaited, and every timer, costs milliseconds at each start, of code that cannot be compiled ahead.</summary>
internal static class Door
{
    /// <summary>A connection to the first broker that answers; null where none does.</summary>
    /// <param name="refused">Told of each broker that cannot be reached, and why.</param>
    public static OpenConnection? Open(
        IReadOnlyList<BrokerAddress> addresses, TimeSpan timeout, CancellationToken cancel, Action<BrokerAddress, string> refused)
    {
        int patienceMs = (int)Math.Min(timeout.TotalMilliseconds, int.MaxValue);
        for (int i = 0; i < addresses.Count; i++)
        {
            BrokerAddress address = addresses[i];
            // The name of this machine (RFC 6761) is told without a resolver; where only another of its addresses listens, that
            // is found below.
            if (address.Host == "localhost" && TryConnect(
                () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
                socket => socket.Connect(new IPEndPoint(IPAddress.Loopback, address.Port)),
                patienceMs, cancel) is (Socket near, _)) return new OpenConnection(address, near);
            (Socket? door, SocketException? error) = TryConnect(
                () => new Socket(SocketType.Stream, ProtocolType.Tcp),
                socket => socket.Connect(address.Host, address.Port),
                patienceMs, cancel);
            if (door is not null) return new OpenConnection(address, door);
            refused(address, error!.SocketErrorCode switch
            {
                SocketError.TimedOut => "no answer in time",
                SocketError.ConnectionRefused => "connection refused",
                _ => error.Message,
            });
        }

        return null;
    }

    /// <summary>True where a client of the caller's thread can speak as these settings want it.</summary>
    public static bool Fits(ClientSettings settings) =>
        !settings.Security.UsesTls && settings.Security is not { UsesSasl: true, Sasl.Mechanism: SaslMechanism.OAuthBearer };

    private static (Socket? Door, SocketException? Error) TryConnect(
        Func<Socket> make, Action<Socket> connect, int patienceMs, CancellationToken cancel)
    {
        Socket door = make();
        using CancellationTokenRegistration giveUp = cancel.Register(static socket => ((Socket)socket!).Dispose(), door);
        try
        {
            // It bounds the connection too.
            door.SendTimeout = patienceMs;
            door.NoDelay = true;
            connect(door);
            return (door, null);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            door.Dispose();
            cancel.ThrowIfCancellationRequested();
            return (null, error as SocketException ?? new SocketException((int)SocketError.OperationAborted));
        }
    }
}
