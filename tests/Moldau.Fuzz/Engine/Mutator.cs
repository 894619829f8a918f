using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Fuzz;

/// <summary>Changes bytes without knowing what they mean.</summary>
internal sealed class Mutator(Prng prng)
{
    private const int LongestRun = 64;

    public Prng Prng => prng;

    /// <summary>What the input's own execution compared; of the entry that is mutated.</summary>
    public ComparedValue[] Comparisons { get; set; } = [];

    /// <summary>One to eight changes; small ones of few are the most likely.</summary>
    /// <param name="input">Is not changed.</param>
    /// <param name="other">Another entry of the corpus, to splice with.</param>
    /// <param name="maxBytes">Of the result.</param>
    public byte[] Mutate(byte[] input, byte[] other, int maxBytes)
    {
        List<byte> data = [.. input];
        for (int changes = 1 << prng.Next(4); changes > 0; changes--) Once(data, other);
        if (data.Count > maxBytes) data.RemoveRange(maxBytes, data.Count - maxBytes);
        return [.. data];
    }

    /// <summary>A boundary number in so many bytes, big-endian mostly.</summary>
    public byte[] Number(int bytes)
    {
        byte[] wide = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(wide, AnyNumber());
        byte[] number = wide[(8 - bytes)..];
        if (prng.Next(4) == 0) Array.Reverse(number);
        return number;
    }

    public byte[] Varint()
    {
        byte[] bytes = new byte[10];
        long number = AnyNumber();
        int n = prng.Next(2) == 0 ? Base.Varint.WriteUnsigned(bytes, (uint)number) : Base.Varint.Write64(bytes, number);
        // Now and then one that does not end.
        if (prng.Next(12) == 0) bytes.AsSpan(0, n = 10).Fill(0xFF);
        return bytes[..n];
    }

    private long AnyNumber() => Comparisons.Length > 0 && prng.Next(4) == 0
        ? Comparisons[prng.Next(Comparisons.Length)].Wanted + (prng.Next(4) == 0 ? prng.Next(-1, 2) : 0)
        : Dictionary.Number(prng);

    private void Once(List<byte> data, byte[] other)
    {
        if (data.Count == 0)
        {
            data.AddRange(other.Length > 0 ? other : Number(4));
            return;
        }

        if (Comparisons.Length > 0 && prng.Next(8) == 0
            && Steering.TryApply(data, Comparisons[prng.Next(Comparisons.Length)], prng)) return;
        int at = prng.Next(prng.Next(2) == 0 ? Math.Min(data.Count, 80) : data.Count);
        int run = Math.Min(data.Count - at, 1 + prng.Next(1 + prng.Next(LongestRun)));
        switch (prng.Next(13))
        {
            case 0 or 1:
                data[at] ^= (byte)(1 << prng.Next(8));
                break;
            case 2:
                data[at] = (byte)prng.Next(256);
                break;
            case 3:
                data[at] += (byte)(prng.Next(2) == 0 ? 1 + prng.Next(16) : -1 - prng.Next(16));
                break;
            case 4 or 5:
                Overwrite(data, at, Number(1 << prng.Next(4)));
                break;
            case 6:
                Replace(data, at, 1, Varint());
                break;
            case 7:
                data.RemoveRange(at, run);
                break;
            case 8:
                data.InsertRange(prng.Next(data.Count + 1), data.GetRange(at, run));
                break;
            case 9:
                if (Dictionary.Words.Length > 0)
                    Replace(data, at, prng.Next(2) * run, Dictionary.Words[prng.Next(Dictionary.Words.Length)]);
                break;
            case 10:
                data.RemoveRange(at, data.Count - at);
                break;
            case 11:
                byte[] fill = new byte[run * (prng.Next(8) == 0 ? 32 : 1)];
                Array.Fill(fill, (byte)(prng.Next(2) == 0 ? 0 : prng.Next(256)));
                data.InsertRange(at, fill);
                break;
            default:
                Splice(data, at, other);
                break;
        }
    }

    private void Splice(List<byte> data, int at, byte[] other)
    {
        if (other.Length == 0) return;
        int from = prng.Next(other.Length);
        int count = 1 + prng.Next(other.Length - from);
        if (prng.Next(2) == 0) data.RemoveRange(at, data.Count - at);
        data.InsertRange(at, other.AsSpan(from, count).ToArray());
    }

    private static void Overwrite(List<byte> data, int at, byte[] bytes)
    {
        for (int i = 0; i < bytes.Length && at + i < data.Count; i++) data[at + i] = bytes[i];
    }

    private static void Replace(List<byte> data, int at, int count, byte[] bytes)
    {
        data.RemoveRange(at, count);
        data.InsertRange(at, bytes);
    }
}
