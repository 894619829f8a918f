using System.Buffers;
using System.IO.Compression;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>The decompressors, native and managed. The first byte says which codec, and whether the rest is packed already or is to
/// be packed first.</summary>
internal sealed class CodecsTarget : FuzzTarget
{
    private const int LargestOutput = 256 << 10;
    private const byte IsPlain = 0x80;
    private const byte IsLegacy = 0x40;

    private readonly RecordCodecs _managed = new(CodecImplementation.Managed);
    private readonly RecordCodecs _native = new();

    public override string Name => "codecs";

    public override string Summary => "gzip, snappy, lz4, zstd: output bounded, managed as native, packing and unpacking gives the same";

    public override int QuickIterations => 30_000;

    public override int MaxBytes => 16 << 10;

    /// <summary>Two decoders, each with a window and an output that doubles.</summary>
    public override long AllocationSlack => 24L * LargestOutput;

    public override long Fuel(int inputBytes) => 40_000_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        byte[] noise = new byte[300];
        prng.NextBytes(noise);
        byte[] skewed = [.. Enumerable.Range(0, 4000).Select(_ => (byte)(prng.Next(4) * prng.Next(4)))];
        byte[][] shapes = [[], noise, skewed, new byte[9000], [.. Enumerable.Range(0, 3000).Select(i => (byte)"the quick brown fox "[i % 20])], new byte[200_000]];
        for (byte codec = 1; codec <= 4; codec++)
        {
            foreach (byte[] shape in shapes)
            {
                if (shape.Length < MaxBytes) yield return [(byte)(codec | IsPlain), .. shape];
                foreach (RecordCodecs codecs in new[] { _managed, _native })
                {
                    byte[] packed = Pack(codecs, (CompressionCodec)codec, shape);
                    if (packed.Length < MaxBytes) yield return [codec, .. packed];
                }
            }
        }
    }

    public override void Run(byte[] input)
    {
        if (input.Length == 0) return;
        CompressionCodec codec = (CompressionCodec)(1 + ((input[0] - 1) & 3));
        byte[] rest = input[1..];
        if ((input[0] & IsPlain) != 0) RoundTrip(codec, rest);
        else Unpack(codec, rest, (input[0] & IsLegacy) != 0 ? (byte)0 : RecordBatchLayout.MagicV2);
    }

    private void RoundTrip(CompressionCodec codec, byte[] plain)
    {
        foreach (RecordCodecs packer in new[] { _managed, _native })
        {
            byte[] packed = Pack(packer, codec, plain);
            foreach (RecordCodecs unpacker in new[] { _managed, _native })
                Must(Unpack(unpacker, codec, packed, 2, out byte[] again) == DecodeStatus.End && again.AsSpan().SequenceEqual(plain),
                    $"packed and unpacked it is not the same: {codec}");
        }
    }

    private void Unpack(CompressionCodec codec, byte[] packed, byte magic)
    {
        DecodeStatus status = Unpack(_managed, codec, packed, magic, out byte[] ours);
        DecodeStatus natively = Unpack(_native, codec, packed, magic, out byte[] theirs);
        // The libraries let pass some streams that their formats forbid; never do they see other bytes in a valid one.
        Must(status != DecodeStatus.End || natively is DecodeStatus.End, $"managed reads what native refuses: {codec} {natively}");
        // Of lz4 that is one thing: matches whose offset is zero.
        if (codec == CompressionCodec.Lz4 && status != natively)
            Must(natively == DecodeStatus.Corrupt || NaiveLz4.HasZeroOffset(packed), $"native reads what managed refuses: {codec} {status}");
        if (status == DecodeStatus.End && natively == DecodeStatus.End) Must(ours.AsSpan().SequenceEqual(theirs), $"managed and native read different bytes: {codec}");
        if (status == DecodeStatus.End && codec == CompressionCodec.Gzip) Must(Gunzip(packed).AsSpan().SequenceEqual(ours), "the base library reads other bytes");
    }

    private static DecodeStatus Unpack(RecordCodecs codecs, CompressionCodec codec, byte[] packed, byte magic, out byte[] plain)
    {
        DecodeStatus status = codecs.Decompress(codec, packed, LargestOutput, out byte[]? rented, out int length, magic);
        Must((status == DecodeStatus.End) == (rented is not null), "an array without an end, or an end without one");
        Must(status != DecodeStatus.End || length <= LargestOutput, $"more came out than allowed: {length}");
        plain = rented is null ? [] : rented.AsSpan(0, length).ToArray();
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return status;
    }

    private static byte[] Gunzip(byte[] packed)
    {
        using GZipStream gzip = new(new MemoryStream(packed), CompressionMode.Decompress);
        using MemoryStream plain = new();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    private static byte[] Pack(RecordCodecs codecs, CompressionCodec codec, byte[] plain)
    {
        Encoder encoder = codecs.GetEncoder(codec);
        byte[] packed = new byte[encoder.MaxEncodedBytes(plain.Length)];
        return packed[..encoder.Encode(plain, packed, null)];
    }
}
