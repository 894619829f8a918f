using System.Globalization;

namespace Moldau.Config;

/// <summary>A host name or address and a port.</summary>
public readonly record struct HostPort(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c> and <c>[ipv6]:port</c>.</summary>
    public static bool TryParse(string text, out HostPort value)
    {
        value = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0) return false;
        string host = text[..colon];
        if (host.Length > 1 && host[0] == '[' && host[^1] == ']') host = host[1..^1];
        foreach (char c in host)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '%'))
                return false;
        if (host.Length == 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, null, out int port)
            || port > 65535) return false;
        value = new HostPort(host, port);
        return true;
    }

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>A voter as <c>controller.quorum.voters</c> names it.</summary>
public readonly record struct QuorumVoter(int Id, HostPort Address)
{
    public static bool TryParse(string text, out QuorumVoter value)
    {
        value = default;
        int at = text.IndexOf('@');
        if (at <= 0 || !int.TryParse(text.AsSpan(0, at), NumberStyles.None, null, out int id)
            || !HostPort.TryParse(text[(at + 1)..], out HostPort address)) return false;
        value = new QuorumVoter(id, address);
        return true;
    }

    public override string ToString() => $"{Id}@{Address}";
}
