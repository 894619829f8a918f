namespace Moldau.Client.Hosting;

/// <summary>Sends records to one topic. Inject it; see <see cref="MoldauBuilder.AddProducer"/>.</summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <typeparam name="TValue">The type of the values.</typeparam>
public interface IProducer<TKey, TValue>
{
    /// <summary>Sends a record and waits until it is acknowledged.</summary>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    ValueTask<RecordMetadata> SendAsync(TKey? key, TValue? value, CancellationToken cancel = default);

    /// <summary>Sends a record with headers, a time or a partition of its own, and waits until it is acknowledged.</summary>
    /// <param name="record">The record.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    ValueTask<RecordMetadata> SendAsync(ProducerRecord<TKey, TValue> record, CancellationToken cancel = default);

    /// <summary>Puts a record into its batch and waits only for room; <see cref="FlushAsync"/> tells of failures.</summary>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">The record cannot be taken.</exception>
    ValueTask EnqueueAsync(TKey? key, TValue? value, CancellationToken cancel = default);

    /// <summary>Waits until everything that was enqueued is written.</summary>
    /// <param name="cancel">Gives up waiting; the records go on.</param>
    /// <exception cref="AggregateException">Enqueued records have failed.</exception>
    Task FlushAsync(CancellationToken cancel = default);
}

internal sealed class TopicProducer<TKey, TValue>(Connection connection, Topic<TKey, TValue> topic) : IProducer<TKey, TValue>
{
    public ValueTask<RecordMetadata> SendAsync(TKey? key, TValue? value, CancellationToken cancel = default) =>
        connection.Producer.SendAsync(topic, key, value, cancel);

    public ValueTask<RecordMetadata> SendAsync(ProducerRecord<TKey, TValue> record, CancellationToken cancel = default) =>
        connection.Producer.SendAsync(topic, record, cancel);

    public ValueTask EnqueueAsync(TKey? key, TValue? value, CancellationToken cancel = default) =>
        connection.Producer.EnqueueAsync(topic, key, value, cancel);

    public Task FlushAsync(CancellationToken cancel = default) => connection.Producer.FlushAsync(cancel);
}
