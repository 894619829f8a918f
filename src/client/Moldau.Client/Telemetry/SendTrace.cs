using System.Diagnostics;
using System.Text;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>The span of one send, from the call to the acknowledgement, and its metrics. It ends on a pool thread: listeners
/// are the user's code, and the acknowledgement comes under the client's lock.</summary>
internal sealed class SendTrace : IThreadPoolWorkItem
{
    private const int MostKeyBytes = 256;

    private readonly string _topic;
    private readonly string _clientId;
    private readonly Activity? _activity;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private DeliveryReport _report;
    private TimeSpan _took;

    private SendTrace(string topic, string clientId, Activity? activity) =>
        (_topic, _clientId, _activity) = (topic, clientId, activity);

    /// <summary>Starts the span and puts its context into the headers, unless they have one.</summary>
    public static SendTrace Begin(scoped in ProduceRecord record, List<RecordHeader> headers, string clientId)
    {
        Activity? around = Activity.Current;
        Activity? activity = ClientTelemetry.Source.StartActivity($"send {record.Topic}", ActivityKind.Producer);
        // The send ends elsewhere: what the caller does next is no part of it.
        Activity.Current = around;
        if (activity is not null)
        {
            ClientTelemetry.Set(activity, ClientTelemetry.Tags("send", "send", record.Topic, clientId));
            if (!record.Key.IsNull && TextOf(record.Key.Span) is { } key) activity.SetTag("messaging.kafka.message.key", key);
            if (record.Value.IsNull) activity.SetTag("messaging.kafka.message.tombstone", true);
        }

        TraceHeaders.Inject(activity ?? around, headers);
        return new SendTrace(record.Topic, clientId, activity);
    }

    /// <summary>Under the client's lock.</summary>
    public void End(in DeliveryReport report)
    {
        _took = Stopwatch.GetElapsedTime(_begun);
        _report = report;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        TagList tags = ClientTelemetry.Tags("send", "send", _topic, _clientId);
        string? error = _report.Error?.Code.KafkaName();
        if (error is not null) tags.Add("error.type", error);
        if (_report.Partition >= 0) tags.Add("messaging.destination.partition.id", NumberTexts.Text(_report.Partition));
        ClientTelemetry.OperationDuration.Record(_took.TotalSeconds, tags);
        ClientTelemetry.Sent.Add(1, tags);
        if (_activity is null) return;
        ClientTelemetry.Set(_activity, tags);
        if (_report.Offset >= 0) _activity.SetTag("messaging.kafka.offset", _report.Offset);
        if (_report.Error is { } why) _activity.SetStatus(ActivityStatusCode.Error, why.Text);
        _activity.SetEndTime(_activity.StartTimeUtc + _took);
        _activity.Stop();
    }

    /// <summary>Null for keys that are no short text.</summary>
    private static string? TextOf(ReadOnlySpan<byte> key)
    {
        if (key.Length > MostKeyBytes || !System.Text.Unicode.Utf8.IsValid(key)) return null;
        foreach (byte letter in key)
            if (letter < ' ') return null;
        return Encoding.UTF8.GetString(key);
    }
}
