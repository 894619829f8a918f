using System.Diagnostics;

namespace Moldau.Client;

/// <summary>The span and the time of a poll or a commit. A default one measures nothing.</summary>
internal readonly struct OperationTrace
{
    private readonly Activity? _activity;
    private readonly TagList _tags;
    private readonly long _begun;

    private OperationTrace(Activity? activity, in TagList tags) =>
        (_activity, _tags, _begun) = (activity, tags, Stopwatch.GetTimestamp());

    /// <param name="operation">Such as <c>poll</c>.</param>
    /// <param name="type">Such as <c>receive</c>.</param>
    /// <param name="topic">The topic; null where it is about several.</param>
    /// <param name="group">The consumer's group; null for none.</param>
    /// <param name="clientId">The client's name.</param>
    public static OperationTrace Begin(string operation, string type, string? topic, string? group, string clientId)
    {
        if (!ClientTelemetry.WantsOperations) return default;
        TagList tags = ClientTelemetry.Tags(operation, type, topic ?? "", clientId);
        if (group is not null) tags.Add("messaging.consumer.group.name", group);
        string name = topic is null ? operation : $"{operation} {topic}";
        Activity? activity = ClientTelemetry.Source.StartActivity(name, ActivityKind.Client);
        ClientTelemetry.Set(activity, tags);
        return new OperationTrace(activity, tags);
    }

    /// <summary>A poll begins before its topic is known.</summary>
    public void Name(string topic, int partition)
    {
        if (_activity is null) return;
        _activity.DisplayName = $"{_activity.OperationName} {topic}";
        _activity.SetTag("messaging.destination.name", topic);
        _activity.SetTag("messaging.destination.partition.id", NumberTexts.Text(partition));
    }

    /// <summary>For an exception filter: ends the operation and lets the exception go on.</summary>
    public bool EndOn(Exception error)
    {
        End(error as MoldauException);
        return false;
    }

    public void End(MoldauException? error = null)
    {
        if (_begun == 0) return;
        TagList tags = _tags;
        if (error is not null) tags.Add("error.type", error.ErrorName);
        ClientTelemetry.OperationDuration.Record(Stopwatch.GetElapsedTime(_begun).TotalSeconds, tags);
        if (_activity is null) return;
        if (error is not null)
        {
            _activity.SetTag("error.type", error.ErrorName);
            _activity.SetStatus(ActivityStatusCode.Error, error.Message);
        }

        _activity.Dispose();
    }
}
