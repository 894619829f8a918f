using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Moldau.Base;

/// <summary>A 128-bit id in Kafka's form: two big-endian halves on the wire, URL-safe base64 without padding as text.</summary>
public readonly record struct Uuid(long High, long Low) : IComparable<Uuid>
{
    public const int Bytes = 16;

    public static readonly Uuid Zero;

    /// <summary>The id of the metadata topic, <c>AAAAAAAAAAAAAAAAAAAAAQ</c>.</summary>
    public static readonly Uuid MetadataTopic = new(0, 1);

    public bool IsZero => High == 0 && Low == 0;

    /// <summary>Ids below 100 are reserved by Kafka for well-known topics and directories.</summary>
    public bool IsReserved => High == 0 && Low is >= 0 and < 100;

    public static Uuid Read(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadInt64BigEndian(source), BinaryPrimitives.ReadInt64BigEndian(source[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, High);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], Low);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out Uuid id)
    {
        id = Zero;
        Span<byte> bytes = stackalloc byte[18];
        // Asked first, since the decoder throws where the text is none.
        if (text is null || text.Length != 22 || !Base64Url.IsValid(text)) return false;
        if (!Base64Url.TryDecodeFromChars(text, bytes, out int n) || n != Bytes) return false;
        id = Read(bytes);
        return true;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Write(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    public int CompareTo(Uuid other)
    {
        int high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    public override int GetHashCode() => (int)(High ^ (High >> 32) ^ Low ^ (Low >> 32));
}
