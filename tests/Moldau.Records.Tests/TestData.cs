using System.Text;
using Moldau.Base;

namespace Moldau.Records.Tests;

/// <summary>Inputs for compressors: every shape that takes another path through them.</summary>
internal static class TestData
{
    private static readonly byte[] Words = Text(50_000, 7);

    public static byte[] Text(int bytes, ulong seed = 1)
    {
        Prng prng = new(seed);
        string[] words = new string[800];
        for (int i = 0; i < words.Length; i++)
        {
            char[] word = new char[2 + prng.Next(9)];
            for (int k = 0; k < word.Length; k++) word[k] = (char)('a' + Math.Min(prng.Next(26), prng.Next(26)));
            words[i] = new string(word);
        }

        StringBuilder text = new();
        while (text.Length < bytes)
        {
            double x = prng.NextDouble();
            text.Append(words[(int)(x * x * x * words.Length)]).Append(prng.Chance(0.1) ? ".\n" : " ");
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, bytes));
    }

    public static byte[] Random(int bytes, ulong seed = 1)
    {
        byte[] data = new byte[bytes];
        new Prng(seed).NextBytes(data);
        return data;
    }

    public static IEnumerable<byte[]> Shapes()
    {
        foreach (int size in (int[])[0, 1, 2, 3, 5, 12, 13, 17, 64, 255, 256, 1000, 1023, 1024, 20_000, 65_536, 65_537])
        {
            yield return Text(size);
            yield return Random(size);
            yield return new byte[size];
        }

        yield return Text(700_000);
        yield return Random(300_000);
        yield return new byte[1_000_000];
        yield return Mixed(1_500_000);
        yield return [.. Random(200_000, 5), .. Random(200_000, 5), .. Text(10), .. Random(200_000, 5)];
        yield return Skewed(200_000);
    }

    /// <summary>Runs of text, noise, repeats near and far.</summary>
    public static byte[] Mixed(int bytes, ulong seed = 3)
    {
        Prng prng = new(seed);
        byte[] data = new byte[bytes];
        int at = 0;
        while (at < bytes)
        {
            int n = Math.Min(1 + prng.Next(1 + prng.Next(5000)), bytes - at);
            Span<byte> target = data.AsSpan(at, n);
            switch (prng.Next(4))
            {
                case 0:
                    Words.AsSpan(prng.Next(Words.Length - n), n).CopyTo(target);
                    break;
                case 1:
                    prng.NextBytes(target);
                    break;
                case 2 when at > 0:
                    int offset = 1 + prng.Next(prng.Chance(0.5) ? Math.Min(at, 40) : at);
                    for (int i = 0; i < n; i++) data[at + i] = data[at + i - offset];
                    break;
                default:
                    target.Fill((byte)prng.Next(256));
                    break;
            }

            at += n;
        }

        return data;
    }

    /// <summary>Byte frequencies so uneven that plain Huffman codes become too long.</summary>
    public static byte[] Skewed(int bytes)
    {
        Prng prng = new(9);
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++)
        {
            int k = 0;
            while (k < 40 && prng.Chance(0.35)) k++;
            data[i] = (byte)k;
        }

        return data;
    }
}
