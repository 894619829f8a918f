namespace Moldau.Config;

/// <summary>All that follows from the listener properties together.</summary>
public sealed record ListenerSet(
    IReadOnlyList<Endpoint> All,
    IReadOnlyList<Endpoint> OfBroker,
    IReadOnlyList<Endpoint> OfController,
    IReadOnlyList<Endpoint> Advertised,
    IReadOnlyList<Endpoint> AdvertisedController,
    string InterBrokerName,
    SecurityProtocol InterBrokerProtocol)
{
    private const string MapName = "listener.security.protocol.map";

    /// <summary>Null, with errors, when a listener cannot be read or has no security protocol.</summary>
    internal static ListenerSet? Build(
        ConfigValues values, IReadOnlyDictionary<string, string> set, ICollection<string> errors)
    {
        Dictionary<string, SecurityProtocol>? map = ProtocolMap(values, set, errors);
        if (map is null) return null;
        IReadOnlyList<string> texts = values.List("listeners");
        List<Endpoint>? all = ParseAll(texts, map, errors);
        if (all is null || !CheckDistinct(all, texts, mayShareOnePort: false, errors)) return null;
        List<Endpoint>? advertised = all;
        if (values.ListOrNull("advertised.listeners") is { } advertisedTexts)
        {
            advertised = ParseAll(advertisedTexts, map, errors);
            if (advertised is null || !CheckDistinct(advertised, advertisedTexts, mayShareOnePort: true,
                errors)) return null;
        }
        if (!TryFindInterBroker(values, set, map, errors, out string name, out SecurityProtocol protocol)) return null;
        IReadOnlyList<string> controllerNames = values.List("controller.listener.names");
        bool IsController(Endpoint endpoint) => controllerNames.Contains(endpoint.ListenerName);
        List<Endpoint> advertisedController = [];
        foreach (string controller in controllerNames)
        {
            Endpoint? found = advertised.Find(e => e.ListenerName == controller.ToUpperInvariant() && IsController(e))
                ?? all.Find(e => e.ListenerName == controller.ToUpperInvariant() && IsController(e));
            if (found is not null) advertisedController.Add(found);
        }
        return new ListenerSet(all, all.FindAll(e => !IsController(e)), all.FindAll(IsController),
            advertised.FindAll(e => !IsController(e)), advertisedController, name, protocol);
    }

    private static Dictionary<string, SecurityProtocol>? ProtocolMap(
        ConfigValues values, IReadOnlyDictionary<string, string> set, ICollection<string> errors)
    {
        Dictionary<string, SecurityProtocol> map = new(StringComparer.Ordinal);
        string text = values.String(MapName);
        foreach (string entry in text.Length == 0 ? [] : text.Split(','))
        {
            int colon = entry.LastIndexOf(':');
            if (colon < 0)
            {
                errors.Add($"Error parsing configuration property '{MapName}': no colon in {entry.Trim()}");
                return null;
            }
            string protocolName = entry[(colon + 1)..].Trim();
            if (!Endpoint.TryParseProtocol(protocolName.ToUpperInvariant(), out SecurityProtocol protocol))
            {
                errors.Add($"Invalid security protocol `{protocolName}` defined in {MapName}");
                return null;
            }
            map[entry[..colon].Trim().ToUpperInvariant()] = protocol;
        }
        if (!set.ContainsKey(MapName)) AddControllerDefaults(values, map);
        return map;
    }

    /// <summary>Without a map of its own, a node that uses no TLS and no SASL may name its controller listeners
    /// freely.</summary>
    private static void AddControllerDefaults(ConfigValues values, Dictionary<string, SecurityProtocol> map)
    {
        static bool IsSecured(string name) => name is "SSL" or "SASL_SSL" or "SASL_PLAINTEXT";
        IReadOnlyList<string> names = values.List("controller.listener.names");
        foreach (string listener in values.List("listeners"))
            if (Endpoint.TrySplit(listener, out string name, out _, out _) && IsSecured(name))
                return;
        foreach (string name in names)
            if (IsSecured(name))
                return;
        foreach (string name in names) map.TryAdd(name, SecurityProtocol.Plaintext);
    }

    private static List<Endpoint>? ParseAll(
        IReadOnlyList<string> texts, Dictionary<string, SecurityProtocol> map, ICollection<string> errors)
    {
        List<Endpoint> endpoints = [];
        string joined = "[" + string.Join(", ", texts) + "]";
        foreach (string text in texts)
        {
            if (!Endpoint.TrySplit(text, out string name, out string host, out int port))
                errors.Add($"Unable to parse a listener name from {text}");
            else if (!map.TryGetValue(name, out SecurityProtocol protocol))
                errors.Add($"Error creating broker listeners from '{joined}': No security protocol defined for "
                    + $"listener {name}");
            else
            {
                endpoints.Add(new Endpoint(name, host, port, protocol));
                continue;
            }
            return null;
        }
        return endpoints;
    }

    private static bool CheckDistinct(
        List<Endpoint> endpoints, IReadOnlyList<string> texts, bool mayShareOnePort, ICollection<string> errors)
    {
        string joined = "[" + string.Join(", ", texts) + "]";
        string from = $"Error creating broker listeners from '{joined}': ";
        if (endpoints.Select(static e => e.ListenerName).Distinct().Count() != endpoints.Count)
        {
            errors.Add(from + $"Each listener must have a different name, listeners: {joined}");
            return false;
        }
        if (mayShareOnePort) return true;
        foreach (Endpoint first in endpoints)
        {
            List<Endpoint> same = endpoints.FindAll(e => e.Port == first.Port && e.Port != 0);
            if (same.Count < 2) continue;
            List<Endpoint> addresses = same.FindAll(static e => IsIpv4(e.Host) || IsIpv6(e.Host));
            if (same.Count - addresses.Count > 1 || addresses.Count == 0)
                errors.Add(from + $"Each listener must have a different port, listeners: {joined}");
            else if (addresses.Count > 2)
                errors.Add(from
                    + "Each listener must have a different port unless exactly one listener has an IPv4 address and "
                    + "the "
                    + $"other IPv6 address, listeners: {joined}, port: {first.Port}");
            else if (same.Count != 2 || addresses.Count != 2 || IsIpv4(addresses[0].Host) == IsIpv4(addresses[1].Host))
                errors.Add(from
                    + "If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, "
                    + $"listeners: {joined}, port: {first.Port}");
            else
                continue;
            return false;
        }
        return true;
    }

    private static bool IsIpv6(string host) => host.Contains(':');

    private static bool IsIpv4(string host) =>
        host.Split('.') is { Length: 4 } parts && parts.All(static part => byte.TryParse(part, out _));

    private static bool TryFindInterBroker(ConfigValues values, IReadOnlyDictionary<string, string> set,
        Dictionary<string, SecurityProtocol> map, ICollection<string> errors, out string name,
            out SecurityProtocol protocol)
    {
        string? listener = values.StringOrNull("inter.broker.listener.name");
        string protocolName = values.String("security.inter.broker.protocol");
        name = (listener ?? protocolName).ToUpperInvariant();
        protocol = SecurityProtocol.Plaintext;
        if (listener is null) return Endpoint.TryParseProtocol(protocolName, out protocol);
        if (set.ContainsKey("security.inter.broker.protocol"))
        {
            errors.Add("Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.");
            return false;
        }
        if (map.TryGetValue(name, out protocol)) return true;
        errors.Add($"Listener with name {name} defined in inter.broker.listener.name not found in {MapName}.");
        return false;
    }
}
