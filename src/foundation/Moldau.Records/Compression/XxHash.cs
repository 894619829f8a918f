using System.Buffers.Binary;
using System.Numerics;

namespace Moldau.Records;

/// <summary>xxHash by Yann Collet, 32 bits: the header and block checksums of lz4 frames.</summary>
public static class XxHash32
{
    private const uint P1 = 2654435761;
    private const uint P2 = 2246822519;
    private const uint P3 = 3266489917;
    private const uint P4 = 668265263;
    private const uint P5 = 374761393;

    public static uint Compute(ReadOnlySpan<byte> data, uint seed = 0)
    {
        uint length = (uint)data.Length;
        uint h;
        unchecked
        {
            if (data.Length >= 16)
            {
                uint a = seed + P1 + P2;
                uint b = seed + P2;
                uint c = seed;
                uint d = seed - P1;
                for (; data.Length >= 16; data = data[16..])
                {
                    a = Round(a, BinaryPrimitives.ReadUInt32LittleEndian(data));
                    b = Round(b, BinaryPrimitives.ReadUInt32LittleEndian(data[4..]));
                    c = Round(c, BinaryPrimitives.ReadUInt32LittleEndian(data[8..]));
                    d = Round(d, BinaryPrimitives.ReadUInt32LittleEndian(data[12..]));
                }

                h = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
                    + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
            }
            else
            {
                h = seed + P5;
            }

            h += length;
            for (; data.Length >= 4; data = data[4..])
                h = BitOperations.RotateLeft(h + BinaryPrimitives.ReadUInt32LittleEndian(data) * P3, 17) * P4;
            foreach (byte x in data) h = BitOperations.RotateLeft(h + x * P5, 11) * P1;
            h = (h ^ (h >> 15)) * P2;
            h = (h ^ (h >> 13)) * P3;
            return h ^ (h >> 16);
        }
    }

    private static uint Round(uint acc, uint input) => unchecked(BitOperations.RotateLeft(acc + input * P2, 13) * P1);
}

/// <summary>xxHash, 64 bits, over data that comes in pieces: the content checksum of zstd frames.</summary>
public struct XxHash64
{
    private const ulong P1 = 11400714785074694791;
    private const ulong P2 = 14029467366897019727;
    private const ulong P3 = 1609587929392839161;
    private const ulong P4 = 9650029242287828579;
    private const ulong P5 = 2870177450012600261;
    private const int StripeBytes = 32;

    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;
    private ulong _length;
    private Tail _tail;

    public static ulong Compute(ReadOnlySpan<byte> data)
    {
        XxHash64 hash = default;
        hash.Reset();
        hash.Append(data);
        return hash.Finish();
    }

    public void Reset()
    {
        _a = unchecked(P1 + P2);
        _b = P2;
        _c = 0;
        _d = unchecked(0 - P1);
        _length = 0;
    }

    public void Append(ReadOnlySpan<byte> data)
    {
        int held = (int)(_length % StripeBytes);
        _length += (ulong)data.Length;
        Span<byte> tail = _tail;
        if (held > 0)
        {
            int n = Math.Min(StripeBytes - held, data.Length);
            data[..n].CopyTo(tail[held..]);
            data = data[n..];
            if (held + n < StripeBytes) return;
            Stripe(tail);
        }

        for (; data.Length >= StripeBytes; data = data[StripeBytes..]) Stripe(data);
        data.CopyTo(tail);
    }

    public readonly ulong Finish()
    {
        unchecked
        {
            ulong h = P5;
            if (_length >= StripeBytes)
            {
                h = BitOperations.RotateLeft(_a, 1) + BitOperations.RotateLeft(_b, 7)
                    + BitOperations.RotateLeft(_c, 12) + BitOperations.RotateLeft(_d, 18);
                h = Merge(Merge(Merge(Merge(h, _a), _b), _c), _d);
            }

            h += _length;
            ReadOnlySpan<byte> tail = _tail;
            tail = tail[..(int)(_length % StripeBytes)];
            for (; tail.Length >= 8; tail = tail[8..])
            {
                h ^= Round(0, BinaryPrimitives.ReadUInt64LittleEndian(tail));
                h = BitOperations.RotateLeft(h, 27) * P1 + P4;
            }

            if (tail.Length >= 4)
            {
                h ^= BinaryPrimitives.ReadUInt32LittleEndian(tail) * P1;
                h = BitOperations.RotateLeft(h, 23) * P2 + P3;
                tail = tail[4..];
            }

            foreach (byte x in tail) h = BitOperations.RotateLeft(h ^ (x * P5), 11) * P1;
            h = (h ^ (h >> 33)) * P2;
            h = (h ^ (h >> 29)) * P3;
            return h ^ (h >> 32);
        }
    }

    private void Stripe(ReadOnlySpan<byte> data)
    {
        _a = Round(_a, BinaryPrimitives.ReadUInt64LittleEndian(data));
        _b = Round(_b, BinaryPrimitives.ReadUInt64LittleEndian(data[8..]));
        _c = Round(_c, BinaryPrimitives.ReadUInt64LittleEndian(data[16..]));
        _d = Round(_d, BinaryPrimitives.ReadUInt64LittleEndian(data[24..]));
    }

    private static ulong Round(ulong acc, ulong input) =>
        unchecked(BitOperations.RotateLeft(acc + input * P2, 31) * P1);

    private static ulong Merge(ulong h, ulong acc) => unchecked((h ^ Round(0, acc)) * P1 + P4);

    [System.Runtime.CompilerServices.InlineArray(StripeBytes)]
    private struct Tail
    {
        private byte _first;
    }
}
