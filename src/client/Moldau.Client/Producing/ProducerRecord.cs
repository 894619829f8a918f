using Moldau.Records;

namespace Moldau.Client;

/// <summary>A record to send, with everything that it may have.</summary>
/// <typeparam name="TKey">The type of the key.</typeparam>
/// <typeparam name="TValue">The type of the value.</typeparam>
/// <param name="Key">The key; null for none.</param>
/// <param name="Value">The value; null for a tombstone.</param>
public readonly record struct ProducerRecord<TKey, TValue>(TKey? Key, TValue? Value)
{
    /// <summary>The headers in their order; a key may occur more than once.</summary>
    public ReadOnlyMemory<RecordHeader> Headers { get; init; }

    /// <summary>The record's time; null for now.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The partition; null leaves it to the partitioner.</summary>
    public int? Partition { get; init; }
}

/// <summary>A record to send whose key and value are bytes already.</summary>
/// <param name="Key">The key; null for none.</param>
/// <param name="Value">The value; null for a tombstone.</param>
public readonly record struct RawRecord(ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Value)
{
    /// <summary>The headers in their order; a key may occur more than once.</summary>
    public ReadOnlyMemory<RecordHeader> Headers { get; init; }

    /// <summary>The record's time; null for now.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The partition; null leaves it to the partitioner.</summary>
    public int? Partition { get; init; }
}
