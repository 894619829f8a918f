using System.Text;
using Moldau.Base;

namespace Moldau.Base.Tests;

public sealed class Crc32CTests
{
    [Fact]
    public void Compute_CheckValueOfTheStandard() =>
        Assert.Equal(0xE3069283u, Crc32C.Compute(Encoding.ASCII.GetBytes("123456789")));

    [Fact]
    public void Hardware_EqualsTable_AtEveryLengthAndAlignment()
    {
        byte[] data = new byte[1200];
        new Prng(1).NextBytes(data);
        for (int length = 0; length < 1100; length += 7)
            for (int start = 0; start < 9; start++)
            {
                ReadOnlySpan<byte> part = data.AsSpan(start, length);
                Assert.Equal(Crc32C.AppendTable(~0u, part), Crc32C.Append(~0u, part));
            }
    }

    [Fact]
    public void Hardware_EqualsTable_WhereChainsRunBesideOneAnother()
    {
        byte[] data = new byte[30_000];
        new Prng(2).NextBytes(data);
        foreach (int length in (int[])[767, 768, 769, 1535, 1536, 6143, 6144, 6145, 6911, 6912, 12_288, 20_003, 29_990])
            for (int start = 0; start < 9; start++)
            {
                ReadOnlySpan<byte> part = data.AsSpan(start, length);
                Assert.Equal(Crc32C.AppendTable(12345u, part), Crc32C.Append(12345u, part));
            }
    }
}
