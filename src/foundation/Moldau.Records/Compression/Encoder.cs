namespace Moldau.Records;

/// <summary>A compressor of one codec, whole input to whole output. One owner at a time.</summary>
public abstract class Encoder : IDisposable
{
    /// <summary>An output of this size always suffices.</summary>
    public abstract int MaxEncodedBytes(int inputBytes);

    /// <summary>Bytes written. A level of null is the codec's default; a codec without levels ignores it.</summary>
    public abstract int Encode(ReadOnlySpan<byte> input, Span<byte> output, int? level);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
