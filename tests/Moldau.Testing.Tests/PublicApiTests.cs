using Moldau.TestServers;

namespace Moldau.Testing.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_IsTheRecordedOne()
    {
        string? difference = PublicApi.Difference(typeof(VirtualBroker).Assembly, "src/shell/Moldau.Testing/PublicApi.txt");
        Assert.True(difference is null, difference);
    }
}
