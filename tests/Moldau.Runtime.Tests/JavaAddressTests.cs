using System.Net;

namespace Moldau.Runtime.Tests;

public sealed class JavaAddressTests
{
    // What java.net.InetAddress.getHostAddress says of the same addresses.
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "0:0:0:0:0:0:0:1")]
    [InlineData("2001:db8::8a2e:370:7334", "2001:db8:0:0:0:8a2e:370:7334")]
    [InlineData("fe80::1%2", "fe80:0:0:0:0:0:0:1%2")]
    public void Address_IsWrittenAsJavaDoes(string address, string expected) =>
        Assert.Equal(expected, JavaAddress.Format(IPAddress.Parse(address)));
}
