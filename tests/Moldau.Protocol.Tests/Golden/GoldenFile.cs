using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Moldau.Protocol.Tests;

/// <summary>One message as Kafka's own class wrote it. <see cref="Digest"/> is the CRC-32 of the canonical text of its
/// values (see <see cref="CanonicalText"/>).</summary>
internal sealed record GoldenEntry(string Name, short Version, byte Filling, uint Digest, byte[] Bytes)
{
    public override string ToString() => $"{Name} v{Version} filling {Filling}";
}

internal static class GoldenFile
{
    public static ILookup<string, GoldenEntry> Entries { get; } = Load().ToLookup(e => e.Name);

    private static List<GoldenEntry> Load()
    {
        using Stream packed = typeof(GoldenFile).Assembly.GetManifestResourceStream("kafka-4.4.0.golden.gz")!;
        using var zip = new GZipStream(packed, CompressionMode.Decompress);
        using var memory = new MemoryStream();
        zip.CopyTo(memory);
        ReadOnlySpan<byte> data = memory.ToArray();
        var entries = new List<GoldenEntry>();
        while (data.Length > 0)
        {
            int nameLength = BinaryPrimitives.ReadUInt16BigEndian(data);
            string name = Encoding.UTF8.GetString(data.Slice(2, nameLength));
            data = data[(2 + nameLength)..];
            int length = BinaryPrimitives.ReadInt32BigEndian(data[7..]);
            entries.Add(new GoldenEntry(
                name, BinaryPrimitives.ReadInt16BigEndian(data), data[2],
                BinaryPrimitives.ReadUInt32BigEndian(data[3..]),
                data.Slice(11, length).ToArray()));
            data = data[(11 + length)..];
        }

        return entries;
    }
}
