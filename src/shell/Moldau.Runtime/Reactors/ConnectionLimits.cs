using System.Net;

namespace Moldau.Runtime;

/// <summary>Counts the connections of a group of listeners against their quotas: those of the broker together, that of
/// the controller apart, as in Kafka. Taken by the accepting reactors, given back by whichever reactor closes, set by
/// whoever changes the configuration, hence the lock; none of it is on the path of a request.</summary>
internal sealed class ConnectionLimits(ConnectionQuotas quotas)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private readonly Dictionary<string, ListenerCount> _listeners = new(StringComparer.Ordinal);
    private readonly CreationRate _rate = new(quotas.RateSamples, quotas.RateSampleNs);
    private ConnectionQuotas _quotas = quotas;
    private int _count;

    /// <summary>Before the listener is opened.</summary>
    internal void Add(string listener)
    {
        lock (_lock) _listeners.Add(listener, new(new(_quotas.RateSamples, _quotas.RateSampleNs)));
    }

    internal void Set(ConnectionQuotas quotas)
    {
        lock (_lock) _quotas = quotas;
    }

    /// <summary>More are open than may be.</summary>
    internal bool IsExceeded
    {
        get
        {
            lock (_lock) return _count > _quotas.MaxConnections;
        }
    }

    /// <summary>More are open than may be, and this listener's have to go.</summary>
    internal bool MustShrink(string listener)
    {
        lock (_lock) return _count > _quotas.MaxConnections && !IsProtected(listener);
    }

    /// <summary>max.connections of the listener or the node is reached: clients wait in the kernel's queue.</summary>
    internal bool IsFull(string listener)
    {
        lock (_lock)
        {
            if (_listeners[listener].Open >= _quotas.Of(listener).MaxConnections) return true;
            return !IsProtected(listener) && _count >= _quotas.MaxConnections;
        }
    }

    /// <summary>Notes a new connection; how long the listener has to rest for max.connection.creation.rate.</summary>
    internal long RestNs(string listener, long nowNs)
    {
        lock (_lock)
        {
            long nodeNs = IsProtected(listener) ? 0 : _rate.Record(_quotas.CreationRate, nowNs);
            return Math.Max(nodeNs, _listeners[listener].Rate.Record(_quotas.Of(listener).CreationRate, nowNs));
        }
    }

    /// <summary>New connections of the listener a second.</summary>
    internal double RateOf(string listener, long nowNs)
    {
        lock (_lock) return _listeners[listener].Rate.At(nowNs);
    }

    /// <summary>New connections a second, without those of the protected listener.</summary>
    internal double RateAt(long nowNs)
    {
        lock (_lock) return _rate.At(nowNs);
    }

    /// <summary>False when the address has its share (max.connections.per.ip): the client is hung up on.</summary>
    internal bool TryTake(string listener, IPAddress address)
    {
        lock (_lock)
        {
            int have = _perAddress.GetValueOrDefault(address);
            if (have >= _quotas.PerAddress.GetValueOrDefault(address, _quotas.MaxPerAddress)) return false;
            _perAddress[address] = have + 1;
            _listeners[listener].Open++;
            _count++;
            return true;
        }
    }

    internal void Give(string listener, IPAddress address)
    {
        lock (_lock)
        {
            _count--;
            _listeners[listener].Open--;
            int have = _perAddress[address] - 1;
            if (have == 0) _perAddress.Remove(address);
            else _perAddress[address] = have;
        }
    }

    // A listener that is alone has nobody to be protected from.
    private bool IsProtected(string listener) => listener == _quotas.ProtectedListener && _listeners.Count > 1;

    private sealed class ListenerCount(CreationRate rate)
    {
        internal CreationRate Rate { get; } = rate;

        internal int Open { get; set; }
    }
}
