using System.Diagnostics.Metrics;

namespace Moldau.Client;

/// <summary>What can be asked of producers and consumers that live: buffers and lags. They are held weakly, so that one that
/// was never disposed is not kept by being measured.</summary>
internal sealed class GaugeSources
{
    private readonly Lock _lock = new();
    private readonly List<WeakReference<IGaugeSource>> _sources = [];

    public GaugeSources(Meter meter)
    {
        meter.CreateObservableGauge(
            "moldau.client.producer.buffer.used", () => Measure(static s => s.BufferUsed()), "By",
            "Bytes of records that wait or are under way.");
        meter.CreateObservableGauge(
            "moldau.client.consumer.lag", () => Measure(static s => s.Lags()), "{message}",
            "Records behind the position, up to the end that the broker last told of.");
    }

    public void Add(IGaugeSource source)
    {
        lock (_lock)
        {
            _sources.RemoveAll(w => !w.TryGetTarget(out _));
            _sources.Add(new WeakReference<IGaugeSource>(source));
        }
    }

    public void Remove(IGaugeSource source)
    {
        lock (_lock) _sources.RemoveAll(w => !w.TryGetTarget(out IGaugeSource? live) || live == source);
    }

    private List<Measurement<long>> Measure(Func<IGaugeSource, IEnumerable<Measurement<long>>> what)
    {
        List<IGaugeSource> live = [];
        lock (_lock)
        {
            foreach (WeakReference<IGaugeSource> weak in _sources)
                if (weak.TryGetTarget(out IGaugeSource? source)) live.Add(source);
        }

        List<Measurement<long>> all = [];
        foreach (IGaugeSource source in live)
        {
            try
            {
                all.AddRange(what(source));
            }
            catch (ObjectDisposedException)
            {
                // Its client was closed in between.
            }
        }

        return all;
    }
}

/// <summary>Who can be asked for gauges.</summary>
internal interface IGaugeSource
{
    IEnumerable<Measurement<long>> BufferUsed() => [];

    IEnumerable<Measurement<long>> Lags() => [];
}
