using Moldau.Client;
using Moldau.Records;

namespace Moldau.Cli.Shims;

/// <summary>What a formatter may print of a record, wherever it was read.</summary>
/// <param name="DeliveryCount">Only of records that a share group gives out.</param>
/// <param name="LeaderEpoch">Only of others.</param>
internal readonly record struct FormattedRecord(
    TimestampType TimestampType,
    long UnixTimeMilliseconds,
    int Partition,
    long Offset,
    int? DeliveryCount,
    int? LeaderEpoch,
    IReadOnlyList<KeyValuePair<string, byte[]?>> Headers,
    ReadOnlyMemory<byte>? RawKey,
    ReadOnlyMemory<byte>? RawValue)
{
    public static FormattedRecord Of(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, bool withHeaders) => new(
        record.TimestampType, record.UnixTimeMilliseconds, record.Partition, record.Offset, null, record.LeaderEpoch,
        withHeaders ? record.Headers : [], record.RawKey, record.RawValue);

    public static FormattedRecord Of(in SharedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, bool withHeaders) => new(
        record.TimestampType, record.UnixTimeMilliseconds, record.TopicPartition.Partition, record.Offset, record.DeliveryCount, null,
        withHeaders ? record.Headers : [], record.RawKey, record.RawValue);
}
