using Moldau.Base;

namespace Moldau.Metadata;

/// <summary>Chooses brokers for new partitions: spread over racks and, within a rack, over brokers, in turns that begin
/// at a random place. The first replica is a live broker where there is one; fenced ones come last.</summary>
internal sealed class ReplicaPlacer
{
    private readonly List<Rack> _racks = [];
    private readonly int _total;
    private readonly int _unfenced;
    private int _turn;

    public ReplicaPlacer(ClusterImage cluster, Prng random)
    {
        var byRack = new SortedDictionary<string, Rack>(StringComparer.Ordinal);
        foreach ((_, BrokerRegistration broker) in cluster.Brokers)
        {
            if (broker.IsInControlledShutdown || IsCordoned(broker)) continue;
            // Null sorts with the empty name: brokers without a rack share one.
            string name = broker.Rack ?? "";
            if (!byRack.TryGetValue(name, out Rack? rack)) byRack.Add(name, rack = new Rack());
            (broker.IsFenced ? rack.Fenced : rack.Unfenced).Add(broker.Id);
            _total++;
            if (!broker.IsFenced) _unfenced++;
        }

        foreach (Rack rack in byRack.Values)
        {
            rack.Begin(random);
            _racks.Add(rack);
        }

        if (_racks.Count > 0) _turn = random.Next(_racks.Count);
    }

    private sealed class Rack
    {
        private int _next;

        public List<int> Unfenced { get; } = [];

        public List<int> Fenced { get; } = [];

        public void Begin(Prng random) => _next = random.Next(Math.Max(1, Unfenced.Count + Fenced.Count));

        /// <summary>The brokers in the order of this turn, live ones first.</summary>
        public List<int> Order()
        {
            var order = new List<int>(Unfenced.Count + Fenced.Count);
            for (int i = 0; i < Unfenced.Count; i++) order.Add(Unfenced[(i + _next) % Unfenced.Count]);
            for (int i = 0; i < Fenced.Count; i++) order.Add(Fenced[(i + _next) % Fenced.Count]);
            _next++;
            return order;
        }
    }

    /// <summary>Null, or why so many replicas cannot be placed.</summary>
    public string? Check(int replicationFactor)
    {
        if (replicationFactor <= 0)
            return $"Invalid replication factor {replicationFactor}: the replication factor must be positive.";
        if (_unfenced == 0) return "All brokers are currently fenced or have all their log directories cordoned.";
        if (replicationFactor > _total)
        {
            return $"The target replication factor of {replicationFactor} cannot be reached because only {_total} broker(s) "
                + "are registered or some brokers have all their log directories cordoned.";
        }

        return null;
    }

    /// <summary>The replicas of one more partition.</summary>
    public List<int> Place(int replicationFactor)
    {
        List<List<int>> orders = [.. _racks.Select(static r => r.Order())];
        var replicas = new List<int>(replicationFactor);
        int first = _turn++;
        for (int round = 0; replicas.Count < replicationFactor; round++)
        {
            for (int i = 0; i < orders.Count && replicas.Count < replicationFactor; i++)
            {
                List<int> order = orders[(first + i) % orders.Count];
                if (round < order.Count) replicas.Add(order[round]);
            }
        }

        // The leader must be alive; the first live replica takes the first place.
        int live = replicas.FindIndex(r => _racks.Any(rack => rack.Unfenced.Contains(r)));
        if (live > 0) (replicas[0], replicas[live]) = (replicas[live], replicas[0]);
        return replicas;
    }

    private static bool IsCordoned(BrokerRegistration broker) =>
        broker.CordonedDirectories is { } cordoned && !broker.Directories.IsEmpty
            && broker.Directories.All(cordoned.Contains);
}
