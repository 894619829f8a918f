namespace Moldau.Base;

/// <summary>Seeded generator (xoshiro256**, Blackman and Vigna 2018, seeded by splitmix64). The only source of
/// randomness in core: the same seed gives the same sequence in every process. Not for secrets.</summary>
public sealed class Prng
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    public Prng(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    public ulong NextUInt64()
    {
        ulong result = ulong.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = ulong.RotateLeft(_s3, 45);
        return result;
    }

    public long NextInt64() => (long)NextUInt64();

    /// <summary>Uniform in [0, bound).</summary>
    public int Next(int bound)
    {
        Verify.That(bound > 0);
        return (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>Uniform in [low, high).</summary>
    public long Next(long low, long high)
    {
        Verify.That(high > low);
        return low + (long)Math.BigMul(NextUInt64(), (ulong)(high - low), out _);
    }

    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with the given probability in [0, 1].</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    public void NextBytes(Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i += 8)
        {
            ulong bits = NextUInt64();
            for (int j = i; j < Math.Min(i + 8, destination.Length); j++, bits >>= 8) destination[j] = (byte)bits;
        }
    }

    /// <summary>A random (version 4) id, never one of Kafka's reserved ones.</summary>
    public Uuid NextUuid()
    {
        long high = (long)((NextUInt64() & ~0xF000UL) | 0x4000UL);
        long low = (long)((NextUInt64() & ~(3UL << 62)) | (2UL << 62));
        return new Uuid(high, low);
    }

    /// <summary>A generator of its own for a part of the world, so that adding draws in one part moves no other.</summary>
    public Prng Fork() => new(NextUInt64());

    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
