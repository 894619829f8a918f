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
}
