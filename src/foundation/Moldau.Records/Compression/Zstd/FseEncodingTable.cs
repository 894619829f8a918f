using System.Numerics;

namespace Moldau.Records;

/// <summary>The encoding side of a finite state entropy table, for one of zstd's predefined distributions.</summary>
internal sealed class FseEncodingTable
{
    private readonly ushort[] _states;
    private readonly int[] _deltaBits;
    private readonly int[] _deltaState;
    private readonly int _log;

    public FseEncodingTable(ReadOnlySpan<short> counts, int log)
    {
        int size = 1 << log;
        _log = log;
        _states = new ushort[size];
        _deltaBits = new int[counts.Length];
        _deltaState = new int[counts.Length];
        byte[] symbols = new byte[size];
        Base.Verify.That(FseTable.TrySpread(counts, log, symbols));
        int[] next = new int[counts.Length];
        int total = 0;
        for (int s = 0; s < counts.Length; s++)
        {
            int count = Math.Abs((int)counts[s]);
            next[s] = total;
            if (count == 0) continue;
            int maxBits = count == 1 ? log : log - BitOperations.Log2((uint)count - 1);
            int minState = count == 1 ? size : count << maxBits;
            _deltaBits[s] = (maxBits << 16) - minState;
            _deltaState[s] = total - count;
            total += count;
        }

        for (int i = 0; i < size; i++) _states[next[symbols[i]]++] = (ushort)(size + i);
    }

    /// <summary>The state that yields a first symbol (the last one to be decoded) for the fewest bits.</summary>
    public int Begin(int symbol)
    {
        int bits = (_deltaBits[symbol] + (1 << 15)) >> 16;
        int value = (bits << 16) - _deltaBits[symbol];
        return _states[(value >> bits) + _deltaState[symbol]];
    }

    public int Encode(int state, int symbol, ref ZstdBitWriter writer)
    {
        int bits = (state + _deltaBits[symbol]) >> 16;
        writer.Write((uint)state, bits);
        return _states[(state >> bits) + _deltaState[symbol]];
    }

    public void End(int state, ref ZstdBitWriter writer) => writer.Write((uint)state, _log);
}
