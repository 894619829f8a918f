namespace Moldau.Records;

/// <summary>How a step of decompression ended.</summary>
public enum DecodeStatus
{
    /// <summary>More output follows: call again with the rest of the input.</summary>
    Ok,

    /// <summary>The stream is complete and nothing follows it.</summary>
    End,

    /// <summary>The input is not of this codec, damaged or truncated.</summary>
    Corrupt,

    /// <summary>The output limit was reached: what a decompression bomb ends with.</summary>
    TooLarge,

    /// <summary>The codec id is not assigned, or not allowed here.</summary>
    UnsupportedCodec,
}

/// <summary>A streaming decompressor of one codec. The caller holds the whole input and hands over what is left of it;
/// the decoder keeps at most one window of its own. One owner at a time; <see cref="Reset"/> makes it new.</summary>
public abstract class Decoder : IDisposable
{
    /// <summary>Decodes into the output until it is full or the input ends.</summary>
    public abstract DecodeStatus Decode(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written);

    public abstract void Reset();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
