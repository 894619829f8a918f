using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>A record that a share group has given out: locked for this consumer until it is acknowledged or its lock
/// ends.</summary>
/// <typeparam name="TKey">The type of the key.</typeparam>
/// <typeparam name="TValue">The type of the value.</typeparam>
public readonly struct SharedRecord<TKey, TValue>
{
    private readonly ShareConsumer<TKey, TValue> _consumer;
    private readonly ShareLease _lease;
    private readonly ConsumedRecord<TKey, TValue> _record;

    internal SharedRecord(
        ShareConsumer<TKey, TValue> consumer, ShareLease lease, in ConsumedRecord<TKey, TValue> record, int deliveryCount)
    {
        (_consumer, _lease, _record, DeliveryCount) = (consumer, lease, record, deliveryCount);
    }

    /// <summary>How often the record was given out, this time counted in: 1 at first.</summary>
    public int DeliveryCount { get; }

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.TopicPartition"/>
    public TopicPartition TopicPartition => _record.TopicPartition;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.Offset"/>
    public long Offset => _record.Offset;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.Key"/>
    public TKey? Key => _record.Key;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.Value"/>
    public TValue? Value => _record.Value;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.IsTombstone"/>
    public bool IsTombstone => _record.IsTombstone;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.Timestamp"/>
    public DateTimeOffset Timestamp => _record.Timestamp;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.UnixTimeMilliseconds"/>
    public long UnixTimeMilliseconds => _record.UnixTimeMilliseconds;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.TimestampType"/>
    public TimestampType TimestampType => _record.TimestampType;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.RawKey"/>
    public ReadOnlyMemory<byte>? RawKey => _record.RawKey;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.RawValue"/>
    public ReadOnlyMemory<byte>? RawValue => _record.RawValue;

    /// <inheritdoc cref="ConsumedRecord{TKey,TValue}.Headers"/>
    public IReadOnlyList<KeyValuePair<string, byte[]?>> Headers => _record.Headers;

    /// <summary>The record is worked on: nobody gets it again.</summary>
    /// <exception cref="InvalidOperationException">It was acknowledged before.</exception>
    public void Accept() => Acknowledge(AcknowledgeType.Accept);

    /// <summary>The record is not worked on: somebody gets it again, unless it was given out too often.</summary>
    /// <exception cref="InvalidOperationException">It was acknowledged before.</exception>
    public void Release() => Acknowledge(AcknowledgeType.Release);

    /// <summary>The record cannot be worked on: nobody gets it again.</summary>
    /// <exception cref="InvalidOperationException">It was acknowledged before.</exception>
    public void Reject() => Acknowledge(AcknowledgeType.Reject);

    /// <summary>The record is still being worked on: its lock begins anew. It is to be acknowledged afterwards.</summary>
    /// <exception cref="InvalidOperationException">It was acknowledged before.</exception>
    public void Renew() => Acknowledge(AcknowledgeType.Renew);

    /// <summary>Says what becomes of the record. It goes to the broker with the next fetch, after half a second, or with
    /// <see cref="ShareConsumer{TKey,TValue}.CommitAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">It was acknowledged before.</exception>
    public void Acknowledge(AcknowledgeType type)
    {
        if (!_consumer.Acknowledge(_lease, Offset, type))
            throw new InvalidOperationException($"the record at offset {Offset} of {TopicPartition} was acknowledged before");
    }
}
