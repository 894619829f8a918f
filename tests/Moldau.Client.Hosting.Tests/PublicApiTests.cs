using Moldau.TestServers;

namespace Moldau.Client.Hosting.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_IsTheRecordedOne()
    {
        string? difference = PublicApi.Difference(
            typeof(MoldauBuilder).Assembly, "src/client/Moldau.Client.Hosting/PublicApi.txt");
        Assert.True(difference is null, difference);
    }
}
