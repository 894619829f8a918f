using System.Text;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>A record that was read.</summary>
/// <typeparam name="TKey">The type of the key.</typeparam>
/// <typeparam name="TValue">The type of the value.</typeparam>
public readonly struct ConsumedRecord<TKey, TValue>
{
    private readonly PartitionCursor _cursor;
    private readonly RecordMemory _record;
    private readonly int _epoch;
    private readonly int _generation;

    internal ConsumedRecord(FetchedChunk chunk, in RecordMemory record, int epoch, TKey? key, TValue? value)
    {
        (_cursor, _generation, _record, _epoch, Key, Value) = (chunk.Cursor, chunk.Generation, record, epoch, key, value);
    }

    /// <summary>Where it was read.</summary>
    public TopicPartition TopicPartition => _cursor.Partition;

    /// <summary>The topic's name.</summary>
    public string Topic => _cursor.Partition.Topic;

    /// <summary>The partition's number.</summary>
    public int Partition => _cursor.Partition.Partition;

    /// <summary>The record's offset in its partition.</summary>
    public long Offset => _record.Offset;

    /// <summary>The leader epoch it was written under, −1 where it is not known.</summary>
    public int LeaderEpoch => _epoch;

    /// <summary>The key; the type's default where the record has none.</summary>
    public TKey? Key { get; }

    /// <summary>The value; the type's default for a tombstone, see <see cref="IsTombstone"/>.</summary>
    public TValue? Value { get; }

    /// <summary>True where the record has no value.</summary>
    public bool IsTombstone => _record.Value is null;

    /// <summary>When it was made, or appended: see <see cref="TimestampType"/>. Within the calendar: a producer may have set any
    /// <see cref="UnixTimeMilliseconds"/>.</summary>
    public DateTimeOffset Timestamp => UnixTime.Of(Math.Max(0, _record.Timestamp));

    /// <summary>Milliseconds since 1970, or −1.</summary>
    public long UnixTimeMilliseconds => _record.Timestamp;

    /// <summary>Whose clock the timestamp is from.</summary>
    public TimestampType TimestampType => _record.TimestampType;

    /// <summary>The key's bytes, valid until the next record is read; null where there is none.</summary>
    public ReadOnlyMemory<byte>? RawKey => _record.Key;

    /// <summary>The value's bytes, valid until the next record is read; null for a tombstone.</summary>
    public ReadOnlyMemory<byte>? RawValue => _record.Value;

    /// <summary>How many headers it has.</summary>
    public int HeaderCount => _record.HeaderCount;

    /// <summary>The headers in their order, copied.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]?>> Headers
    {
        get
        {
            if (_record.HeaderCount == 0) return [];
            List<KeyValuePair<string, byte[]?>> headers = new(_record.HeaderCount);
            foreach (RecordHeaderView header in _record.ReadHeaders())
                headers.Add(new(Encoding.UTF8.GetString(header.Key), header.IsValueNull ? null : header.Value.ToArray()));
            return headers;
        }
    }

    /// <summary>Begins the span <c>process TOPIC</c>, linked to the one that sent the record, for who works on it; null where
    /// nobody listens to spans or metrics. Dispose it when the work is done.</summary>
    /// <param name="group">The consumer's group, to be told with it.</param>
    public ProcessTrace? StartProcessing(string? group = null) =>
        ProcessTrace.Start(Topic, Partition, Offset, Headers, IsTombstone, group);

    /// <summary>This record and all before it in its partition are worked on: the next commit covers them. Needed only
    /// with <see cref="ConsumerOptions.CommitOnlyDone"/>.</summary>
    public void Done() => _cursor.MarkDone(_record.Offset + 1, _epoch, _generation);
}
