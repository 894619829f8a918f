using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>A member of a share group made by hand, so that only the verbs are under test.</summary>
internal static class ShareMember
{
    /// <summary>Leaves a share group that exists and is empty.</summary>
    public static void JoinAndLeave(int port, string group, string topic)
    {
        using WireClient wire = new(port);
        string member = ServerUnderTest.RandomId();
        Wait.Until(() => Beat(0, $"[\"{topic}\"]") == 0, TimeSpan.FromSeconds(60), $"{group} to take a member");
        Assert.Equal(0, Beat(-1, "null"));

        int Beat(int epoch, string topics) => (int)wire.Ask("ShareGroupHeartbeat", 1, JsonNode.Parse($$"""
            {"GroupId":"{{group}}","MemberId":"{{member}}","MemberEpoch":{{epoch}},"SubscribedTopicNames":{{topics}}}
            """)!.AsObject())!["ErrorCode"]!;
    }
}
