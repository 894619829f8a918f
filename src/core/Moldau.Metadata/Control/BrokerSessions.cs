using Moldau.Base;

namespace Moldau.Metadata;

/// <summary>When brokers were last heard of. Not part of the log: a new leader gives every broker a whole
/// session.</summary>
internal sealed class BrokerSessions(Duration timeout)
{
    private readonly SortedDictionary<int, Session> _sessions = [];

    private sealed class Session
    {
        public Instant LastContact { get; set; }

        public bool IsFenced { get; set; }

        public long MetadataOffset { get; set; } = -1;

        /// <summary>A broker that shuts down waits until all active brokers have read this far; −1: not shutting
        /// down.</summary>
        public long ShutdownOffset { get; set; } = -1;
    }

    /// <summary>When the next session of an unfenced broker ends.</summary>
    public Instant NextDeadline
    {
        get
        {
            Instant next = Instant.Never;
            foreach (Session session in _sessions.Values)
            {
                if (!session.IsFenced) next = Instant.Min(next, session.LastContact + timeout);
            }

            return next;
        }
    }

    public void Clear() => _sessions.Clear();

    public void Remove(int broker) => _sessions.Remove(broker);

    public void Touch(int broker, bool isFenced, long metadataOffset, Instant now)
    {
        Session session = Find(broker);
        session.LastContact = now;
        session.IsFenced = isFenced;
        if (metadataOffset >= 0) session.MetadataOffset = metadataOffset;
        if (isFenced) session.ShutdownOffset = -1;
    }

    public void Fence(int broker) => Touch(broker, isFenced: true, -1, Find(broker).LastContact);

    /// <summary>Called when the broker's controlled shutdown has been written, at this offset.</summary>
    public void BeginShutdown(int broker, long offset) => Find(broker).ShutdownOffset = offset;

    /// <summary>Whether the broker is known to run: it has sent a heartbeat to this controller (not merely stood in the
    /// log when it took over), and not too long ago.</summary>
    public bool IsAlive(int broker, Instant now) =>
        _sessions.TryGetValue(broker, out Session? session) && session is { IsFenced: false, MetadataOffset: >= 0 }
        && session.LastContact + timeout > now;

    /// <summary>The unfenced broker that has been silent for longest, if its session is over.</summary>
    public int? FindStale(Instant now)
    {
        int? stale = null;
        Instant oldest = Instant.Never;
        foreach ((int broker, Session session) in _sessions)
        {
            if (session.IsFenced || session.LastContact + timeout > now || session.LastContact >= oldest) continue;
            oldest = session.LastContact;
            stale = broker;
        }

        return stale;
    }

    /// <summary>Whether all active brokers know that the broker leads nothing any more.</summary>
    public bool MayShutDown(int broker)
    {
        long lowest = long.MaxValue;
        foreach (Session session in _sessions.Values)
        {
            if (!session.IsFenced && session.ShutdownOffset < 0) lowest = Math.Min(lowest, session.MetadataOffset);
        }

        return Find(broker).ShutdownOffset <= lowest;
    }

    private Session Find(int broker)
    {
        if (_sessions.TryGetValue(broker, out Session? session)) return session;
        session = new Session();
        _sessions.Add(broker, session);
        return session;
    }
}
