using System.IO.Compression;

namespace Moldau.Records;

/// <summary>gzip through the BCL, with zlib's levels.</summary>
internal sealed class GzipEncoder : Encoder
{
    /// <summary>zlib's own choice, which is level 6.</summary>
    private const int DefaultLevel = 6;

    private static ReadOnlySpan<byte> EmptyMember =>
        [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    // Stored blocks cost five bytes per 16 KiB at worst; header and trailer are 18 bytes.
    public override int MaxEncodedBytes(int inputBytes) => checked(inputBytes + (inputBytes >> 11) + 512);

    public override unsafe int Encode(ReadOnlySpan<byte> input, Span<byte> output, int? level)
    {
        // The BCL writes nothing at all for nothing.
        if (input.IsEmpty)
        {
            EmptyMember.CopyTo(output);
            return EmptyMember.Length;
        }

        int zlibLevel = level is null or -1 ? DefaultLevel : level.Value;
        fixed (byte* p = output)
        {
            using UnmanagedMemoryStream target = new(p, 0, output.Length, FileAccess.Write);
            ZLibCompressionOptions options = new() { CompressionLevel = zlibLevel };
            using (GZipStream gzip = new(target, options, leaveOpen: true)) gzip.Write(input);
            return (int)target.Position;
        }
    }
}
