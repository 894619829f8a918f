using System.Collections.Concurrent;

namespace Moldau.Client;

/// <summary>Runs users' handlers one after the other on the thread pool, in the order in which reports come in.</summary>
internal sealed class ReportQueue(IReadOnlyList<IProducerInterceptor> interceptors) : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<(Action<DeliveryReport>? Handler, DeliveryReport Report)> _reports = new();
    private int _isRunning;

    public void Add(Action<DeliveryReport>? handler, in DeliveryReport report)
    {
        _reports.Enqueue((handler, report));
        Start();
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (_reports.TryDequeue(out var next))
        {
            if (next.Handler is not null) Call(next.Handler, next.Report);
            else foreach (IProducerInterceptor interceptor in interceptors) Call(interceptor.OnDelivery, next.Report);
        }

        Volatile.Write(ref _isRunning, 0);

        // Whoever added between the last look and the write found it running: look once more.
        if (!_reports.IsEmpty) Start();
    }

    private static void Call(ReportHandler handler, in DeliveryReport report)
    {
        try
        {
            handler(report);
        }
#pragma warning disable CA1031 // what a handler throws concerns nobody else
        catch (Exception)
#pragma warning restore CA1031
        {
            // Reports go on; the record's fate is decided.
        }
    }

    private static void Call(Action<DeliveryReport> handler, in DeliveryReport report) =>
        Call((in DeliveryReport r) => handler(r), report);

    private void Start()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private delegate void ReportHandler(in DeliveryReport report);
}
