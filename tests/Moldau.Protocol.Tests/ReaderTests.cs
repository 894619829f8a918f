using System.Text;

namespace Moldau.Protocol.Tests;

public sealed class ReaderTests
{
    [Fact]
    public void Failure_IsSticky_AndReadsGiveDefaults()
    {
        var reader = new KafkaReader([1, 2, 3]);
        Assert.Equal(0, reader.ReadInt32());
        Assert.True(reader.Failed);
        Assert.Equal((0, (sbyte)0, 0L, ""),
            (reader.ReadInt16(), reader.ReadInt8(), reader.ReadInt64(), reader.ReadString(true)));
        Assert.Equal((0, 0), (reader.ReadArrayLength(true), reader.ReadArrayLength(false)));
        Assert.Equal((0, false), (reader.Remaining, reader.IsComplete));
    }

    [Theory]
    [InlineData("00", true)]
    [InlineData("FFFF", false)]
    [InlineData("8000", false)]
    public void NullString_WhereNoneMayBe_Fails(string hex, bool flexible)
    {
        var reader = new KafkaReader(Convert.FromHexString(hex));
        Assert.Equal("", reader.ReadString(flexible));
        Assert.True(reader.Failed);
        reader = new KafkaReader(Convert.FromHexString(hex));
        Assert.Null(reader.ReadNullableString(flexible));
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void DamagedText_BecomesReplacementCharacters()
    {
        var reader = new KafkaReader([0, 3, (byte)'a', 0xFF, (byte)'b']);
        Assert.Equal("a\uFFFDb", reader.ReadString(false));
        Assert.False(reader.Failed);
    }

    [Fact]
    public void DamagedText_TooLongToBeWrittenAgain_IsRefused()
    {
        byte[] bytes = [0x7F, 0xFF, .. Enumerable.Repeat((byte)0xFF, short.MaxValue)];
        var reader = new KafkaReader(bytes);
        reader.ReadString(false);
        Assert.True(reader.Failed);
        byte[] valid = [0x7F, 0xFF, .. Enumerable.Repeat((byte)'x', short.MaxValue)];
        reader = new KafkaReader(valid);
        Assert.Equal(short.MaxValue, reader.ReadString(false).Length);
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void LongText_IsCutAtACharacter_WhenWritten()
    {
        var response = new CreateTopicsResponse { Topics = [new() { ErrorMessage = new string('€', 20_000) }] };
        byte[] bytes = KafkaWriter.ToArray(response, 7);
        var reader = new KafkaReader(bytes);
        string? back = CreateTopicsResponse.Read(ref reader, 7).Topics[0].ErrorMessage;
        Assert.True(reader.IsComplete);
        Assert.Equal(new string('€', short.MaxValue / 3), back);
        Assert.True(Encoding.UTF8.GetByteCount(back!) <= short.MaxValue);
    }

    [Theory]
    [InlineData(1_000_001, true)]
    [InlineData(1_000_000, false)]
    public void ArrayLength_HasKafkasLimit(int count, bool fails)
    {
        byte[] bytes = new byte[2_000_000];
        var writer = new KafkaWriter(bytes);
        writer.WriteArrayLength(count, false);
        var reader = new KafkaReader(bytes);
        Assert.Equal(fails ? 0 : count, reader.ReadArrayLength(false));
        Assert.Equal(fails, reader.Failed);
    }

    [Fact]
    public void ArrayLength_NeverExceedsTheBytesLeft()
    {
        var reader = new KafkaReader([0, 0, 0, 3, 1, 1]);
        Assert.Equal(0, reader.ReadArrayLength(false));
        Assert.True(reader.Failed);
    }

    [Fact]
    public void KnownTag_InAVersionWithoutIt_Fails_AndTagsMayComeInAnyOrder()
    {
        // A fetch partition of version 12 with tag 0, which exists from version 17 on.
        byte[] partition = new byte[32];
        byte[] tagged = [.. partition, 1, 0, 16, .. new byte[16]];
        var reader = new KafkaReader(tagged);
        FetchRequest.FetchPartition.Read(ref reader, 12);
        Assert.True(reader.Failed);
        byte[] unordered = [.. partition, 3, 90, 1, 7, 80, 1, 8, 90, 1, 9];
        reader = new KafkaReader(unordered);
        FetchRequest.FetchPartition read = FetchRequest.FetchPartition.Read(ref reader, 12);
        Assert.True(reader.IsComplete);
        Assert.Equal([90u, 80u, 90u], read.UnknownTaggedFields!.Select(f => f.Tag));
    }

    [Fact]
    public void TagCount_HasKafkasLimit()
    {
        byte[] bytes = new byte[50_000];
        var writer = new KafkaWriter(bytes);
        writer.WriteUnsignedVarint(10_001);
        var reader = new KafkaReader(bytes);
        HeartbeatRequest.Read(ref reader, 4);
        Assert.True(reader.Failed);
    }
}
