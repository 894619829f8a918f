using System.Numerics;
using Moldau.Base;

namespace Moldau.Fuzz;

/// <summary>A kept input.</summary>
/// <param name="Input">The bytes.</param>
/// <param name="Rare">The counters it reached that the fewest executions did when it was kept.</param>
/// <param name="Cost">Of one execution: the same on each machine.</param>
internal sealed record CorpusEntry(byte[] Input, int[] Rare, long Cost)
{
    /// <summary>What its execution compared with constants without finding it equal.</summary>
    public ComparedValue[] Comparisons { get; set; } = [];
}

/// <summary>Inputs that reached what none before them did.</summary>
internal sealed class Corpus(bool hasFeedback)
{
    private const int MostRare = 6;

    /// <summary>Entries that compete for each choice: more of them are greedier.</summary>
    private const int Contestants = 6;

    private readonly List<CorpusEntry> _entries = [];

    /// <summary>The first of them are seeds.</summary>
    private int _seeds;
    private byte[] _seen = [];

    /// <summary>For each counter, the executions that reached it.</summary>
    private int[] _reached = [];
    private long _costs;

    public int Count => _entries.Count;

    public IReadOnlyList<CorpusEntry> Entries => _entries;

    /// <summary>Counters that were ever above zero.</summary>
    public int Covered { get; private set; }

    /// <summary>Keeps the input that was just run if it reached a counter, or a class of counts, for the first time; null where
    /// it did not. Without feedback only seeds are kept.</summary>
    public CorpusEntry? Consider(byte[] input, bool isSeed, long cost)
    {
        bool isNew = Look();
        if (!isSeed && !(isNew && hasFeedback)) return null;
        CorpusEntry entry = new(input, hasFeedback ? Rarest() : [], cost);
        if (isSeed && _seeds == _entries.Count) _seeds++;
        _entries.Add(entry);
        _costs += cost;
        return entry;
    }

    /// <summary>With feedback, half of the time the best of some entries: one that reaches what few executions reach, and does not
    /// take long. What is mutated often makes its own counters frequent, so that others come next. Else a seed, which is whole, while
    /// what reaches something rare is often refused at once for it; or any entry.</summary>
    public CorpusEntry Pick(Prng prng)
    {
        CorpusEntry best = Any(prng);
        int kind = prng.Next(4);
        if (!hasFeedback || kind == 0) return best;
        if (kind == 1) return _entries[prng.Next(_seeds)];
        double least = Weight(best);
        for (int i = 1; i < Contestants; i++)
        {
            CorpusEntry entry = Any(prng);
            double weight = Weight(entry);
            if (weight < least) (best, least) = (entry, weight);
        }

        return best;
    }

    public CorpusEntry Any(Prng prng) => _entries[prng.Next(_entries.Count)];

    /// <summary>Executions that reached its rarest counter; twice or four times as many where it takes longer than the others. No
    /// more than that: what is refused at once is the cheapest, and the least worth.</summary>
    private double Weight(CorpusEntry entry)
    {
        int least = int.MaxValue;
        foreach (int at in entry.Rare) least = Math.Min(least, _reached[at]);
        double average = Math.Max(1.0, (double)_costs / _entries.Count);
        return least * Math.Clamp(Math.Sqrt(entry.Cost / average), 0.75, 4);
    }

    private bool Look()
    {
        Span<byte> counted = EdgeMap.Counted();
        if (_seen.Length < counted.Length)
        {
            Array.Resize(ref _seen, counted.Length);
            Array.Resize(ref _reached, counted.Length);
        }

        bool isNew = false;
        for (int at = 0; at < counted.Length; at++)
        {
            int skip = counted[at..].IndexOfAnyExcept((byte)0);
            if (skip < 0) break;
            at += skip;
            _reached[at]++;
            byte kind = ClassOf(counted[at]);
            if ((_seen[at] & kind) != 0) continue;
            if (_seen[at] == 0) Covered++;
            _seen[at] |= kind;
            isNew = true;
        }

        return isNew;
    }

    /// <summary>Of the execution that was just looked at.</summary>
    private int[] Rarest()
    {
        Span<byte> counted = EdgeMap.Counted();
        List<int> rare = [];
        int most = int.MaxValue;
        for (int at = 0; at < counted.Length; at++)
        {
            int skip = counted[at..].IndexOfAnyExcept((byte)0);
            if (skip < 0) break;
            at += skip;
            if (_reached[at] >= most) continue;
            rare.Add(at);
            if (rare.Count <= MostRare) continue;
            rare.Sort((a, b) => _reached[a] != _reached[b] ? _reached[a].CompareTo(_reached[b]) : a.CompareTo(b));
            rare.RemoveAt(MostRare);
            most = _reached[rare[^1]];
        }

        return [.. rare];
    }

    /// <summary>1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more: one bit each.</summary>
    private static byte ClassOf(byte count) => count switch
    {
        <= 3 => (byte)(1 << (count - 1)),
        >= 128 => 128,
        >= 32 => 64,
        _ => (byte)(1 << (BitOperations.Log2(count) + 1)),
    };
}
