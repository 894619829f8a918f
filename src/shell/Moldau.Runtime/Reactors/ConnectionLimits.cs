using System.Net;

namespace Moldau.Runtime;

/// <summary>Counts the node's connections. Taken by the accepting reactor, given back by whichever reactor closes,
/// hence the lock; neither is on the path of a request.</summary>
/// <param name="maxConnections">max.connections.</param>
/// <param name="maxPerAddress">max.connections.per.ip.</param>
/// <param name="overrides">Addresses with a limit of their own; null for none.</param>
public sealed class ConnectionLimits(
    int maxConnections = int.MaxValue,
    int maxPerAddress = int.MaxValue,
    IReadOnlyDictionary<IPAddress, int>? overrides = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>max.connections is reached: clients wait in the kernel's queue.</summary>
    internal bool IsFull => Count >= maxConnections;

    /// <summary>False when the address has its share (max.connections.per.ip): the client is hung up on.</summary>
    internal bool TryTake(IPAddress address)
    {
        lock (_lock)
        {
            int have = _perAddress.GetValueOrDefault(address);
            if (have >= MaxOf(address)) return false;
            _perAddress[address] = have + 1;
            _count++;
            return true;
        }
    }

    private int MaxOf(IPAddress address)
    {
        if (overrides is null) return maxPerAddress;
        // A socket that takes both families shows IPv4 clients in their IPv6 form.
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return overrides.TryGetValue(plain, out int own) ? own : maxPerAddress;
    }

    internal void Give(IPAddress address)
    {
        lock (_lock)
        {
            _count--;
            int have = _perAddress[address] - 1;
            if (have == 0) _perAddress.Remove(address);
            else _perAddress[address] = have;
        }
    }
}
