using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>What one client knows of one partition of a topic that loses records on purpose (retention, DeleteRecords) and
/// is deleted and made again. Checks L1 (nothing above the log's start is gone), L2 (one value per offset), L13 (no value
/// of an earlier topic of the name).</summary>
internal sealed class TopicModel(SimWorld world, string name)
{
    private readonly SortedDictionary<long, long> _known = [];
    private readonly HashSet<long> _sent = [];

    /// <summary>What the next fetch asks for.</summary>
    public long Position { get; set; }

    /// <summary>The highest offset that a DeleteRecords has named.</summary>
    public long DeletedBelow { get; set; }

    /// <summary>The highest log start that the node has told.</summary>
    public long Start { get; private set; }

    public long HighestKnown => _known.Count == 0 ? -1 : _known.Keys.Last();

    public void Sent(long id) => _sent.Add(id);

    public void Acked(long offset, long id) => Learn(offset, id, "was acknowledged");

    /// <summary>The node says where the log starts; it only moves up.</summary>
    public void StartIs(long offset)
    {
        if (offset < 0) return;
        Start = Math.Max(Start, offset);
        Position = Math.Max(Position, Start);
    }

    /// <summary>The power was cut, and the topic promises nothing then.</summary>
    public void Forget()
    {
        _known.Clear();
        (Position, Start) = (0, 0);
    }

    /// <summary>Takes what a fetch from the position gave.</summary>
    /// <param name="bytes">The batches.</param>
    /// <param name="rotten">Those that rotted on the disk: their sums tell, and the client goes on behind them.</param>
    public void Read(ReadOnlySpan<byte> bytes, IReadOnlyList<(long BaseOffset, long LastOffset)> rotten)
    {
        RecordBatchEnumerator batches = new(bytes);
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            if (!batch.IsCrcValid && rotten.Contains((batch.BaseOffset, batch.LastOffset)))
            {
                world.Coverage.Hit(SimMark.RotServed);
                Position = Math.Max(Position, batch.NextOffset);
                continue;
            }

            if (!batch.IsCrcValid)
            {
                world.Fail($"[D1] {name} served a batch at {batch.BaseOffset} with a wrong checksum");
                return;
            }

            using RecordEnumerator records = batch.ReadRecords(world.Codecs);
            while (records.MoveNext())
            {
                RecordView record = records.Current;
                if (record.Offset < Position) continue;
                if (record.Offset != Position) world.Fail($"[L3] {name} went from {Position} to {record.Offset}");
                Saw(record.Offset, record.Value);
                Position = record.Offset + 1;
            }
        }
    }

    private void Saw(long offset, ReadOnlySpan<byte> value)
    {
        long id = value.Length >= 8 ? BinaryPrimitives.ReadInt64BigEndian(value) : -1;
        if (!_sent.Contains(id)) world.Fail($"[L13] {name}: offset {offset} has {id:x}, which was not sent to this topic");
        else if (!value.SequenceEqual(RecordHistory.ValueOf(id))) world.Fail($"[D1] {name}: offset {offset} has other bytes than {id:x}");
        else Learn(offset, id, "is");
    }

    private void Learn(long offset, long id, string what)
    {
        if (!_known.TryAdd(offset, id) && _known[offset] != id)
            world.Fail($"[L2] {name}: offset {offset} was {_known[offset]:x} and {what} {id:x}");
    }
}
