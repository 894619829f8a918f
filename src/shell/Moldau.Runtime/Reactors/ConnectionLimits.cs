using System.Net;

namespace Moldau.Runtime;

/// <summary>Counts the node's connections. Taken by the accepting reactor, given back by whichever reactor closes,
/// hence the lock; neither is on the path of a request.</summary>
public sealed class ConnectionLimits(int maxConnections = int.MaxValue, int maxPerAddress = int.MaxValue)
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
            if (have >= maxPerAddress) return false;
            _perAddress[address] = have + 1;
            _count++;
            return true;
        }
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
