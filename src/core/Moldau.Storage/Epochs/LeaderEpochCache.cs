using System.Globalization;
using System.Text;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>The offset at which a leader epoch began.</summary>
public readonly record struct EpochEntry(int Epoch, long StartOffset);

/// <summary>The answer to "where did this epoch end?"; −1 and −1 when it is not known.</summary>
public readonly record struct EpochEndOffset(int Epoch, long EndOffset)
{
    public static readonly EpochEndOffset Undefined = new(-1, -1);
}

/// <summary>The leader epochs of a log and where each began (KIP-101), oldest first. Both numbers rise from entry to
/// entry. Kept in <c>leader-epoch-checkpoint</c>; recovery cuts it together with the log (KAFKA-10706).</summary>
public sealed class LeaderEpochCache
{
    private const string FileVersion = "0";

    private readonly List<EpochEntry> _entries = [];

    /// <summary>Counts the changes, so that the log can tell whether its file says the same.</summary>
    public int Version { get; private set; }

    public IReadOnlyList<EpochEntry> Entries => _entries;

    public EpochEntry? Latest => _entries.Count == 0 ? null : _entries[^1];

    public EpochEntry? Earliest => _entries.Count == 0 ? null : _entries[0];

    public LeaderEpochCache Copy()
    {
        LeaderEpochCache copy = new();
        copy._entries.AddRange(_entries);
        return copy;
    }

    /// <summary>Notes that the batch at the offset has this epoch. Entries that contradict it give way, so that the list
    /// stays monotonic. True if the list changed and must be written.</summary>
    public bool Assign(int epoch, long startOffset)
    {
        Verify.That(epoch >= 0);
        Verify.That(startOffset >= 0);
        if (Latest is { } last && last.Epoch == epoch && startOffset >= last.StartOffset) return false;
        while (_entries.Count > 0 && (_entries[^1].Epoch >= epoch || _entries[^1].StartOffset >= startOffset))
            _entries.RemoveAt(_entries.Count - 1);
        _entries.Add(new EpochEntry(epoch, startOffset));
        Version++;
        return true;
    }

    /// <summary>The largest known epoch at or below the requested one, and the offset at which its successor began (for
    /// the latest epoch: the end of the log).</summary>
    public EpochEndOffset EndOffsetFor(int requestedEpoch, long logEndOffset)
    {
        if (requestedEpoch < 0 || _entries.Count == 0) return EpochEndOffset.Undefined;
        if (_entries[^1].Epoch == requestedEpoch) return new EpochEndOffset(requestedEpoch, logEndOffset);
        int higher = _entries.FindIndex(e => e.Epoch > requestedEpoch);
        if (higher < 0) return EpochEndOffset.Undefined;
        int epoch = higher == 0 ? requestedEpoch : _entries[higher - 1].Epoch;
        return new EpochEndOffset(epoch, _entries[higher].StartOffset);
    }

    /// <summary>The epoch of the record at an offset, if it is known.</summary>
    public int? EpochForOffset(long offset)
    {
        int? epoch = null;
        foreach (EpochEntry entry in _entries)
        {
            if (entry.StartOffset > offset) break;
            epoch = entry.Epoch;
        }

        return epoch;
    }

    /// <summary>Drops epochs that begin at or behind the end; true if any did.</summary>
    public bool TruncateFromEnd(long endOffset)
    {
        if (_entries.RemoveAll(e => e.StartOffset >= endOffset) == 0) return false;
        Version++;
        return true;
    }

    /// <summary>Drops epochs that ended before the start; the one that holds it then begins there. True if changed.</summary>
    public bool TruncateFromStart(long startOffset)
    {
        int covered = 0;
        while (covered < _entries.Count && _entries[covered].StartOffset <= startOffset) covered++;
        if (covered == 0) return false;
        EpochEntry holder = _entries[covered - 1];
        if (covered == 1 && holder.StartOffset == startOffset) return false;
        _entries.RemoveRange(0, covered);
        _entries.Insert(0, holder with { StartOffset = startOffset });
        Version++;
        return true;
    }

    public bool Clear()
    {
        if (_entries.Count == 0) return false;
        _entries.Clear();
        Version++;
        return true;
    }

    /// <summary>The text of the checkpoint file.</summary>
    public byte[] Encode() => CheckpointText.Encode(
        FileVersion, _entries, e => string.Create(CultureInfo.InvariantCulture, $"{e.Epoch} {e.StartOffset}"));

    /// <summary>Null if the file is damaged.</summary>
    public static LeaderEpochCache? TryDecode(ReadOnlySpan<byte> text)
    {
        LeaderEpochCache cache = new();
        if (CheckpointText.TryDecode(Encoding.UTF8.GetString(text), FileVersion) is not { } lines) return null;
        foreach (string line in lines)
        {
            string[] parts = CheckpointText.Split(line);
            if (parts.Length != 2
                || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int epoch)
                || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long start))
                return null;
            cache.Assign(epoch, start);
        }

        return cache;
    }
}
