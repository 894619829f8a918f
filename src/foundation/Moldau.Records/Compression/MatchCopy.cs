using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Moldau.Records;

/// <summary>Copies of LZ77 formats: short, and where they are matches they may overlap what they write.</summary>
internal static class MatchCopy
{
    private const int Chunk = 16;

    /// <summary>Copies a match inside the buffer. The caller has checked that offset is in [1, to] and that the
    /// length fits.
    /// </summary>
    public static void Copy(Span<byte> buffer, int to, int offset, int length)
    {
        if (offset >= Chunk && buffer.Length - to >= length + Chunk)
        {
            // Whole chunks, of which the last may write behind the match: what comes next overwrites that.
            ref byte target = ref Unsafe.Add(ref MemoryMarshal.GetReference(buffer), to);
            ref byte source = ref Unsafe.Subtract(ref target, offset);
            for (int i = 0; i < length; i += Chunk)
                Vector128.LoadUnsafe(ref source, (nuint)i).StoreUnsafe(ref target, (nuint)i);
            return;
        }

        CopySlowly(buffer, to, offset, length);
    }

    /// <summary>Copies literals; the caller has checked both lengths.</summary>
    public static void CopyLiterals(ReadOnlySpan<byte> source, int from, Span<byte> destination, int to, int length)
    {
        if (length <= Chunk && source.Length - from >= Chunk && destination.Length - to >= Chunk)
        {
            Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)from)
                .StoreUnsafe(ref MemoryMarshal.GetReference(destination), (nuint)to);
            return;
        }

        source.Slice(from, length).CopyTo(destination[to..]);
    }

    private static void CopySlowly(Span<byte> buffer, int to, int offset, int length)
    {
        if (offset >= length)
        {
            buffer.Slice(to - offset, length).CopyTo(buffer[to..]);
            return;
        }

        if (offset == 1)
        {
            buffer.Slice(to, length).Fill(buffer[to - 1]);
            return;
        }

        // What has been written repeats with the period of the offset: each round can copy twice as much.
        int start = to - offset;
        int written = 0;
        while (written < length)
        {
            int n = Math.Min(offset + written, length - written);
            buffer.Slice(start, n).CopyTo(buffer[(to + written)..]);
            written += n;
        }
    }
}
