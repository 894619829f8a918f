using System.Net.Sockets;
using System.Security.Authentication;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Why a link broke, in words that name the setting to change where one is wrong.</summary>
internal static class LinkTrouble
{
    private const byte TlsAlert = 0x15;
    private const byte TlsHandshake = 0x16;
    private const byte TlsMajor = 3;

    /// <summary>An exception of the socket or of TLS.</summary>
    public static LinkFailure Of(BrokerAddress address, Exception error, CertificateCheck check, SocketOptions options)
    {
        if (check.Problem is { } problem) return new LinkFailure($"{address}: {problem}", IsFinal: true);
        if (error is not AuthenticationException && error.InnerException is not AuthenticationException && !IsAlert(error))
            return new LinkFailure($"{address}: {error.Message}");
        return new LinkFailure($"{address}: the TLS handshake failed: {Innermost(error)}");
    }

    /// <summary>The broker asked for the client's certificate and hung up before its first answer. With TLS 1.3 the client
    /// takes the handshake for done by then, and not every broker says a last word.</summary>
    public static LinkFailure OfOurCertificate(BrokerAddress address, LinkFailure? known, SocketOptions options)
    {
        if (known is { IsFinal: true }) return known;
        string said = known is null ? "" : $" ({known.Text})";
        string text = options.Tls is { HasCertificate: true }
            ? $"{address} refused the TLS handshake with the client's certificate, ssl.keystore: does it trust who issued it?{said}"
            : $"{address} wants a client certificate: set ssl.keystore.location, or ssl.keystore.certificate.chain and "
                + $"ssl.keystore.key{said}";
        return new LinkFailure(text, IsFinal: true);
    }

    /// <summary>Bytes that are no answer of a Kafka broker.</summary>
    public static LinkFailure OfStrangeBytes(BrokerAddress address, ReadOnlySpan<byte> bytes, int size, SocketOptions options)
    {
        if (options.Tls is null && bytes is [TlsAlert or TlsHandshake, TlsMajor, ..]) return SpeaksTls(address, options);
        string text = bytes.StartsWith("HTTP"u8)
            ? $"{address} speaks HTTP, not Kafka: is the port right?"
            : $"{address} claims an answer of {size} bytes: it does not speak Kafka, or the answer is too large";
        return new LinkFailure(text, IsFinal: true);
    }

    /// <summary>Asks the listener what it speaks, after it hung up on us early.</summary>
    public static async Task<LinkFailure?> AskAsync(
        BrokerAddress address,
        LinkFailure? known,
        SocketOptions options,
        Func<CancellationToken, Task<Socket>> connect,
        long framesReceived)
    {
        // A SASL exchange has its own errors; a TLS link that was answered is what it should be.
        bool isStrange = options.Tls is not null || options.Security.UsesSasl ? framesReceived == 0 : framesReceived <= 1;
        if (!isStrange) return known;
        (ListenerKind kind, string mechanisms) =
            await ListenerProbe.AskAsync(address, connect, CancellationToken.None).ConfigureAwait(false);
        return kind switch
        {
            ListenerKind.Tls when options.Tls is null => SpeaksTls(address, options),
            ListenerKind.Plaintext when options.Tls is not null => SpeaksPlaintext(address, "PLAINTEXT"),
            ListenerKind.Sasl when options.Tls is not null => SpeaksPlaintext(address, "SASL_PLAINTEXT"),
            ListenerKind.Sasl when !options.Security.UsesSasl => new LinkFailure(
                $"{address} wants SASL ({mechanisms}): set security.protocol=SASL_PLAINTEXT and sasl.mechanism",
                IsFinal: true, ErrorCode.IllegalSaslState),
            _ => known,
        };
    }

    private static LinkFailure SpeaksTls(BrokerAddress address, SocketOptions options) => new(
        $"{address} speaks TLS, the client does not: set security.protocol={(options.Security.UsesSasl ? "SASL_SSL" : "SSL")}",
        IsFinal: true);

    private static LinkFailure SpeaksPlaintext(BrokerAddress address, string protocol) => new(
        $"{address} answers in plaintext where TLS was expected: set security.protocol={protocol}", IsFinal: true);

    /// <summary>TLS 1.3 lets the client be done before the broker looked at its certificate: the refusal comes with the first
    /// read.</summary>
    private static bool IsAlert(Exception error) => Innermost(error).Contains("alert", StringComparison.OrdinalIgnoreCase);

    private static string Innermost(Exception error)
    {
        while (error.InnerException is { } inner) error = inner;
        return error.Message;
    }
}
