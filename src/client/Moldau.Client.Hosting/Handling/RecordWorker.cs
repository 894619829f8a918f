using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Moldau.Client.Hosting;

/// <summary>Works on one record until it is done: by the handler, or by being moved to where failed records go.</summary>
internal sealed partial class RecordWorker<TKey, TValue>(
    Connection connection,
    Topic<TKey, TValue> topic,
    HandlerOptions options,
    IReadOnlyList<Stage> stages,
    IServiceScopeFactory scopes,
    Func<IServiceProvider, IRecordHandler<TKey, TValue>> handler,
    TimeProvider time,
    ILogger logger) : IHandlerHealth
{
    /// <summary>Why things do not go on; null where they do.</summary>
    public string? Trouble { get; set; }

    /// <summary>Waits until a record of a retry topic may be worked on again.</summary>
    public async Task RestAsync(WorkItem item, CancellationToken stop)
    {
        if (ErrorHeaders.Number(item.Headers, ErrorHeaders.Due) is not { } dueMs) return;
        TimeSpan rest = DateTimeOffset.FromUnixTimeMilliseconds(dueMs) - time.GetUtcNow();
        if (rest > TimeSpan.Zero) await Task.Delay(rest, time, stop).ConfigureAwait(false);
    }

    /// <param name="item">The record.</param>
    /// <param name="stage">0 for the handler's topic, 1 for the first retry topic.</param>
    /// <param name="lane">Closed where the record is left undone.</param>
    /// <param name="stop">The host stops: nothing is tried again.</param>
    /// <param name="hurry">The host has no more time: the handler is to give up.</param>
    public async Task WorkAsync(WorkItem item, int stage, WorkLane lane, CancellationToken stop, CancellationToken hurry)
    {
        int before = (int)(ErrorHeaders.Number(item.Headers, ErrorHeaders.Attempts) ?? 0);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                Exception? error = await TryAsync(item, before + attempt, hurry).ConfigureAwait(false);
                bool isOver = error is null
                    || (attempt > options.Retries || error is UnreadableRecordException
                        ? await TryMoveAsync(item, stage, before + attempt, error, hurry).ConfigureAwait(false)
                        : false);
                if (isOver)
                {
                    item.Progress.Done(item);
                    return;
                }

                await Task.Delay(options.Waits.After(attempt), time, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Not done, so not committed: the next member works on it.
            lane.IsClosed = true;
        }
    }

    /// <summary>Null where the handler was content.</summary>
    private async Task<Exception?> TryAsync(WorkItem item, int attempt, CancellationToken hurry)
    {
        using ProcessTrace? trace = ProcessTrace.Start(
            item.Topic, item.Partition, item.Offset, item.Headers, item.Value is null, options.GroupId);
        try
        {
            RecordContext<TKey, TValue> context = Context(item, attempt);
            AsyncServiceScope scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
                await handler(scope.ServiceProvider).HandleAsync(context, hurry).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (hurry.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // whatever a handler throws means that the record failed
        catch (Exception error)
#pragma warning restore CA1031
        {
            trace?.Fail(Reason(error));
            LogFailed(logger, item.Topic, item.Partition, item.Offset, attempt, Reason(error));
            return error;
        }
    }

    /// <summary>Null errors do not come here. False where there is nowhere to go.</summary>
    private async Task<bool> TryMoveAsync(WorkItem item, int stage, int attempts, Exception error, CancellationToken hurry)
    {
        // What cannot be read now cannot be read later: it does not go through the retry topics.
        Stage? next = error is UnreadableRecordException ? stages.FirstOrDefault(s => s.Delay is null) : stages.ElementAtOrDefault(stage);
        if (next is null) return false;
        DateTimeOffset? due = next.Delay is { } delay ? time.GetUtcNow() + delay : null;
        RawRecord moved = new(item.Key, item.Value)
        {
            Headers = ErrorHeaders.Of(item, options.GroupId, attempts, Reason(error), due),
        };
        for (int failures = 1; ; failures++)
        {
            try
            {
                await connection.Producer.SendAsync(next.Topic, moved, hurry).ConfigureAwait(false);
                LogMoved(logger, item.Topic, item.Partition, item.Offset, next.Topic, attempts);
                return true;
            }
            catch (MoldauException problem)
            {
                LogStuck(logger, next.Topic, problem.Message);
                await Task.Delay(options.Waits.After(failures), time, hurry).ConfigureAwait(false);
            }
        }
    }

    private RecordContext<TKey, TValue> Context(WorkItem item, int attempt)
    {
        long? originalOffset = ErrorHeaders.Number(item.Headers, ErrorHeaders.Offset);
        return new RecordContext<TKey, TValue>
        {
            Topic = topic.Name,
            Partition = (int)(ErrorHeaders.Number(item.Headers, ErrorHeaders.Partition) ?? item.Partition),
            Offset = originalOffset ?? item.Offset,
            Key = Read(topic.Key, item.Key, isKey: true),
            Value = Read(topic.Value, item.Value, isKey: false),
            IsTombstone = item.Value is null,
            Timestamp = ErrorHeaders.Number(item.Headers, ErrorHeaders.Timestamp) is { } ms
                ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
                : item.Timestamp,
            Headers = item.Headers,
            Attempt = attempt,
        };
    }

    private T? Read<T>(IDeserializer<T> format, byte[]? bytes, bool isKey)
    {
        if (bytes is null) return default;
        try
        {
            return format.Deserialize(bytes, new SerializationContext(topic.Name, isKey));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new UnreadableRecordException(error is FormatException
                ? error
                : new FormatException($"the {(isKey ? "key" : "value")} cannot be read: {error.Message}", error));
        }
    }

    private static Exception Reason(Exception error) => error is UnreadableRecordException ? error.InnerException! : error;

    /// <summary>The deserializer's failure. What the handler throws, a <see cref="FormatException"/> of its own included, is
    /// another matter: trying again may help.</summary>
    private sealed class UnreadableRecordException(Exception inner) : Exception(inner.Message, inner);

    [LoggerMessage(LogLevel.Warning, "the record at offset {Offset} of {Topic}-{Partition} failed, attempt {Attempt}")]
    private static partial void LogFailed(ILogger logger, string topic, int partition, long offset, int attempt, Exception error);

    [LoggerMessage(LogLevel.Warning, "the record at offset {Offset} of {Topic}-{Partition} goes to {Target} after {Attempts} attempts")]
    private static partial void LogMoved(ILogger logger, string topic, int partition, long offset, string target, int attempts);

    [LoggerMessage(LogLevel.Error, "{Topic} does not take a record that failed: {Reason}")]
    private static partial void LogStuck(ILogger logger, string topic, string reason);
}
