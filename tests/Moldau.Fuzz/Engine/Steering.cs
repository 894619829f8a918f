using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Moldau.Base;

namespace Moldau.Fuzz;

/// <summary>Takes a value of the input that the code compared with a constant, and puts the constant in its place, however
/// the value is written there.</summary>
internal static class Steering
{
    private const int MostPlaces = 64;

    /// <summary>False where the value does not stand in the input.</summary>
    public static bool TryApply(List<byte> data, ComparedValue comparison, Prng prng)
    {
        long wanted = comparison.Wanted + (prng.Next(4) == 0 ? prng.Next(-1, 2) : 0);
        List<(int At, int Length, byte[] With)> places = [];
        foreach (int width in (ReadOnlySpan<int>)[1, 2, 4, 8])
        {
            if (width < 8 && (comparison.Seen < -(1L << ((8 * width) - 1)) || comparison.Seen >= 1L << (8 * width))) continue;
            foreach (bool isBig in (ReadOnlySpan<bool>)[true, false])
            {
                if (width == 1 && !isBig) continue;
                Find(Fixed(comparison.Seen, width, isBig), Fixed(wanted, width, isBig));
            }
        }

        if (comparison.Seen is > int.MinValue and < int.MaxValue)
        {
            Find(Unsigned(comparison.Seen), Unsigned(wanted));
            Find(Signed(comparison.Seen), Signed(wanted));
        }

        if (comparison.Seen is >= 10 or < 0) Find(Text(comparison.Seen), Text(wanted));
        if (places.Count == 0) return false;
        (int at, int length, byte[] with) = places[prng.Next(places.Count)];
        data.RemoveRange(at, length);
        data.InsertRange(at, with);
        return true;

        void Find(byte[] seen, byte[] with)
        {
            ReadOnlySpan<byte> bytes = CollectionsMarshal.AsSpan(data);
            for (int from = 0; places.Count < MostPlaces;)
            {
                int found = bytes[from..].IndexOf(seen);
                if (found < 0) return;
                places.Add((from + found, seen.Length, with));
                from += found + 1;
            }
        }
    }

    private static byte[] Fixed(long value, int width, bool isBig)
    {
        byte[] wide = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(wide, value);
        byte[] bytes = wide[(8 - width)..];
        if (!isBig) Array.Reverse(bytes);
        return bytes;
    }

    private static byte[] Unsigned(long value)
    {
        byte[] bytes = new byte[10];
        return bytes[..Varint.WriteUnsigned(bytes, (uint)value)];
    }

    private static byte[] Signed(long value)
    {
        byte[] bytes = new byte[10];
        return bytes[..Varint.Write64(bytes, value)];
    }

    private static byte[] Text(long value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
}
