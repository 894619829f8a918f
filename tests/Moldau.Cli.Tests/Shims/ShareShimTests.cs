using System.Text.Json.Nodes;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Kafka's scripts for share groups as <c>moldau</c> does them.</summary>
public sealed class ShareShimTests
{
    private const string LiveGroup = "live";

    /// <summary>The member that a test makes by hand sends no second heartbeat.</summary>
    private static readonly Dictionary<string, string> LongSessions = new(StringComparer.Ordinal)
    {
        ["group.share.max.session.timeout.ms"] = "900000",
        ["group.share.session.timeout.ms"] = "900000",
    };

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Scripts_AnswerAsTheOriginals(string name)
    {
        bool isApache = name == Clusters.Apache;
        ShimComparison.Run(
            name, "share", ShareShimCases.Of(hasShareGroups: isApache),
            (server, scratch) =>
            {
                ShareShimCases.WriteFiles(scratch);
                Cluster cluster = new(server);
                cluster.Run("topic", "create", "one", "-p", "1").Succeeded();
                cluster.Run("topic", "create", "orders", "-p", "3").Succeeded();
                if (isApache) Join(server);
            },
            properties: isApache ? LongSessions : null);
    }

    /// <summary>A share group that keeps its member.</summary>
    private static void Join(ServerUnderTest server)
    {
        using WireClient wire = new(server.Port);
        string member = ServerUnderTest.RandomId();
        // Only who asks for the coordinator makes the topic that the coordinator writes to.
        JsonObject find = JsonNode.Parse($$"""{"KeyType":0,"CoordinatorKeys":["{{LiveGroup}}"]}""")!.AsObject();
        Wait.Until(() => (int)wire.Ask("FindCoordinator", 4, find)!["Coordinators"]![0]!["ErrorCode"]! == 0, TimeSpan.FromSeconds(60), "the coordinator");
        JsonObject beat = JsonNode.Parse($$"""
            {"GroupId":"{{LiveGroup}}","MemberId":"{{member}}","MemberEpoch":0,"SubscribedTopicNames":["one","orders"]}
            """)!.AsObject();
        Wait.Until(() => (int)wire.Ask("ShareGroupHeartbeat", 1, beat)!["ErrorCode"]! == 0, TimeSpan.FromSeconds(60), "the member to join");
    }
}
