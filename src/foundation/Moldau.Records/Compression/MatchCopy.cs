namespace Moldau.Records;

/// <summary>Copies a match of an LZ77 format, which may overlap what it writes.</summary>
internal static class MatchCopy
{
    /// <summary>The caller has checked that offset is in [1, to] and that the length fits.</summary>
    public static void Copy(Span<byte> buffer, int to, int offset, int length)
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
