namespace Moldau.Broker;

/// <summary>How many connections of a listener are of one client software (KIP-511).</summary>
public readonly record struct ClientCount(string Listener, string Software, string Version, int Connections)
{
    /// <summary>Softwares that are told apart; a client can call itself anything.</summary>
    private const int MostKinds = 200;

    internal static IReadOnlyList<ClientCount> Of(IEnumerable<ConnectionState> connections)
    {
        SortedDictionary<(string, string, string), int> counts = new();
        foreach (ConnectionState connection in connections)
        {
            var kind = (connection.Info.ListenerName, connection.SoftwareName, connection.SoftwareVersion);
            if (counts.Count >= MostKinds && !counts.ContainsKey(kind)) kind = (connection.Info.ListenerName, "other", "other");
            counts[kind] = counts.GetValueOrDefault(kind) + 1;
        }

        return [.. counts.Select(c => new ClientCount(c.Key.Item1, c.Key.Item2, c.Key.Item3, c.Value))];
    }
}
