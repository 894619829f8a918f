using System.Numerics;
using Moldau.Base;

namespace Moldau.Fuzz;

/// <summary>Inputs that reached what none before them did.</summary>
internal sealed class Corpus(bool hasFeedback)
{
    private readonly List<byte[]> _entries = [];
    private byte[] _seen = [];

    public int Count => _entries.Count;

    public IReadOnlyList<byte[]> Entries => _entries;

    /// <summary>Counters that were ever above zero.</summary>
    public int Covered { get; private set; }

    /// <summary>Keeps the input that was just run if it reached a counter, or a class of counts, for the first time. Without
    /// feedback only seeds are kept.</summary>
    public void Consider(byte[] input, bool isSeed)
    {
        bool isNew = Look();
        if (isSeed || (isNew && hasFeedback)) _entries.Add(input);
    }

    /// <summary>Any entry; half of the time one of the newest eighth.</summary>
    public byte[] Pick(Prng prng)
    {
        int newest = Math.Max(1, _entries.Count / 8);
        return prng.Next(2) == 0 ? _entries[^(1 + prng.Next(newest))] : _entries[prng.Next(_entries.Count)];
    }

    private bool Look()
    {
        Span<byte> counted = EdgeMap.Counted();
        if (_seen.Length < counted.Length) Array.Resize(ref _seen, counted.Length);
        bool isNew = false;
        for (int at = 0; at < counted.Length; at++)
        {
            int skip = counted[at..].IndexOfAnyExcept((byte)0);
            if (skip < 0) break;
            at += skip;
            byte kind = ClassOf(counted[at]);
            if ((_seen[at] & kind) != 0) continue;
            if (_seen[at] == 0) Covered++;
            _seen[at] |= kind;
            isNew = true;
        }

        return isNew;
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
