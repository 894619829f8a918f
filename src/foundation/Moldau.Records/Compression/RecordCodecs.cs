using System.Buffers;

namespace Moldau.Records;

/// <summary>Where lz4 and zstd come from. Output differs between the two; each reads the other's.</summary>
public enum CodecImplementation
{
    /// <summary>liblz4 and libzstd where the machine has them.</summary>
    NativeIfPresent,
    Managed,
}

/// <summary>Compressors and decompressors of one owner (a shard, a job, a client's sender), kept between batches
/// because their contexts are dear to make. Not for two threads at once.</summary>
public sealed class RecordCodecs(CodecImplementation implementation = CodecImplementation.NativeIfPresent) : IDisposable
{
    private const int FirstBufferBytes = 16 * 1024;
    private readonly Decoder?[] _decoders = new Decoder?[6];

    /// <summary>lz4 under magic 0 and 1 has a decoder of its own.</summary>
    private const int LegacyLz4 = 5;

    private readonly Encoder?[] _encoders = new Encoder?[5];

    /// <summary>Ids that the format assigns. Others are damage or the future.</summary>
    public static bool IsAssigned(CompressionCodec codec) => codec <= CompressionCodec.Zstd;

    private bool IsNative => implementation == CodecImplementation.NativeIfPresent;

    /// <summary>A decoder at the start of a stream; it stays this object's and is used again by the next
    /// call.</summary>
    public Decoder? GetDecoder(CompressionCodec codec, byte magic = RecordBatchLayout.MagicV2)
    {
        if (codec == CompressionCodec.None || !IsAssigned(codec)) return null;
        bool isLegacyLz4 = codec == CompressionCodec.Lz4 && magic == RecordBatchLayout.MagicV0;
        Decoder decoder = _decoders[isLegacyLz4 ? LegacyLz4 : (int)codec] ??= CreateDecoder(codec, isLegacyLz4);
        decoder.Reset();
        return decoder;
    }

    /// <summary>The encoder of an assigned codec other than none.</summary>
    public Encoder GetEncoder(CompressionCodec codec) => _encoders[(int)codec] ??= CreateEncoder(codec);

    /// <summary>Decompresses the whole input into an array of the shared pool, which the caller returns. Nothing is
    /// rented unless the status is <see cref="DecodeStatus.End"/>.</summary>
    public DecodeStatus Decompress(
        CompressionCodec codec,
        ReadOnlySpan<byte> input,
        int maxBytes,
        out byte[]? rented,
        out int length,
        byte magic = RecordBatchLayout.MagicV2)
    {
        rented = null;
        length = 0;
        Decoder? decoder = GetDecoder(codec, magic);
        if (decoder is null) return DecodeStatus.UnsupportedCodec;
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp((long)input.Length * 2, 256, FirstBufferBytes));
        while (true)
        {
            DecodeStatus status = decoder.Decode(input, buffer.AsSpan(length), out int consumed, out int written);
            input = input[consumed..];
            length += written;
            if (length > maxBytes) status = DecodeStatus.TooLarge;
            if (status == DecodeStatus.End)
            {
                rented = buffer;
                return status;
            }

            if (status != DecodeStatus.Ok || !TryGrow(ref buffer, length))
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return status == DecodeStatus.Ok ? DecodeStatus.TooLarge : status;
            }
        }
    }

    public void Dispose()
    {
        foreach (Decoder? decoder in _decoders) decoder?.Dispose();
        foreach (Encoder? encoder in _encoders) encoder?.Dispose();
        Array.Clear(_decoders);
        Array.Clear(_encoders);
    }

    /// <summary>Kafka's writers for magic 0 computed the header checksum of lz4 wrongly, so its readers do not look
    /// at it there.</summary>
    private Decoder CreateDecoder(CompressionCodec codec, bool isLegacyLz4) => codec switch
    {
        CompressionCodec.Gzip => new GzipDecoder(),
        CompressionCodec.Snappy => new SnappyDecoder(),
        CompressionCodec.Lz4 => new Lz4Decoder(IsNative && NativeLz4.IsAvailable, !isLegacyLz4),
        _ => IsNative && NativeZstd.IsAvailable ? new NativeZstdDecoder() : new ZstdDecoder(),
    };

    private Encoder CreateEncoder(CompressionCodec codec) => codec switch
    {
        CompressionCodec.Gzip => new GzipEncoder(),
        CompressionCodec.Snappy => new SnappyEncoder(),
        CompressionCodec.Lz4 => new Lz4Encoder(IsNative && NativeLz4.IsAvailable),
        CompressionCodec.Zstd => IsNative && NativeZstd.IsAvailable ? new NativeZstdEncoder() : new ZstdEncoder(),
        _ => throw new ArgumentOutOfRangeException(nameof(codec)),
    };

    private static bool TryGrow(ref byte[] buffer, int used)
    {
        if (buffer.Length > used) return true;
        if (buffer.Length >= Array.MaxLength) return false;
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min((long)buffer.Length * 2, Array.MaxLength));
        buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
        return true;
    }
}
