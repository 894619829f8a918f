using System.Buffers;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>A copy of a record that waits until its topic is known or there is room. As an operation it ends when the
/// record is in a batch or its time is over.</summary>
internal sealed class ParkedRecord : ClientOperation
{
    private readonly int _partition;
    private readonly long _timestampMs;
    private readonly int _keyBytes;
    private readonly int _valueBytes;
    private readonly RecordHeader[] _headers;
    private readonly string _topic;
    private byte[] _data;

    public ParkedRecord(in ProduceRecord record, long number, Instant deadline, int generation)
    {
        (Number, Deadline, Generation) = (number, deadline, generation);
        (_topic, _partition, _timestampMs) = (record.Topic, record.Partition, record.TimestampMs);
        _keyBytes = record.Key.IsNull ? -1 : record.Key.Span.Length;
        _valueBytes = record.Value.IsNull ? -1 : record.Value.Span.Length;
        _headers = record.Headers.ToArray();
        _data = ArrayPool<byte>.Shared.Rent(Math.Max(0, _keyBytes) + Math.Max(0, _valueBytes));
        record.Key.Span.CopyTo(_data);
        record.Value.Span.CopyTo(_data.AsSpan(record.Key.Span.Length));
    }

    /// <summary>In the order of batches and other parked records.</summary>
    public long Number { get; }

    public Instant Deadline { get; }

    /// <summary>What was known of the cluster when it was parked.</summary>
    public int Generation { get; }

    /// <summary>Where it went.</summary>
    public ProduceBatch? Batch { get; private set; }

    public int Index { get; private set; }

    public ProduceRecord Record => new()
    {
        Topic = _topic,
        Partition = _partition,
        TimestampMs = _timestampMs,
        Key = _keyBytes < 0 ? OptionalBytes.Null : new OptionalBytes(_data.AsSpan(0, _keyBytes)),
        Value = _valueBytes < 0
            ? OptionalBytes.Null
            : new OptionalBytes(_data.AsSpan(Math.Max(0, _keyBytes), _valueBytes)),
        Headers = _headers,
    };

    public void Succeed(ProduceBatch batch, int index, ClientTurn turn)
    {
        (Batch, Index) = (batch, index);
        Release();
        End(turn);
    }

    public void Fail(ClientError error, ClientTurn turn)
    {
        Release();
        TryFail(error, turn);
    }

    private void Release()
    {
        ArrayPool<byte>.Shared.Return(_data);
        _data = [];
    }
}
