using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.System.Tests;

/// <summary>Topics by plain requests.</summary>
internal static class Topics
{
    public static void Create(ServerUnderTest server, string name, int partitions, string configs = "[]")
    {
        using var client = new WireClient(server.Port);
        var answer = client.Ask("CreateTopics", 7, JsonNode.Parse($$"""
            {"Topics":[{"Name":"{{name}}","NumPartitions":{{partitions}},"ReplicationFactor":1,
             "Configs":{{configs}}}],"TimeoutMs":30000}
            """)!.AsObject())!;
        Assert.Equal(0, (int)answer["Topics"]![0]!["ErrorCode"]!);
        AwaitLeaders(server, name, partitions);
    }

    /// <summary>Waits until each partition serves requests.</summary>
    public static void AwaitLeaders(ServerUnderTest server, string name, int partitions)
    {
        using var client = new WireClient(server.Port);
        for (var partition = 0; partition < partitions; partition++)
        {
            var body = $$"""
                {"ReplicaId":-1,"Topics":[{"Name":"{{name}}","Partitions":[
                 {"PartitionIndex":{{partition}},"Timestamp":-1}]}]}
                """;
            Wait.Until(
                () => (int)client.Ask("ListOffsets", 8, JsonNode.Parse(body)!.AsObject())!
                    ["Topics"]![0]!["Partitions"]![0]!["ErrorCode"]! == 0,
                TimeSpan.FromSeconds(30), $"the leader of {name}-{partition}");
        }
    }
}
