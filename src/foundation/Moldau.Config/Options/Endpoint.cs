using System.Globalization;

namespace Moldau.Config;

/// <summary>How a listener is secured.</summary>
public enum SecurityProtocol : byte
{
    Plaintext = 0,
    Ssl = 1,
    SaslPlaintext = 2,
    SaslSsl = 3,
}

/// <summary>What a node is in its cluster.</summary>
[Flags]
public enum ProcessRoles : byte
{
    None = 0,
    Broker = 1,
    Controller = 2,
}

/// <summary>A listener: its name (upper case), where it listens or is reached, and how it is secured.</summary>
/// <param name="Host">Empty means all interfaces.</param>
public sealed record Endpoint(string ListenerName, string Host, int Port, SecurityProtocol Protocol)
{
    public override string ToString() =>
        $"{ListenerName}://{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}";

    /// <summary>Splits <c>NAME://host:port</c>; the host may be empty or an address in brackets.</summary>
    public static bool TrySplit(string text, out string name, out string host, out int port)
    {
        name = host = "";
        port = 0;
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int colon = text.LastIndexOf(':');
        if (scheme <= 0 || colon <= scheme) return false;
        name = text[..scheme].ToUpperInvariant();
        host = text[(scheme + 3)..colon];
        if (host.Length > 1 && host[0] == '[' && host[^1] == ']') host = host[1..^1];
        foreach (char c in host)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '%' or '.' or '_' or ':'))
                return false;
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.AllowLeadingSign, null, out port);
    }

    internal static bool TryParseProtocol(string text, out SecurityProtocol protocol)
    {
        protocol = text switch
        {
            "SSL" => SecurityProtocol.Ssl,
            "SASL_PLAINTEXT" => SecurityProtocol.SaslPlaintext,
            "SASL_SSL" => SecurityProtocol.SaslSsl,
            _ => SecurityProtocol.Plaintext,
        };
        return text is "PLAINTEXT" or "SSL" or "SASL_PLAINTEXT" or "SASL_SSL";
    }
}
