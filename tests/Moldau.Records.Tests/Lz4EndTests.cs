using Moldau.Base;

namespace Moldau.Records.Tests;

/// <summary>How a block of lz4 must end: the managed decoder takes what liblz4 takes, and refuses what it refuses. Where the
/// library is not there, the blocks whose answer stands here are the test.</summary>
public sealed class Lz4EndTests
{
    private const int BlockBytes = 64 * 1024;
    private const string Literals20 = "F005" + "0102030405060708090A0B0C0D0E0F1011121314";

    [Theory]
    // One sequence: any number of literals.
    [InlineData("00", 0)]
    [InlineData("10FF", 1)]
    [InlineData("4001020304", 4)]
    // Two bytes behind an offset where a token and five literals must be: found by the fuzzer.
    [InlineData("1F000100FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF0000000400", -1)]
    // Twenty literals, a match of four, and then five, four, or no literals.
    [InlineData(Literals20 + "0800" + "50A1A2A3A4A5", 29)]
    [InlineData(Literals20 + "0800" + "40A1A2A3A4", -1)]
    [InlineData(Literals20 + "0800" + "00", -1)]
    // It ends in a match.
    [InlineData(Literals20 + "0800", -1)]
    // Fourteen literals with seventeen bytes of input: liblz4 copies sixteen and does not look.
    [InlineData("E0" + "0102030405060708090A0B0C0D0E" + "0800" + "00", 18)]
    [InlineData("E0" + "0102030405060708090A0B0C0D0E" + "0800", -1)]
    // Nothing, an offset of zero, and one before the beginning.
    [InlineData("", -1)]
    [InlineData("F0050102030405060708090A0B0C0D0E0F1011121314" + "0000" + "50A1A2A3A4A5", -1)]
    [InlineData("F0050102030405060708090A0B0C0D0E0F1011121314" + "1500" + "50A1A2A3A4A5", -1)]
    public void Block_EndsAsTheFormatAsks_OrIsRefused(string block, int bytes)
    {
        byte[] source = Convert.FromHexString(block);
        Assert.Equal(bytes, Lz4Block.Decode(source, new byte[BlockBytes]));
        // As the last block of a frame; with the library, where it is there, zero offsets are not looked at.
        using RecordCodecs native = new();
        using RecordCodecs managed = new(CodecImplementation.Managed);
        bool isZeroOffset = block.Contains("14" + "0000" + "50", StringComparison.Ordinal);
        if (!isZeroOffset && source.Length > 0) Assert.Equal(bytes, Unpack(native, source));
        if (source.Length > 0) Assert.Equal(bytes, Unpack(managed, source));
    }

    [Fact]
    public void Block_WithoutRoom_IsOneZeroByte()
    {
        Assert.Equal(0, Lz4Block.Decode([0], []));
        Assert.Equal(-1, Lz4Block.Decode([5], []));
        Assert.Equal(-1, Lz4Block.Decode([0x10, 1], []));
    }

    /// <summary>Rows of sequences whose ends lie all about the end of the input and of the output.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Blocks_OfAnyEnd_AreTakenByBothDecodersOrByNone(ulong seed)
    {
        using RecordCodecs native = new();
        using RecordCodecs managed = new(CodecImplementation.Managed);
        Prng prng = new(seed);
        int taken = 0;
        for (int i = 0; i < 4000; i++)
        {
            byte[] block = Block(prng, isNearOutputEnd: i % 4 == 0);
            int length = Unpack(managed, block);
            Assert.True(length == Unpack(native, block), $"{length} {Convert.ToHexString(block)}");
            if (length >= 0) taken++;
        }

        Assert.InRange(taken, 200, 3800);
    }

    private static byte[] Block(Prng prng, bool isNearOutputEnd)
    {
        List<byte> block = [];
        // One literal and a long match bring the output near to its end.
        if (isNearOutputEnd) Sequence(block, 1, 1, BlockBytes - 1 - prng.Next(90), prng);
        else Sequence(block, prng.Next(40), 0, 0, prng);
        int written = isNearOutputEnd ? 64 : block.Count - 2;
        if (!isNearOutputEnd && written < 1) return [.. block];
        if (!isNearOutputEnd) Match(block, 1 + prng.Next(written), 4);
        for (int more = prng.Next(4); more > 0; more--)
        {
            int literals = prng.Next(3) == 0 ? prng.Next(30) : prng.Next(15);
            Sequence(block, literals, 1 + prng.Next(written), 4 + prng.Next(prng.Next(8) == 0 ? 300 : 15), prng);
        }

        if (prng.Next(8) > 0) Sequence(block, prng.Next(12), 0, 0, prng);
        if (prng.Next(8) == 0) block.RemoveAt(block.Count - 1);
        return [.. block];
    }

    private static void Sequence(List<byte> block, int literals, int offset, int match, Prng prng)
    {
        block.Add((byte)((Math.Min(literals, 15) << 4) | (match == 0 ? 0 : Math.Min(match - 4, 15))));
        Length(block, literals);
        for (int i = 0; i < literals; i++) block.Add((byte)prng.Next(256));
        if (match > 0) Match(block, offset, match);
    }

    private static void Match(List<byte> block, int offset, int match)
    {
        block.Add((byte)offset);
        block.Add((byte)(offset >> 8));
        Length(block, match - 4);
    }

    private static void Length(List<byte> block, int length)
    {
        if (length < 15) return;
        for (length -= 15; length >= 255; length -= 255) block.Add(255);
        block.Add((byte)length);
    }

    private static int Unpack(RecordCodecs codecs, byte[] block)
    {
        byte[] frame =
            [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, (byte)block.Length, (byte)(block.Length >> 8), 0, 0, .. block, 0, 0, 0, 0];
        DecodeStatus status = codecs.Decompress(CompressionCodec.Lz4, frame, int.MaxValue, out byte[]? rented, out int length);
        if (rented is not null) System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return status == DecodeStatus.End ? length : -1;
    }
}
