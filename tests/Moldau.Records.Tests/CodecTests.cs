using System.Text;
using IronSnappy;
using Moldau.Base;

namespace Moldau.Records.Tests;

/// <summary>All codecs in both implementations: the same tests for each.</summary>
public sealed class CodecTests
{
    public static TheoryData<CompressionCodec, CodecImplementation> Implementations => new()
    {
        { CompressionCodec.Gzip, CodecImplementation.Managed },
        { CompressionCodec.Snappy, CodecImplementation.Managed },
        { CompressionCodec.Lz4, CodecImplementation.Managed },
        { CompressionCodec.Lz4, CodecImplementation.NativeIfPresent },
        { CompressionCodec.Zstd, CodecImplementation.Managed },
        { CompressionCodec.Zstd, CodecImplementation.NativeIfPresent },
    };

    [Theory]
    [MemberData(nameof(Implementations))]
    public void RoundTrip_OfEveryShape_ThroughBothDecoders(CompressionCodec codec, CodecImplementation implementation)
    {
        using RecordCodecs encoding = new(implementation);
        using RecordCodecs managed = new(CodecImplementation.Managed);
        using RecordCodecs native = new();
        foreach (byte[] data in TestData.Shapes())
        {
            byte[] encoded = Encode(encoding, codec, data);
            Assert.Equal(data, Decode(managed, codec, encoded));
            Assert.Equal(data, Decode(native, codec, encoded));
        }
    }

    [Theory]
    [InlineData(CompressionCodec.Gzip, 1)]
    [InlineData(CompressionCodec.Gzip, 9)]
    [InlineData(CompressionCodec.Gzip, -1)]
    [InlineData(CompressionCodec.Lz4, 1)]
    [InlineData(CompressionCodec.Lz4, 17)]
    [InlineData(CompressionCodec.Zstd, -5)]
    [InlineData(CompressionCodec.Zstd, 1)]
    [InlineData(CompressionCodec.Zstd, 12)]
    [InlineData(CompressionCodec.Zstd, 19)]
    [InlineData(CompressionCodec.Zstd, 22)]
    public void EveryLevel_IsReadByBothDecoders(CompressionCodec codec, int level)
    {
        byte[] data = TestData.Mixed(400_000);
        using RecordCodecs managed = new(CodecImplementation.Managed);
        using RecordCodecs native = new();
        foreach (RecordCodecs encoding in (RecordCodecs[])[managed, native])
        {
            byte[] encoded = Encode(encoding, codec, data, level);
            Assert.Equal(data, Decode(managed, codec, encoded));
            Assert.Equal(data, Decode(native, codec, encoded));
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Text_ShrinksToLessThanHalf(CompressionCodec codec, CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[] data = TestData.Text(200_000);
        int length = Encode(codecs, codec, data).Length;
        int factor = codec is CompressionCodec.Gzip or CompressionCodec.Zstd ? 2 : 1;
        Assert.True(length * factor < data.Length, $"{data.Length} -> {length}");
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Decode_IntoSmallPieces_GivesTheSame(CompressionCodec codec, CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[] data = TestData.Mixed(300_000);
        ReadOnlySpan<byte> input = Encode(codecs, codec, data);
        foreach (int piece in (int[])[1, 7, 1000, 70_000])
        {
            Decoder decoder = codecs.GetDecoder(codec)!;
            List<byte> output = [];
            byte[] buffer = new byte[piece];
            ReadOnlySpan<byte> rest = input;
            DecodeStatus status;
            do
            {
                status = decoder.Decode(rest, buffer, out int consumed, out int written);
                rest = rest[consumed..];
                output.AddRange(buffer.AsSpan(0, written));
            }
            while (status == DecodeStatus.Ok);
            Assert.Equal(DecodeStatus.End, status);
            Assert.True(data.AsSpan().SequenceEqual(output.ToArray()));
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Decode_OfTruncatedInput_IsAnError(CompressionCodec codec, CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[] data = TestData.Text(50_000);
        byte[] encoded = Encode(codecs, codec, data);
        for (int length = 1; length < encoded.Length; length += 1 + length / 3)
        {
            DecodeStatus status = codecs.Decompress(
                codec, encoded.AsSpan(0, length), int.MaxValue, out byte[]? rented, out int bytes);
            // The chunks of snappy have no end mark: an input that ends between two of them is a shorter one.
            if (codec == CompressionCodec.Snappy && status == DecodeStatus.End) Assert.True(bytes < data.Length);
            else Assert.Equal(DecodeStatus.Corrupt, status);
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Decompress_OfABomb_StopsAtTheLimit(CompressionCodec codec, CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[] encoded = Encode(codecs, codec, new byte[20_000_000]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        DecodeStatus status = codecs.Decompress(codec, encoded, 100_000, out byte[]? rented, out _);
        Assert.Equal(DecodeStatus.TooLarge, status);
        Assert.Null(rented);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2_000_000);
    }

    [Fact]
    public void Snappy_AgreesWithAnotherImplementation()
    {
        ushort[] table = new ushort[SnappyBlock.TableLength];
        foreach (byte[] data in TestData.Shapes())
        {
            byte[] ours = new byte[SnappyBlock.MaxEncodedBytes(data.Length)];
            int n = SnappyBlock.Encode(data, ours, table);
            if (data.Length > 0) Assert.Equal(data, Snappy.Decode(ours.AsSpan(0, n)));
            using RecordCodecs codecs = new();
            if (data.Length > 0) Assert.Equal(data, Decode(codecs, CompressionCodec.Snappy, Snappy.Encode(data)));
        }
    }

    [Fact]
    public void Snappy_WithALyingLength_IsRefusedBeforeMemoryIsTaken()
    {
        using RecordCodecs codecs = new();
        byte[] lie = [0xFF, 0xFF, 0xFF, 0xFF, 0x07, 1, 2];
        Assert.Equal(
            DecodeStatus.Corrupt, codecs.Decompress(CompressionCodec.Snappy, lie, int.MaxValue, out _, out _));
    }

    [Theory]
    [InlineData(CodecImplementation.Managed)]
    [InlineData(CodecImplementation.NativeIfPresent)]
    public void Zstd_FramesFollowOneAnother_AndSkippableOnesAreSkipped(CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[] first = Encode(codecs, CompressionCodec.Zstd, TestData.Text(1000));
        byte[] second = Encode(codecs, CompressionCodec.Zstd, TestData.Random(500));
        byte[] skippable = [0x53, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9];
        byte[] expected = [.. TestData.Text(1000), .. TestData.Random(500)];
        byte[] stream = [.. skippable, .. first, .. skippable, .. second, .. skippable];
        Assert.Equal(expected, Decode(codecs, CompressionCodec.Zstd, stream));
    }

    [Theory]
    [InlineData(CodecImplementation.Managed)]
    [InlineData(CodecImplementation.NativeIfPresent)]
    public void Zstd_WindowAboveTheLimit_OrADictionary_IsRefused(CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[] largeWindow = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 0x01, 0, 0];
        byte[] dictionary = [0x28, 0xB5, 0x2F, 0xFD, 0x21, 7, 0, 0x01, 0, 0];
        foreach (byte[] frame in (byte[][])[largeWindow, dictionary])
            Assert.Equal(
                DecodeStatus.Corrupt,
                codecs.Decompress(CompressionCodec.Zstd, frame, int.MaxValue, out _, out _));
    }

    [Fact]
    public void Lz4_HeaderChecksum_IsCheckedFromMagic1On()
    {
        using RecordCodecs codecs = new();
        byte[] encoded = Encode(codecs, CompressionCodec.Lz4, TestData.Text(100));
        encoded[6] ^= 1;
        foreach (byte magic in (byte[])[1, 2])
            Assert.Equal(
                DecodeStatus.Corrupt,
                codecs.Decompress(CompressionCodec.Lz4, encoded, int.MaxValue, out _, out _, magic));
        Assert.Equal(
            DecodeStatus.End, codecs.Decompress(CompressionCodec.Lz4, encoded, int.MaxValue, out _, out _, magic: 0));
    }

    [Fact]
    public void XxHash_KnownValues()
    {
        byte[] abc = Encoding.ASCII.GetBytes("abc");
        Assert.Equal(0x02CC5D05u, XxHash32.Compute([]));
        Assert.Equal(0x32D153FFu, XxHash32.Compute(abc));
        Assert.Equal(0xEF46DB3751D8E999ul, XxHash64.Compute([]));
        Assert.Equal(0x44BC2CF5AD770999ul, XxHash64.Compute(abc));
        byte[] data = TestData.Random(1000);
        XxHash64 pieces = default;
        pieces.Reset();
        for (int i = 0; i < data.Length; i += 37) pieces.Append(data.AsSpan(i, Math.Min(37, data.Length - i)));
        Assert.Equal(XxHash64.Compute(data), pieces.Finish());
    }

    [Fact]
    public void Crc32_CheckValueOfTheStandard() =>
        Assert.Equal(0xCBF43926u, Crc32.Compute(Encoding.ASCII.GetBytes("123456789")));

    internal static byte[] Encode(RecordCodecs codecs, CompressionCodec codec, byte[] data, int? level = null)
    {
        Encoder encoder = codecs.GetEncoder(codec);
        byte[] output = new byte[encoder.MaxEncodedBytes(data.Length)];
        return output[..encoder.Encode(data, output, level)];
    }

    internal static byte[] Decode(RecordCodecs codecs, CompressionCodec codec, byte[] encoded)
    {
        DecodeStatus status = codecs.Decompress(codec, encoded, int.MaxValue, out byte[]? rented, out int length);
        Assert.Equal(DecodeStatus.End, status);
        byte[] data = rented.AsSpan(0, length).ToArray();
        System.Buffers.ArrayPool<byte>.Shared.Return(rented!);
        return data;
    }
}
