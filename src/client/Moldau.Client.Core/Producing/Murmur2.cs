using System.Buffers.Binary;

namespace Moldau.Client;

/// <summary>MurmurHash2 by Austin Appleby, 32 bits, with the seed and the byte order of Kafka's Java client: the same key
/// goes to the same partition whoever sends it.</summary>
internal static class Murmur2
{
    private const uint Seed = 0x9747b28c;
    private const uint M = 0x5bd1e995;
    private const int R = 24;

    public static int Hash(ReadOnlySpan<byte> data)
    {
        uint h = Seed ^ (uint)data.Length;
        unchecked
        {
            for (; data.Length >= 4; data = data[4..])
            {
                uint k = BinaryPrimitives.ReadUInt32LittleEndian(data) * M;
                k ^= k >> R;
                h = (h * M) ^ (k * M);
            }

            if (data.Length == 3) h ^= (uint)data[2] << 16;
            if (data.Length >= 2) h ^= (uint)data[1] << 8;
            if (data.Length >= 1) h = (h ^ data[0]) * M;
            h = (h ^ (h >> 13)) * M;
            return (int)(h ^ (h >> 15));
        }
    }

    /// <summary>The partition of a key in a topic with so many partitions.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (Hash(key) & int.MaxValue) % partitions;
}
