using Moldau.Base;

namespace Moldau.Base.Tests;

public sealed class FoundationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(63)]
    [InlineData(-64)]
    [InlineData(64)]
    [InlineData(300)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Varint_RoundTrips_AndItsSizeIsKnownBefore(int value)
    {
        Span<byte> bytes = stackalloc byte[Varint.MaxBytes64];
        int n = Varint.Write(bytes, value);
        Assert.Equal(n, Varint.SizeOf(value));
        Assert.Equal(n, Varint.Read(bytes, out int back));
        Assert.Equal(value, back);
        int m = Varint.Write64(bytes, (long)value << 20);
        Assert.Equal(m, Varint.SizeOf64((long)value << 20));
        Assert.Equal(m, Varint.Read64(bytes, out long back64));
        Assert.Equal((long)value << 20, back64);
    }

    [Fact]
    public void Varint_RefusesTruncatedAndOverlong()
    {
        Assert.Equal(0, Varint.ReadUnsigned([0x80], out _));
        Assert.Equal(0, Varint.ReadUnsigned([0xFF, 0xFF, 0xFF, 0xFF, 0x1F], out _));
        Assert.Equal(0, Varint.ReadUnsigned64([255, 255, 255, 255, 255, 255, 255, 255, 255, 2], out _));
    }

    [Fact]
    public void Uuid_TextIsKafkas()
    {
        Assert.Equal("AAAAAAAAAAAAAAAAAAAAAQ", Uuid.MetadataTopic.ToString());
        Uuid id = new Prng(7).NextUuid();
        Assert.True(Uuid.TryParse(id.ToString(), out Uuid back));
        Assert.Equal(id, back);
        Assert.False(Uuid.TryParse("not an id", out _));
        Assert.False(Uuid.TryParse("AAAAAAAAAAA!AAAAAAAAAQ", out _));
        Assert.False(Uuid.TryParse("AAAA AAAA AAAA AAAA AA", out _));
    }

    [Fact]
    public void Pool_CountsLeases_AndAReturnedLeaseReadsEmpty()
    {
        using BufferPool pool = new();
        BufferLease lease = pool.Rent(1000);
        Assert.Equal(1000, lease.Span.Length);
        Assert.Equal(1024, lease.Capacity);
        lease.Retain();
        lease.Release();
        Assert.Equal(1, pool.Outstanding);
        lease.Release();
        Assert.Equal(0, pool.Outstanding);
        Assert.True(lease.Span.IsEmpty);
        Assert.Throws<BrokenInvariantException>(lease.Release);
    }

    [Fact]
    public void Prng_SameSeedSameSequence_AndStaysInBounds()
    {
        Prng left = new(42);
        Prng right = new(42);
        for (int i = 0; i < 1000; i++)
        {
            int a = left.Next(10);
            Assert.Equal(a, right.Next(10));
            Assert.InRange(a, 0, 9);
        }
    }
}
