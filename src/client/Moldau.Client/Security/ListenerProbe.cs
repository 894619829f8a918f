using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Moldau.Client;

/// <summary>What a port turned out to be.</summary>
internal enum ListenerKind
{
    /// <summary>It told nothing.</summary>
    Unknown,

    Plaintext,
    Tls,

    /// <summary>Plaintext, and SASL is wanted.</summary>
    Sasl,
}

/// <summary>Asks a broker that hung up on us what its listener speaks, so that the error can name the setting that is
/// wrong. A plain listener answers SaslHandshake: with ILLEGAL_SASL_STATE where it wants none, with its mechanisms where it
/// does. A TLS listener ends a handshake. Nothing secret is sent.</summary>
internal static class ListenerProbe
{
    private const int MostBytes = 1 << 16;
    private const short UnsupportedMechanism = 33;

    /// <summary>SaslHandshake (17) version 1, correlation id 7, client id null, a mechanism that nobody has.</summary>
    private static readonly byte[] _handshake = [0, 0, 0, 13, 0, 17, 0, 1, 0, 0, 0, 7, 255, 255, 0, 1, (byte)'?'];

    /// <summary>ApiVersions (18) version 0, for brokers that know nothing of SASL and hang up.</summary>
    private static readonly byte[] _versions = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 255, 255];

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    public static async Task<(ListenerKind Kind, string Mechanisms)> AskAsync(
        BrokerAddress address, Func<CancellationToken, Task<Socket>> connect, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_patience);
        try
        {
            foreach (byte[] question in (byte[][])[_handshake, _versions])
            {
                using Socket plain = await connect(limit.Token).ConfigureAwait(false);
                if (await AskPlainAsync(plain, question, limit.Token).ConfigureAwait(false) is { } answer) return answer;
            }

            using Socket encrypted = await connect(limit.Token).ConfigureAwait(false);
            return (await IsTlsAsync(encrypted, address.Host, limit.Token).ConfigureAwait(false)
                ? ListenerKind.Tls
                : ListenerKind.Unknown, "");
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            return (ListenerKind.Unknown, "");
        }
    }

    private static async Task<(ListenerKind Kind, string Mechanisms)?> AskPlainAsync(
        Socket socket, byte[] question, CancellationToken cancel)
    {
        try
        {
            await using NetworkStream stream = new(socket);
            await stream.WriteAsync(question, cancel).ConfigureAwait(false);
            byte[] head = new byte[10];
            await stream.ReadExactlyAsync(head, cancel).ConfigureAwait(false);
            int size = BinaryPrimitives.ReadInt32BigEndian(head);
            if (size < 6 || size > MostBytes || BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)) != 7) return null;
            bool isAboutSasl = question == _handshake;
            if (!isAboutSasl || BinaryPrimitives.ReadInt16BigEndian(head.AsSpan(8)) != UnsupportedMechanism) return (ListenerKind.Plaintext, "");
            byte[] rest = new byte[size - 6];
            await stream.ReadExactlyAsync(rest, cancel).ConfigureAwait(false);
            return (ListenerKind.Sasl, Names(rest));
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return null;
        }
    }

    private static string Names(ReadOnlySpan<byte> array)
    {
        List<string> names = [];
        if (array.Length < 4) return "";
        int left = BinaryPrimitives.ReadInt32BigEndian(array);
        array = array[4..];
        for (; left > 0 && array.Length >= 2; left--)
        {
            int length = BinaryPrimitives.ReadInt16BigEndian(array);
            if (length < 0 || array.Length < 2 + length) break;
            names.Add(Encoding.UTF8.GetString(array.Slice(2, length)));
            array = array[(2 + length)..];
        }

        return string.Join(", ", names);
    }

    private static async Task<bool> IsTlsAsync(Socket socket, string host, CancellationToken cancel)
    {
        bool hasShownCertificate = false;
        await using NetworkStream stream = new(socket);
#pragma warning disable CA5359 // nothing is sent on this link: only whether a certificate comes is looked at
        await using SslStream tls = new(stream, false, (_, certificate, _, _) => hasShownCertificate = certificate is not null);
#pragma warning restore CA5359
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, cancel)
                .ConfigureAwait(false);
        }
        catch (Exception error) when (error is System.Security.Authentication.AuthenticationException or IOException)
        {
            // A listener that asks for our certificate shows its own before it hangs up.
        }

        return hasShownCertificate;
    }
}
