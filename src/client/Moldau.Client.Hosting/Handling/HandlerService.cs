using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Moldau.Client.Hosting;

/// <summary>Runs a handler as long as the host does: a reader for its topic and one for each retry topic. Stopping reads nothing
/// more, lets what was read be worked on, commits it and leaves the group.</summary>
internal sealed partial class HandlerService<TKey, TValue> : BackgroundService
{
    private readonly Connection _connection;
    private readonly Topic<TKey, TValue> _topic;
    private readonly HandlerOptions _options;
    private readonly ILogger _logger;
    private readonly RecordWorker<TKey, TValue> _worker;
    private readonly IReadOnlyList<Stage> _stages;
    private readonly TimeProvider _time;

    /// <summary>The host has no more time.</summary>
    private readonly CancellationTokenSource _hurry = new();

    public HandlerService(
        Connection connection,
        Topic<TKey, TValue> topic,
        HandlerOptions options,
        IServiceScopeFactory scopes,
        Func<IServiceProvider, IRecordHandler<TKey, TValue>> handler,
        TimeProvider time,
        ILogger logger)
    {
        (_connection, _topic, _options, _time, _logger) = (connection, topic, options, time, logger);
        _stages = options.StagesOf(topic.Name);
        _worker = new RecordWorker<TKey, TValue>(connection, topic, options, _stages, scopes, handler, time, logger);
        connection.Watch(_worker);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration hurry =
            cancellationToken.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), _hurry);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        base.Dispose();
        _hurry.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await MakeTopicsAsync(stoppingToken).ConfigureAwait(false);
            List<Task> readers = [ReadAsync(_topic.Name, 0, stoppingToken)];
            for (int i = 0; i < _stages.Count; i++)
                if (_stages[i].Delay is not null) readers.Add(ReadAsync(_stages[i].Topic, i + 1, stoppingToken));
            await Task.WhenAll(readers).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before it had begun.
        }
    }

    private async Task MakeTopicsAsync(CancellationToken stop)
    {
        if (!_options.CreatesTopics || _stages.Count == 0) return;
        for (int failures = 1; ; failures++)
        {
            try
            {
                var known = await _connection.Client.Admin.DescribeTopicsAsync([_topic.Name], stop).ConfigureAwait(false);
                int partitions = known[_topic.Name] is { IsSuccess: true } info ? info.Value!.Partitions.Length : -1;
                NewTopic[] topics = [.. _stages.Select(s => new NewTopic(s.Topic, partitions, -1))];
                await TopicMaker.EnsureAsync(_connection.Client, topics, stop).ConfigureAwait(false);
                return;
            }
            catch (MoldauException error)
            {
                LogReaderFailed(_logger, _topic.Name, error.Message);
                await Task.Delay(_options.Waits.After(failures), _time, stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads a topic until the host stops; a reader that failed is made anew.</summary>
    private async Task ReadAsync(string topic, int stage, CancellationToken stop)
    {
        for (int failures = 1; !stop.IsCancellationRequested; failures++)
        {
            try
            {
                await ReadOnceAsync(topic, stage, stop).ConfigureAwait(false);
            }
            catch (Exception error) when (error is MoldauException or RecordFormatException)
            {
                LogReaderFailed(_logger, topic, error.Message);
                _worker.Trouble = $"{topic} cannot be read: {error.Message}";
                await Task.Delay(_options.Waits.After(failures), _time, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // What was read is done, and the loop ends.
            }
        }
    }

    private async Task ReadOnceAsync(string topic, int stage, CancellationToken stop)
    {
        ConsumerOptions options = _connection.ConsumerOptions with
        {
            GroupId = stage == 0 ? _options.GroupId : $"{_options.GroupId}.{topic}",
            OffsetReset = stage == 0 ? _options.OffsetReset : OffsetReset.Earliest,
            CommitOnlyDone = true,
            EnableAutoCommit = true,
        };
        await using Consumer<byte[], byte[]> consumer =
            _connection.Client.CreateConsumer(Serde.ByteArray, Serde.ByteArray, options);
        consumer.Subscribe(topic);
        await using WorkLanes lanes = new(_options, (item, lane) => _worker.WorkAsync(item, stage, lane, stop, _hurry.Token));
        await foreach (ConsumedRecord<byte[], byte[]> record in consumer.ReadAllAsync(stop).ConfigureAwait(false))
        {
            WorkItem item = new(record, lanes.ProgressOf(record.TopicPartition));
            if (stage > 0) await _worker.RestAsync(item, stop).ConfigureAwait(false);
            await lanes.AddAsync(item, stop).ConfigureAwait(false);
            _worker.Trouble = null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Topic} cannot be read now: {Reason}")]
    private static partial void LogReaderFailed(ILogger logger, string topic, string reason);
}
