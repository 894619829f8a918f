using Moldau.Records;

namespace Moldau.Client;

/// <summary>A record to be appended; its bytes are copied.</summary>
internal readonly ref struct ProduceRecord
{
    public const int AnyPartition = -1;
    public const long Now = -1;

    /// <summary>Length, attributes, timestamp and offset delta and the lengths of key, value and headers, all as long as
    /// they can get.</summary>
    private const int MostOverheadBytes = 36;

    private const int MostHeaderOverheadBytes = 10;

    public required string Topic { get; init; }

    public int Partition { get; init; }

    /// <summary>Milliseconds since 1970, or <see cref="Now"/>.</summary>
    public long TimestampMs { get; init; }

    public OptionalBytes Key { get; init; }

    public OptionalBytes Value { get; init; }

    public ReadOnlySpan<RecordHeader> Headers { get; init; }

    /// <summary>Bytes that the record takes in a batch at most.</summary>
    public long MostBytes
    {
        get
        {
            long bytes = (long)MostOverheadBytes + Key.Span.Length + Value.Span.Length;
            foreach (RecordHeader header in Headers)
                bytes += MostHeaderOverheadBytes + header.Key.Length + (header.Value?.Length ?? 0);
            return bytes;
        }
    }

    /// <summary>The same record with other headers and another time.</summary>
    public ProduceRecord With(ReadOnlySpan<RecordHeader> headers, long timestampMs) => new()
    {
        Topic = Topic,
        Partition = Partition,
        TimestampMs = timestampMs,
        Key = Key,
        Value = Value,
        Headers = headers,
    };
}
