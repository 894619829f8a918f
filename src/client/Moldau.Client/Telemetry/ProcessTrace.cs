using System.Diagnostics;

namespace Moldau.Client;

/// <summary>The span <c>process TOPIC</c> around the application's work on a record, linked to the span that sent it, and the
/// metric of its time. Get it from <see cref="ConsumedRecord{TKey,TValue}.StartProcessing"/>; what runs before it is disposed
/// is part of the span.</summary>
public sealed class ProcessTrace : IDisposable
{
    private readonly Activity? _activity;
    private readonly TagList _tags;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private string? _error;
    private bool _isOver;

    internal ProcessTrace(Activity? activity, in TagList tags) => (_activity, _tags) = (activity, tags);

    /// <summary>The work failed.</summary>
    public void Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        _error = error is MoldauException known ? known.ErrorName : error.GetType().FullName;
        _activity?.SetStatus(ActivityStatusCode.Error, error.Message);
    }

    /// <summary>The work is over.</summary>
    public void Dispose()
    {
        if (_isOver) return;
        _isOver = true;
        TagList tags = _tags;
        if (_error is not null)
        {
            tags.Add("error.type", _error);
            _activity?.SetTag("error.type", _error);
        }

        ClientTelemetry.ProcessDuration.Record(Stopwatch.GetElapsedTime(_begun).TotalSeconds, tags);
        _activity?.Dispose();
    }

    /// <summary>Begins the span for a record whose bytes were copied; null where nobody listens to spans or
    /// metrics.</summary>
    /// <param name="topic">The record's topic.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="headers">Its headers, which may have the context of who sent it.</param>
    /// <param name="isTombstone">Whether it has no value.</param>
    /// <param name="group">The consumer's group; null for none.</param>
    public static ProcessTrace? Start(
        string topic,
        int partition,
        long offset,
        IReadOnlyList<KeyValuePair<string, byte[]?>> headers,
        bool isTombstone = false,
        string? group = null)
    {
        bool isTraced = ClientTelemetry.Source.HasListeners();
        if (!isTraced && !ClientTelemetry.ProcessDuration.Enabled) return null;
        TagList tags = new()
        {
            { "messaging.system", "kafka" },
            { "messaging.operation.name", "process" },
            { "messaging.operation.type", "process" },
            { "messaging.destination.name", topic },
            { "messaging.destination.partition.id", NumberTexts.Text(partition) },
        };
        if (group is not null) tags.Add("messaging.consumer.group.name", group);
        if (!isTraced) return new ProcessTrace(null, tags);
        ActivityLink[] links = TraceHeaders.TryExtract(headers, out ActivityContext sender) ? [new ActivityLink(sender)] : [];
        Activity? activity = ClientTelemetry.Source.StartActivity(
            ActivityKind.Consumer, default(ActivityContext), null, links, default, $"process {topic}");
        ClientTelemetry.Set(activity, tags);
        activity?.SetTag("messaging.kafka.offset", offset);
        if (isTombstone) activity?.SetTag("messaging.kafka.message.tombstone", true);
        return new ProcessTrace(activity, tags);
    }
}
