using Moldau.Base;
using Moldau.Broker;

namespace Moldau.Runtime;

/// <summary>Where the time of one API's requests went on one reactor, in Kafka's parts, in nanoseconds. Requests that get
/// no answer (produce with acks=0) have no part in it.</summary>
public sealed class RequestTimes
{
    /// <summary>From the last byte of the request to the last byte of the answer.</summary>
    public MetricHistogram Total { get; } = new();

    /// <summary>Behind other requests of the same connection.</summary>
    public MetricHistogram Queue { get; } = new();

    /// <summary>In the turn that finished the request, on the connection's own thread.</summary>
    public MetricHistogram Local { get; } = new();

    /// <summary>Between the turn that began it and the one that finished it: other threads, disks, waiting for data or
    /// acknowledgements.</summary>
    public MetricHistogram Remote { get; } = new();

    /// <summary>From the finished answer to the first attempt to send it.</summary>
    public MetricHistogram ResponseQueue { get; } = new();

    /// <summary>From the first attempt to the last byte in the kernel's hands.</summary>
    public MetricHistogram ResponseSend { get; } = new();

    /// <summary>Bytes of the requests.</summary>
    public MetricHistogram RequestBytes { get; } = new();

    internal void Record(in SentResponse sent, long nowNs)
    {
        RequestStamp stamp = sent.Stamp;
        Total.Record(nowNs - stamp.ReceivedNs);
        Queue.Record(stamp.StartedNs - stamp.ReceivedNs);
        Local.Record(sent.QueuedNs - Math.Max(stamp.StartedNs, sent.TurnNs));
        Remote.Record(sent.TurnNs - stamp.StartedNs);
        ResponseQueue.Record(sent.FirstSendNs - sent.QueuedNs);
        ResponseSend.Record(nowNs - sent.FirstSendNs);
        RequestBytes.Record(stamp.RequestBytes);
    }

    internal void Rotate()
    {
        Total.Rotate();
        Queue.Rotate();
        Local.Rotate();
        Remote.Rotate();
        ResponseQueue.Rotate();
        ResponseSend.Rotate();
        RequestBytes.Rotate();
    }
}

/// <summary>An answer that has left, for <see cref="RequestTimes"/>.</summary>
/// <param name="Stamp">The request's.</param>
/// <param name="TurnNs">When the turn that finished it began.</param>
/// <param name="QueuedNs">When the answer was queued.</param>
/// <param name="FirstSendNs">When sending it was first tried.</param>
internal readonly record struct SentResponse(RequestStamp Stamp, long TurnNs, long QueuedNs, long FirstSendNs);
