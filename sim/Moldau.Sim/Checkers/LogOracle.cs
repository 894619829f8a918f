using Moldau.Base;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>All that was ever written to one partition, as the disk took it. Checks as it learns:
/// <list type="bullet">
/// <item>L2: one value per offset for all time, restarts included;</item>
/// <item>L3: offsets are dense, in the order of the log;</item>
/// <item>L9: what a loss of power truncated does not come back;</item>
/// <item>P1: the sequences of an idempotent producer have no gap and no duplicate;</item>
/// <item>D1: what is written is whole.</item>
/// </list></summary>
internal sealed class LogOracle(string name, Action<string> fail, SimCoverage? coverage = null)
{
    private readonly List<BatchNote> _batches = [];
    private readonly Dictionary<long, (short Epoch, int LastSequence)> _producers = [];
    private readonly HashSet<(long BaseOffset, uint Crc, int LeaderEpoch)> _truncated = [];

    // Where the log began anew because less was left of it than the checkpoint of its start says.
    private long _floor;

    public string Name => name;

    public IReadOnlyList<BatchNote> Batches => _batches;

    public long End => _batches.Count == 0 ? _floor : Math.Max(_floor, _batches[^1].NextOffset);

    /// <summary>The highest high watermark that anyone may have seen.</summary>
    public long Exposed { get; set; }

    /// <summary>What a loss of power must leave: for logs that acknowledge what is synced, what they have acknowledged.</summary>
    public long Promised { get; set; }

    /// <summary>The highest log start there ever was. A crash may bring it back down, as long as the checkpoint did not say
    /// it.</summary>
    public long HighestStart { get; set; }

    /// <summary>The highest offset that a client has asked to delete below.</summary>
    public long DeletedBelow { get; set; }

    /// <summary>Batches that rotted while no process ran: recovery cuts the log at the first that it looks at.</summary>
    public List<(long BaseOffset, long LastOffset)> Rotten { get; } = [];

    /// <summary>Takes note of batches that the disk has now.</summary>
    /// <param name="isLeftOver">The log has failed before: what was under way then may stand behind a hole, and is cut
    /// off.</param>
    public void Written(ReadOnlySpan<byte> bytes, SimFileData file, string path, long position, bool isLeftOver = false)
    {
        RecordBatchEnumerator batches = new(bytes);
        int at = 0;
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            if (!batch.IsCrcValid)
            {
                fail($"[D1] {name}: a batch at offset {batch.BaseOffset} was written damaged");
                return;
            }

            bool isBehindHole = isLeftOver && batch.BaseOffset != End;
            if (!isBehindHole) Add(BatchNote.Of(batch, file, path, position + at));
            at += batch.SizeInBytes;
        }

        if (at != bytes.Length) fail($"[D1] {name}: {bytes.Length} bytes were written, {at} of them are batches");
    }

    /// <summary>Compares what a start found with what was written before; the log as found is the truth from now on.</summary>
    /// <param name="found">From the log's start on.</param>
    /// <param name="start">The log's start after loading.</param>
    /// <param name="end">The log's end after loading.</param>
    /// <param name="lostPower">Since the log was last open.</param>
    public void Loaded(IReadOnlyList<BatchNote> found, long start, long end, bool lostPower)
    {
        long due = lostPower ? Math.Min(Promised, End) : End;
        foreach ((long first, long last) in Rotten)
            if (last >= start) due = Math.Min(due, first);
        if (end < due) fail($"[L1] {name}: offsets below {due} must be there after {(lostPower ? "a loss of power" : "a kill")}, the log ends at {end}");
        // Rot below the log's start, in the batch that holds it, takes all, and the log begins anew there.
        bool hasBegunAnew = found.Count == 0 && Rotten.Exists(r => r.BaseOffset < start && r.LastOffset >= start);
        if (Rotten.Exists(r => r.BaseOffset == end)) coverage?.Hit(SimMark.RotCut);
        Rotten.RemoveAll(r => r.BaseOffset >= end);
        Truncate(end);
        if (start > End && !lostPower && !hasBegunAnew) fail($"[L1] {name}: the log starts at {start}, and only {End} offsets were written");
        if (found.Count == 0) _floor = Math.Max(_floor, start);
        foreach (BatchNote note in found)
        {
            if (note.BaseOffset >= End)
            {
                // Written by a process that died before it could say so.
                coverage?.Hit(SimMark.WrittenButUntold);
                if (_truncated.Contains((note.BaseOffset, note.Crc, note.LeaderEpoch)))
                    fail($"[L9] {name}: the batch at {note.BaseOffset} was lost, and is back");
                Add(note);
                continue;
            }

            int index = Find(note.BaseOffset);
            if (index < 0 || !_batches[index].IsSameAs(note))
                fail($"[L2] {name}: the batch at {note.BaseOffset} is not the one that was written there");
            else _batches[index] = note;
        }

        Exposed = Math.Min(Exposed, end);
        Promised = Math.Min(Promised, end);
    }

    /// <summary>The first batch that holds an offset at or above this one.</summary>
    public int FirstFrom(long offset)
    {
        int low = 0;
        int high = _batches.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_batches[middle].LastOffset < offset) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private void Add(in BatchNote note)
    {
        if ((_batches.Count > 0 || _floor > 0) && note.BaseOffset != End)
            fail($"[L3] {name}: offset {End} is due and {note.BaseOffset} was written");
        CheckSequence(note);
        _batches.Add(note);
    }

    private void CheckSequence(in BatchNote note)
    {
        if (note.Producer.Id < 0) return;
        bool isKnown = _producers.TryGetValue(note.Producer.Id, out (short Epoch, int LastSequence) last);
        int due = isKnown && last.Epoch == note.Producer.Epoch ? RecordSequence.Add(last.LastSequence, 1) : 0;
        if (isKnown && note.Producer.Epoch < last.Epoch)
            fail($"[P1] {name}: epoch {note.Producer.Epoch} of producer {note.Producer.Id} wrote at {note.BaseOffset} after {last.Epoch}");
        else if (note.BaseSequence != due)
            fail($"[P1] {name}: producer {note.Producer.Id} wrote sequence {note.BaseSequence} at {note.BaseOffset}, {due} was due");
        _producers[note.Producer.Id] = (note.Producer.Epoch, note.LastSequence);
    }

    private void Truncate(long end)
    {
        int keep = FirstFrom(end);
        if (keep == _batches.Count) return;
        coverage?.Hit(SimMark.TailLost);
        foreach (BatchNote note in _batches.Skip(keep)) _truncated.Add((note.BaseOffset, note.Crc, note.LeaderEpoch));
        _batches.RemoveRange(keep, _batches.Count - keep);
        _producers.Clear();
        foreach (BatchNote note in _batches)
            if (note.Producer.Id >= 0) _producers[note.Producer.Id] = (note.Producer.Epoch, note.LastSequence);
    }

    private int Find(long baseOffset)
    {
        int index = FirstFrom(baseOffset);
        return index < _batches.Count && _batches[index].BaseOffset == baseOffset ? index : -1;
    }
}
