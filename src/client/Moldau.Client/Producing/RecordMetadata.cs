namespace Moldau.Client;

/// <summary>Where a record was written.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The record's offset; −1 where the broker did not say, as with <c>acks=0</c>.</param>
/// <param name="Timestamp">The record's time: the sender's, or the broker's where the topic takes that.</param>
public readonly record struct RecordMetadata(string Topic, int Partition, long Offset, DateTimeOffset Timestamp);
