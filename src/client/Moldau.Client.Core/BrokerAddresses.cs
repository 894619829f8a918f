using System.Globalization;

namespace Moldau.Client;

/// <summary>Reads <c>bootstrap.servers</c>.</summary>
public static class BrokerAddresses
{
    /// <summary>Reads <c>host:port</c>, several with commas between them; IPv6 addresses stand in brackets. A scheme in
    /// front, such as <c>PLAINTEXT://</c>, is passed over.</summary>
    /// <exception cref="FormatException">It is no such list; the text says which part is wrong.</exception>
    public static IReadOnlyList<BrokerAddress> Parse(string text)
    {
        List<BrokerAddress> addresses = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int scheme = part.IndexOf("://", StringComparison.Ordinal);
            string address = scheme < 0 ? part : part[(scheme + 3)..];
            int colon = address.LastIndexOf(':');
            string host = colon < 0 ? "" : address[..colon].Trim('[', ']');
            bool isValid = host.Length > 0
                && int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
                && port is > 0 and < 65536;
            if (!isValid) throw new FormatException($"'{part}' is not host:port");
            addresses.Add(new BrokerAddress(host, int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture)));
        }

        return addresses.Count > 0 ? addresses : throw new FormatException("no bootstrap server is given (host:port)");
    }
}
