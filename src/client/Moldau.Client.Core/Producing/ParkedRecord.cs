using System.Buffers;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>A copy of a record that waits until its topic is known or there is room. As an operation it ends when the
/// record is in a batch or its time is over, and is used again for another one when that was told.</summary>
internal sealed class ParkedRecord(RecordAccumulator accumulator) : ClientOperation
{
    private int _partition;
    private long _timestampMs;
    private int _keyBytes;
    private int _valueBytes;
    private RecordHeader[] _headers = [];
    private string _topic = "";
    private byte[] _data = [];

    /// <summary>In the order of batches and other parked records.</summary>
    public long Number { get; private set; }

    public Instant Deadline { get; private set; }

    /// <summary>What was known of the cluster when it was parked.</summary>
    public int Generation { get; private set; }

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

    /// <summary>Takes a copy of another record.</summary>
    public void Begin(in ProduceRecord record, long number, Instant deadline, int generation)
    {
        Renew();
        (Number, Deadline, Generation) = (number, deadline, generation);
        (_topic, _partition, _timestampMs) = (record.Topic, record.Partition, record.TimestampMs);
        _keyBytes = record.Key.IsNull ? -1 : record.Key.Span.Length;
        _valueBytes = record.Value.IsNull ? -1 : record.Value.Span.Length;
        _headers = record.Headers.ToArray();
        _data = ArrayPool<byte>.Shared.Rent(Math.Max(0, _keyBytes) + Math.Max(0, _valueBytes));
        record.Key.Span.CopyTo(_data);
        record.Value.Span.CopyTo(_data.AsSpan(record.Key.Span.Length));
    }

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

    internal override void OnTold()
    {
        Batch = null;
        accumulator.Keep(this);
    }

    private void Release()
    {
        ArrayPool<byte>.Shared.Return(_data);
        _data = [];
    }
}
