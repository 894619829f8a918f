using Moldau.TestServers;

namespace Moldau.Embedded.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_IsTheRecordedOne()
    {
        string? difference = PublicApi.Difference(typeof(EmbeddedBroker).Assembly, "src/shell/Moldau.Embedded/PublicApi.txt");
        Assert.True(difference is null, difference);
    }
}
