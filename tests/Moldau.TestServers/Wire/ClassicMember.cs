using System.Text;
using System.Text.Json.Nodes;

namespace Moldau.TestServers.Wire;

/// <summary>A member of a classic group made by hand: it has partition 0 of a topic until its session ends, and hears of
/// nothing.</summary>
public static class ClassicMember
{
    private const int MemberIdRequired = 79;

    /// <summary>Joins and is assigned; the result is the member id.</summary>
    public static string Join(int port, string group, string topic)
    {
        using WireClient wire = new(port);
        JsonObject joined = new();
        string member = "";
        Wait.Until(
            () =>
            {
                // The first question for a coordinator is what makes the topic of groups.
                wire.Ask("FindCoordinator", 4, JsonNode.Parse($$"""{"KeyType":0,"CoordinatorKeys":["{{group}}"]}""")!.AsObject());
                joined = wire.Ask("JoinGroup", 9, JsonNode.Parse($$"""
                    {"GroupId":"{{group}}","SessionTimeoutMs":45000,"RebalanceTimeoutMs":60000,"MemberId":"{{member}}",
                     "ProtocolType":"consumer","Protocols":[{"Name":"range","Metadata":"{{Subscription(topic)}}"}]}
                    """)!.AsObject())!;
                if ((int)joined["ErrorCode"]! == MemberIdRequired) member = (string)joined["MemberId"]!;
                return (int)joined["ErrorCode"]! == 0;
            },
            TimeSpan.FromSeconds(60), $"{group} to take a member");
        member = (string)joined["MemberId"]!;
        JsonObject synced = wire.Ask("SyncGroup", 5, JsonNode.Parse($$"""
            {"GroupId":"{{group}}","GenerationId":{{(int)joined["GenerationId"]!}},"MemberId":"{{member}}","ProtocolType":"consumer",
             "ProtocolName":"range","Assignments":[{"MemberId":"{{member}}","Assignment":"{{Assignment(topic)}}"}]}
            """)!.AsObject())!;
        return (int)synced["ErrorCode"]! == 0 ? member : throw new InvalidOperationException(synced.ToJsonString());
    }

    /// <summary>Version 0: one topic, no user data.</summary>
    private static string Subscription(string topic) => $"000000000001{Name(topic)}FFFFFFFF";

    /// <summary>Version 0: partition 0 of one topic, no user data.</summary>
    private static string Assignment(string topic) => $"000000000001{Name(topic)}0000000100000000FFFFFFFF";

    private static string Name(string topic) => $"{topic.Length:X4}{Convert.ToHexString(Encoding.ASCII.GetBytes(topic))}";
}
