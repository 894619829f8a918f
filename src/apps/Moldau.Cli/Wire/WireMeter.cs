using System.Buffers.Binary;
using System.Diagnostics;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Wire;

/// <summary>Counts what one client sends and receives, under the names that the Java client has for it.</summary>
internal sealed class WireMeter : IWireWatcher
{
    private const int CorrelationIdAt = 4;

    private readonly Lock _lock = new();
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly IWireWatcher? _next;
    private readonly Dictionary<(long Link, int CorrelationId), (ApiKey Api, long SentAt)> _open = [];
    private readonly HashSet<long> _links = [];
    private readonly Latencies _all = new();
    private readonly Latencies _fetches = new();
    private long _created;
    private long _closed;
    private long _requests;
    private long _responses;
    private long _sentBytes;
    private long _receivedBytes;
    private long _largest;

    /// <param name="next">Is told the same; null where nobody else looks.</param>
    public WireMeter(IWireWatcher? next) => _next = next;

    public double Seconds => Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>What all clients have: values by their names.</summary>
    public IEnumerable<(string Name, double Value)> Common()
    {
        lock (_lock)
        {
            return
            [
                .. Total("connection-creation", _created), .. Total("connection-close", _closed), ("connection-count", _links.Count),
                .. Total("outgoing-byte", _sentBytes), .. Total("incoming-byte", _receivedBytes), .. Total("network-io", _requests + _responses),
                .. Total("request", _requests), .. Total("response", _responses),
                ("request-size-avg", _requests == 0 ? double.NaN : (double)_sentBytes / _requests), ("request-size-max", _requests == 0 ? double.NaN : _largest),
            ];
        }
    }

    /// <summary>How long answers took.</summary>
    public (string Name, double Value)[] RequestLatency()
    {
        lock (_lock) return _all.Values("request-latency");
    }

    /// <summary>How many fetches there were, and how long they took.</summary>
    public (string Name, double Value)[] Fetches()
    {
        lock (_lock) return [.. Total("fetch", _fetches.Count), .. _fetches.Values("fetch-latency")];
    }

    /// <summary>A count and how many there were a second.</summary>
    public (string Name, double Value)[] Total(string name, long count) => [($"{name}-total", count), ($"{name}-rate", count / Seconds)];

    public void Opening(long link, BrokerAddress address) => _next?.Opening(link, address);

    public void Opened(long link)
    {
        lock (_lock)
        {
            _created++;
            _links.Add(link);
        }

        _next?.Opened(link);
    }

    public void Sent(long link, ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> request = frame[ResponseFrame.LengthPrefix..];
        lock (_lock)
        {
            _requests++;
            _sentBytes += frame.Length;
            _largest = Math.Max(_largest, frame.Length);
            ApiKey api = (ApiKey)BinaryPrimitives.ReadInt16BigEndian(request);
            _open[(link, BinaryPrimitives.ReadInt32BigEndian(request[CorrelationIdAt..]))] = (api, Stopwatch.GetTimestamp());
        }

        _next?.Sent(link, frame);
    }

    public void Received(long link, ReadOnlySpan<byte> frame)
    {
        lock (_lock)
        {
            _responses++;
            _receivedBytes += frame.Length + ResponseFrame.LengthPrefix;
            if (_open.Remove((link, BinaryPrimitives.ReadInt32BigEndian(frame)), out var call))
            {
                double ms = Stopwatch.GetElapsedTime(call.SentAt).TotalMilliseconds;
                _all.Add(ms);
                if (call.Api == ApiKey.Fetch) _fetches.Add(ms);
            }
        }

        _next?.Received(link, frame);
    }

    public void Closed(long link, string? reason)
    {
        lock (_lock)
        {
            if (_links.Remove(link)) _closed++;
            foreach ((long Link, int CorrelationId) key in _open.Keys.Where(k => k.Link == link).ToList()) _open.Remove(key);
        }

        _next?.Closed(link, reason);
    }

    /// <summary>Milliseconds, of which only the mean and the largest are kept.</summary>
    private sealed class Latencies
    {
        private double _sum;
        private double _most;

        public long Count { get; private set; }

        public void Add(double ms)
        {
            Count++;
            _sum += ms;
            _most = Math.Max(_most, ms);
        }

        public (string Name, double Value)[] Values(string name) =>
            [($"{name}-avg", Count == 0 ? double.NaN : _sum / Count), ($"{name}-max", Count == 0 ? double.NaN : _most)];
    }
}
