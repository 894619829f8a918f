using System.Runtime.InteropServices;

namespace Moldau.Records;

/// <summary>Block functions of liblz4, where the machine has it.</summary>
internal static unsafe partial class NativeLz4
{
    private const string Library = "liblz4.so.1";

    /// <summary>Kafka's default level, which means the fast compressor; all others mean the high-compression
    /// one.</summary>
    private const int FastLevel = 9;

    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out _);

    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source)
        fixed (byte* to = destination) return DecompressSafe(from, to, source.Length, destination.Length);
    }

    public static int Encode(ReadOnlySpan<byte> source, Span<byte> destination, int? level)
    {
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            int n = (level ?? FastLevel) == FastLevel
                ? CompressFast(from, to, source.Length, destination.Length)
                : CompressHigh(from, to, source.Length, destination.Length, level!.Value);
            Base.Verify.That(n > 0);
            return n;
        }
    }

    [LibraryImport(Library, EntryPoint = "LZ4_decompress_safe")]
    private static partial int DecompressSafe(byte* source, byte* destination, int sourceBytes, int destinationBytes);

    [LibraryImport(Library, EntryPoint = "LZ4_compress_default")]
    private static partial int CompressFast(byte* source, byte* destination, int sourceBytes, int destinationBytes);

    [LibraryImport(Library, EntryPoint = "LZ4_compress_HC")]
    private static partial int CompressHigh(
        byte* source, byte* destination, int sourceBytes, int destinationBytes, int level);
}
