using Moldau.Base;

namespace Moldau.Client;

/// <summary>A transaction that is open: what is sent and the offsets that are added become visible together, or not at
/// all. Get it from <see cref="Producer.BeginTransactionAsync"/>. Disposing it without a commit aborts it.</summary>
/// <remarks>After an error that is not about one call's arguments the transaction can only be aborted: commits and sends
/// fail with <c>TRANSACTION_ABORTABLE</c>. <c>PRODUCER_FENCED</c> is final: a newer producer has taken the name.</remarks>
public sealed class Transaction : IAsyncDisposable
{
    private readonly Producer _producer;
    private bool _isOver;

    internal Transaction(Producer producer) => _producer = producer;

    /// <summary>Sends a record as part of the transaction and waits until it is acknowledged. Consumers that read committed
    /// records see it after the commit.</summary>
    /// <param name="topic">The topic with the formats of key and value.</param>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    public ValueTask<RecordMetadata> SendAsync<TKey, TValue>(
        Topic<TKey, TValue> topic, TKey? key, TValue? value, CancellationToken cancel = default) =>
        _producer.SendAsync(topic, key, value, cancel);

    /// <summary>Sends a record with headers, a time or a partition of its own; see the shorter form.</summary>
    /// <param name="topic">The topic with the formats of key and value.</param>
    /// <param name="record">The record.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    public ValueTask<RecordMetadata> SendAsync<TKey, TValue>(
        Topic<TKey, TValue> topic, in ProducerRecord<TKey, TValue> record, CancellationToken cancel = default) =>
        _producer.SendAsync(topic, record, cancel);

    /// <summary>Sends bytes as part of the transaction.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="record">The record; its bytes are copied before the call returns.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    public ValueTask<RecordMetadata> SendAsync(string topic, in RawRecord record, CancellationToken cancel = default) =>
        _producer.SendAsync(topic, record, cancel);

    /// <summary>Puts a record into its batch and does not wait for its acknowledgement: the commit fails where it was not
    /// written.</summary>
    /// <param name="topic">The topic with the formats of key and value.</param>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record cannot be taken.</exception>
    public ValueTask EnqueueAsync<TKey, TValue>(
        Topic<TKey, TValue> topic, TKey? key, TValue? value, CancellationToken cancel = default) =>
        _producer.EnqueueAsync(topic, key, value, cancel);

    /// <summary>Commits a consumer's offsets with the transaction: what was read counts as done where what was written
    /// is.</summary>
    /// <param name="offsets">For each partition the offset of the next record to read.</param>
    /// <param name="group">The consumer's group and membership.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">The offsets were refused; the transaction can only be aborted.</exception>
    public Task AddOffsetsAsync(
        IReadOnlyDictionary<TopicPartition, long> offsets, ConsumerGroupMetadata group, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        ArgumentNullException.ThrowIfNull(group);
        return offsets.Count == 0
            ? Task.CompletedTask
            : _producer.Transact((offsets, group), static (t, turn, s) => t.AddOffsets(s.group, s.offsets, turn), cancel);
    }

    /// <summary>Commits with the transaction what a consumer has read: the record that is being read is counted in, unless the
    /// consumer counts only records that are marked done. Where the transaction is aborted,
    /// <see cref="Consumer{TKey,TValue}.SeekToCommitted"/> reads it again.</summary>
    /// <param name="consumer">It must not commit by itself, see <see cref="ConsumerOptions.EnableAutoCommit"/>.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="InvalidOperationException">The consumer has no group, or commits by itself.</exception>
    /// <exception cref="MoldauException">The offsets were refused, for instance because the consumer's partitions belong to
    /// another member now; the transaction can only be aborted.</exception>
    public Task AddOffsetsAsync<TKey, TValue>(Consumer<TKey, TValue> consumer, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        (IReadOnlyDictionary<TopicPartition, long> offsets, ConsumerGroupMetadata group) = consumer.ForTransaction();
        return AddOffsetsAsync(offsets, group, cancel);
    }

    /// <summary>Sends what is left, waits for it, and makes everything visible.</summary>
    /// <param name="cancel">Gives up waiting; the commit goes on.</param>
    /// <exception cref="MoldauException">It was not committed; abort it, unless the error is final.</exception>
    public async Task CommitAsync(CancellationToken cancel = default)
    {
        await _producer.Transact(true, static (t, turn, commit) => t.End(commit, turn), cancel).ConfigureAwait(false);
        _isOver = true;
    }

    /// <summary>Drops what was not sent, and makes what was invisible for ever to consumers that read committed
    /// records.</summary>
    /// <param name="cancel">Gives up waiting; the abort goes on.</param>
    /// <exception cref="MoldauException">The coordinator refused; it aborts by itself after
    /// <see cref="ProducerOptions.TransactionTimeout"/>.</exception>
    public async Task AbortAsync(CancellationToken cancel = default)
    {
        _isOver = true;
        await _producer.Transact(false, static (t, turn, commit) => t.End(commit, turn), cancel).ConfigureAwait(false);
    }

    /// <summary>Aborts the transaction unless it was committed or aborted.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isOver) return;
        try
        {
            await AbortAsync().ConfigureAwait(false);
        }
        catch (MoldauException)
        {
            // A fenced or closed producer has nothing left to abort; otherwise the coordinator does it in time.
        }
        catch (ObjectDisposedException)
        {
            // The client went first; the coordinator aborts in time.
        }
    }
}
