using Moldau.TestServers;

namespace Moldau.Client.Tests;

public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Moldau.Client", typeof(MoldauClient))]
    [InlineData("Moldau.Client.Core", typeof(ClientSettings))]
    public void PublicApi_IsTheRecordedOne(string project, Type type)
    {
        string? difference = PublicApi.Difference(type.Assembly, $"src/client/{project}/PublicApi.txt");
        Assert.True(difference is null, difference);
    }
}
