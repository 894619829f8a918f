using System.Numerics;

namespace Moldau.Records;

/// <summary>A decoding table of zstd's finite state entropy coder.</summary>
internal sealed class FseTable(int maxLog)
{
    private readonly byte[] _symbols = new byte[1 << maxLog];
    private readonly byte[] _bits = new byte[1 << maxLog];
    private readonly ushort[] _next = new ushort[1 << maxLog];

    /// <summary>0 where the table holds one symbol without bits, or nothing yet.</summary>
    public int Log { get; private set; }

    /// <summary>A later block may refer to the table only after one has set it.</summary>
    public bool IsSet { get; private set; }

    public void Clear() => IsSet = false;

    public byte Symbol(uint state) => _symbols[state];

    public int Bits(uint state) => _bits[state];

    public uint Next(uint state) => _next[state];

    public void SetSingle(byte symbol)
    {
        Log = 0;
        _symbols[0] = symbol;
        _bits[0] = 0;
        _next[0] = 0;
        IsSet = true;
    }

    /// <summary>Builds from normalized counts; −1 is a probability below one.</summary>
    public bool TryBuild(ReadOnlySpan<short> counts, int log)
    {
        int size = 1 << log;
        Span<ushort> states = stackalloc ushort[256];
        if (!TrySpread(counts, log, _symbols)) return false;
        for (int s = 0; s < counts.Length; s++) states[s] = (ushort)Math.Abs(counts[s]);
        for (int i = 0; i < size; i++)
        {
            int state = states[_symbols[i]]++;
            int bits = log - BitOperations.Log2((uint)state);
            _bits[i] = (byte)bits;
            _next[i] = (ushort)((state << bits) - size);
        }

        Log = log;
        IsSet = true;
        return true;
    }

    /// <summary>Distributes the symbols over the states, the same way for encoding and decoding.</summary>
    public static bool TrySpread(ReadOnlySpan<short> counts, int log, Span<byte> symbols)
    {
        int size = 1 << log;
        int high = size;
        for (int s = 0; s < counts.Length; s++)
            if (counts[s] == -1) symbols[--high] = (byte)s;
        int step = (size >> 1) + (size >> 3) + 3;
        int position = 0;
        for (int s = 0; s < counts.Length; s++)
            for (int i = 0; i < counts[s]; i++)
            {
                symbols[position] = (byte)s;
                do position = (position + step) & (size - 1);
                while (position >= high);
            }

        return position == 0;
    }

    /// <summary>Reads a table's description (RFC 8878, section 4.1.1). Bytes consumed, or 0 where it is
    /// damaged.</summary>
    public int Read(ReadOnlySpan<byte> source, int largestLog, int symbolCount)
    {
        Span<short> counts = stackalloc short[256];
        int bit = 0;
        if (source.IsEmpty) return 0;
        int log = (int)ReadForward(source, ref bit, 4) + 5;
        if (log > largestLog) return 0;
        int remaining = 1 << log;
        int symbol = 0;
        while (remaining > 0)
        {
            if (symbol >= symbolCount || bit > source.Length * 8) return 0;
            int bits = BitOperations.Log2((uint)remaining + 1) + 1;
            int value = (int)ReadForward(source, ref bit, bits);
            int lowerMask = (1 << (bits - 1)) - 1;
            int threshold = (1 << bits) - 2 - remaining;
            if ((value & lowerMask) < threshold)
            {
                bit--;
                value &= lowerMask;
            }
            else if (value > lowerMask)
            {
                value -= threshold;
            }

            short count = (short)(value - 1);
            remaining -= Math.Abs((int)count);
            counts[symbol++] = count;
            if (count != 0) continue;
            uint zeros;
            do
            {
                zeros = ReadForward(source, ref bit, 2);
                symbol += (int)zeros;
                if (symbol > symbolCount || bit > source.Length * 8) return 0;
            }
            while (zeros == 3);
        }

        int bytes = (bit + 7) >> 3;
        if (remaining != 0 || bytes > source.Length) return 0;
        return TryBuild(counts[..symbol], log) ? bytes : 0;
    }

    private static uint ReadForward(ReadOnlySpan<byte> source, ref int bit, int count)
    {
        uint word = 0;
        int index = bit >> 3;
        for (int i = 0; i < 3 && index + i < source.Length; i++) word |= (uint)source[index + i] << (8 * i);
        word = (word >> (bit & 7)) & ((1u << count) - 1);
        bit += count;
        return word;
    }
}
