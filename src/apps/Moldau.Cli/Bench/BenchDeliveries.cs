using System.Diagnostics;
using Moldau.Client;

namespace Moldau.Cli.Bench;

/// <summary>Times records from when they were due to when they were acknowledged. Deliveries come on pool threads.</summary>
internal sealed class BenchDeliveries
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _open;
    private bool _isEnding;
    private ClientError? _error;

    public LatencyHistogram Times { get; } = new();

    /// <summary>When the last record was acknowledged, in ticks of the stopwatch.</summary>
    public long LastAt { get; private set; } = Stopwatch.GetTimestamp();

    public ClientError? Error
    {
        get
        {
            lock (_lock) return _error;
        }
    }

    /// <summary>Ends when nothing is under way any more. Asked for once, after the last record.</summary>
    public Task Drained
    {
        get
        {
            lock (_lock)
            {
                _isEnding = true;
                if (_open == 0) _drained.TrySetResult();
            }

            return _drained.Task;
        }
    }

    /// <summary>The handler of one record.</summary>
    /// <param name="due">When it was due, in ticks of the stopwatch.</param>
    /// <param name="acknowledged">Told how many microseconds it took, and when that was, in ticks of the stopwatch.</param>
    public Action<DeliveryReport> For(long due, Action<long, long>? acknowledged = null)
    {
        lock (_lock) _open++;
        return report =>
        {
            long now = Stopwatch.GetTimestamp();
            lock (_lock)
            {
                if (report.Error is null)
                {
                    long micros = (now - due) * 1_000_000 / Stopwatch.Frequency;
                    Times.Record(micros);
                    LastAt = now;
                    acknowledged?.Invoke(micros, now);
                }

                _error ??= report.Error;
                if (--_open == 0 && _isEnding) _drained.TrySetResult();
            }
        };
    }
}
