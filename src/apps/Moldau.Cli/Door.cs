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
            try
            {
                return new OpenConnection(address, Connect(address, patienceMs, cancel));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or ArgumentException)
            {
                cancel.ThrowIfCancellationRequested();
                refused(address, (error as SocketException)?.SocketErrorCode switch
                {
                    SocketError.TimedOut => "no answer in time",
                    SocketError.ConnectionRefused => "connection refused",
                    _ => error.Message,
                });
            }
        }

        return null;
    }

    /// <summary>True where a client of the caller's thread can speak as these settings want it.</summary>
    public static bool Fits(ClientSettings settings) =>
        !settings.Security.UsesTls && settings.Security is not { UsesSasl: true, Sasl.Mechanism: SaslMechanism.OAuthBearer };

    private static Socket Connect(BrokerAddress address, int patienceMs, CancellationToken cancel)
    {
        IPAddress[] hosts = HostName.AddressesOf(address.Host);
        for (int i = 0; ; i++)
        {
            Socket door = new(hosts[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            using CancellationTokenRegistration giveUp = cancel.Register(static socket => ((Socket)socket!).Dispose(), door);
            try
            {
                // It bounds the connection too.
                door.SendTimeout = patienceMs;
                door.NoDelay = true;
                door.Connect(new IPEndPoint(hosts[i], address.Port));
                return door;
            }
            catch (SocketException) when (i + 1 < hosts.Length && !cancel.IsCancellationRequested)
            {
                door.Dispose();
            }
            catch
            {
                door.Dispose();
                throw;
            }
        }
    }
}
