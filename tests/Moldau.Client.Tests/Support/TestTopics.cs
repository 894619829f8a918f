using System.Text;
using System.Text.Json.Nodes;
using Moldau.Records;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Client.Tests.Support;

/// <summary>Topics and records made without the client under test.</summary>
internal static class TestTopics
{
    /// <summary>Makes a topic with a name that no other test has, and waits until it can be used.</summary>
    public static string Create(ServerUnderTest node, string name, int partitions = 1)
    {
        string topic = $"{name}-{Guid.NewGuid():N}";
        using WireClient wire = new(node.Port);
        wire.Ask("CreateTopics", 7, JsonNode.Parse($$"""
            {"Topics":[{"Name":"{{topic}}","NumPartitions":{{partitions}},"ReplicationFactor":1}],"TimeoutMs":30000}
            """)!.AsObject());
        for (int p = 0; p < partitions; p++)
        {
            JsonObject question = JsonNode.Parse($$"""
                {"ReplicaId":-1,"Topics":[{"Name":"{{topic}}","Partitions":[{"PartitionIndex":{{p}},"Timestamp":-1}]}]}
                """)!.AsObject();
            Wait.Until(
                () => (int)wire.Ask("ListOffsets", 8, question)!["Topics"]![0]!["Partitions"]![0]!["ErrorCode"]! == 0,
                TimeSpan.FromSeconds(30), $"topic {topic}");
        }

        return topic;
    }

    public static void Produce(ServerUnderTest node, string topic, string[] values, int partition = 0)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions());
        foreach (string value in values)
            Assert.True(builder.TryAppend(1_700_000_000_000, OptionalBytes.Null, Encoding.UTF8.GetBytes(value)));
        using WireClient wire = new(node.Port);
        JsonObject answer = wire.Ask("Produce", 9, JsonNode.Parse($$"""
            {"Acks":-1,"TimeoutMs":30000,"TopicData":[{"Name":"{{topic}}","PartitionData":[
             {"Index":{{partition}},"Records":"{{Convert.ToHexString(builder.BuildArray())}}"}]}]}
            """)!.AsObject())!;
        Assert.Equal(0, (int)answer["Responses"]![0]!["PartitionResponses"]![0]!["ErrorCode"]!);
    }

    /// <summary>Sets properties of a group, such as <c>share.auto.offset.reset</c>.</summary>
    public static void ConfigureGroup(ServerUnderTest node, string group, params (string Name, string Value)[] configs)
    {
        using WireClient wire = new(node.Port);
        string list = string.Join(",", configs.Select(c =>
            $$"""{"Name":"{{c.Name}}","ConfigOperation":0,"Value":"{{c.Value}}"}"""));
        JsonObject answer = wire.Ask("IncrementalAlterConfigs", 1, JsonNode.Parse($$"""
            {"Resources":[{"ResourceType":32,"ResourceName":"{{group}}","Configs":[{{list}}]}],"ValidateOnly":false}
            """)!.AsObject())!;
        Assert.Equal(0, (int)answer["Responses"]![0]!["ErrorCode"]!);
    }
}
