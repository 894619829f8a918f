using Moldau.Base;

namespace Moldau.Client;

/// <summary>Records of one partition, of what one fetch brought. Read once, with <c>foreach</c>, before the next batch is
/// asked for; nothing is allocated for a record but what its deserializer makes.</summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <typeparam name="TValue">The type of the values.</typeparam>
public sealed class ConsumedBatch<TKey, TValue>
{
    private readonly Consumer<TKey, TValue> _consumer;
    private PartitionCursor _cursor = null!;
    private ConsumedRecord<TKey, TValue> _last;
    private int _left;

    internal ConsumedBatch(Consumer<TKey, TValue> consumer) => _consumer = consumer;

    /// <summary>The partition that the records are from.</summary>
    public TopicPartition TopicPartition => _cursor.Partition;

    /// <summary>The offset after everything of this batch that was read or passed over: control records and what was
    /// compacted away count too.</summary>
    public long NextOffset => _consumer.NextOffset;

    /// <summary>The records in their order.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>All records that were read of this batch are worked on: the next commit covers them.</summary>
    public void Done()
    {
        if (HasRead) _last.Done();
    }

    /// <summary>Marks what was read of this batch as done and commits.</summary>
    /// <exception cref="MoldauException">The group refused.</exception>
    public Task CommitAsync(CancellationToken cancel = default)
    {
        Done();
        return _consumer.CommitAsync(cancel);
    }

    /// <summary>True where something of it was read.</summary>
    internal bool HasRead { get; private set; }

    internal void Open(PartitionCursor cursor, int mostRecords)
    {
        (_cursor, _left) = (cursor, mostRecords);
        HasRead = false;
    }

    /// <summary>Walks over the records.</summary>
    public readonly struct Enumerator
    {
        private readonly ConsumedBatch<TKey, TValue> _batch;

        internal Enumerator(ConsumedBatch<TKey, TValue> batch) => _batch = batch;

        /// <summary>The record that <see cref="MoveNext"/> went to.</summary>
        public ConsumedRecord<TKey, TValue> Current => _batch._last;

        /// <summary>False at the batch's end, or when its partition was taken away or sought elsewhere.</summary>
        public bool MoveNext()
        {
            if (_batch._left == 0 || !_batch._consumer.TryRead(out ConsumedRecord<TKey, TValue> record)) return false;
            _batch._left--;
            _batch._last = record;
            _batch.HasRead = true;
            return true;
        }
    }
}
