namespace Moldau.Client.Hosting;

/// <summary>Works on a topic's records, one at a time for each partition or key. A record counts as done when the method ends
/// without an exception; until then it comes again after a failure, at least once.</summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <typeparam name="TValue">The type of the values.</typeparam>
public interface IRecordHandler<TKey, TValue>
{
    /// <summary>Works on one record.</summary>
    /// <param name="record">The record, which may be kept.</param>
    /// <param name="cancel">The host has no more time for what is under way.</param>
    ValueTask HandleAsync(RecordContext<TKey, TValue> record, CancellationToken cancel);
}

/// <summary>A record to be worked on.</summary>
/// <typeparam name="TKey">The type of the key.</typeparam>
/// <typeparam name="TValue">The type of the value.</typeparam>
public sealed class RecordContext<TKey, TValue>
{
    /// <summary>The topic it was first written to; the retry topics count as that.</summary>
    public required string Topic { get; init; }

    /// <summary>Its partition there.</summary>
    public required int Partition { get; init; }

    /// <summary>Its offset there.</summary>
    public required long Offset { get; init; }

    /// <summary>The key; the type's default where it has none.</summary>
    public required TKey? Key { get; init; }

    /// <summary>The value; the type's default for a tombstone.</summary>
    public required TValue? Value { get; init; }

    /// <summary>True where the record has no value.</summary>
    public required bool IsTombstone { get; init; }

    /// <summary>When it was made, or appended.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The headers in their order.</summary>
    public required IReadOnlyList<KeyValuePair<string, byte[]?>> Headers { get; init; }

    /// <summary>1 for the first time; more after failures, those in retry topics included.</summary>
    public required int Attempt { get; init; }
}
