using System.Text;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.System.Tests;

/// <summary>A real process starts while one of its two log directories cannot be used; everything is there when it can again.</summary>
[Trait("Category", "StartAndStop")]
public sealed class BrokenDirectoryTests
{
    private const string Topic = "spread";
    private const int Partitions = 6;
    private const int NotLeaderOrFollower = 6;
    private const int KafkaStorageError = 56;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Start_WithoutOneDirectory_ServesTheRestAndMakesNothingAnew(bool endsCleanly)
    {
        Requires.Server();
        using ScratchFolder scratch = new("directories");
        string broken = scratch["two"];
        string healthy = scratch["one"];
        using var server = TestServer.Create(new ServerOptions
        {
            DataFolder = scratch["metadata"],
            Properties = new Dictionary<string, string>
            {
                ["log.dirs"] = $"{healthy},{broken}",
                ["metadata.log.dir"] = scratch["metadata"],
            },
        });
        server.Start();
        Topics.Create(server, Topic, Partitions);
        for (var p = 0; p < Partitions; p++) Assert.Equal(0, Produce(server, p, $"before {p}"));
        var lost = Enumerable.Range(0, Partitions).Where(p => Directory.Exists(Path.Combine(broken, $"{Topic}-{p}"))).ToList();
        Assert.InRange(lost.Count, 1, Partitions - 1);
        End(server, endsCleanly);

        Directory.Move(broken, broken + ".away");
        File.WriteAllText(broken, "no folder");
        server.Start();
        for (var p = 0; p < Partitions; p++)
        {
            if (!lost.Contains(p))
            {
                Wait.Until(() => Leader(server, p) == 1, TimeSpan.FromSeconds(30), $"the leader of {p}");
                Assert.Equal(0, Produce(server, p, $"meanwhile {p}"));
                continue;
            }

            Assert.Equal(-1, Leader(server, p));
            var error = Produce(server, p, "refused");
            if (TestServer.IsApache) Assert.True(error is KafkaStorageError or NotLeaderOrFollower, $"{p}: {error}");
            else Assert.Equal(KafkaStorageError, error);
            Assert.False(Directory.Exists(Path.Combine(healthy, $"{Topic}-{p}")), $"{p} was made anew");
        }

        End(server, endsCleanly);
        File.Delete(broken);
        Directory.Move(broken + ".away", broken);
        server.Start();
        Topics.AwaitLeaders(server, Topic, Partitions);
        for (var p = 0; p < Partitions; p++)
        {
            Assert.True(Holds(Read(server, p, 0), $"before {p}"), $"{p} has lost a record");
            if (!lost.Contains(p)) Assert.True(Holds(Read(server, p, 1), $"meanwhile {p}"), $"{p} has lost a record");
            Assert.Equal(0, Produce(server, p, $"after {p}"));
        }
    }

    private static void End(ServerUnderTest server, bool cleanly)
    {
        if (cleanly) server.Stop();
        else server.Kill();
    }

    private static bool Holds(byte[] answer, string value) => answer.AsSpan().IndexOf(Encoding.UTF8.GetBytes(value)) >= 0;

    private static int Produce(ServerUnderTest server, int partition, string value)
    {
        using var client = new WireClient(server.Port);
        var answer = client.Ask("Produce", 9, JsonNode.Parse($$"""
            {"Acks":-1,"TimeoutMs":10000,"TopicData":[{"Name":"{{Topic}}","PartitionData":[
             {"Index":{{partition}},"Records":"{{Batches.Hex(new BatchShape { Values = [value] })}}"}]}]}
            """)!.AsObject())!;
        return (int)answer["Responses"]![0]!["PartitionResponses"]![0]!["ErrorCode"]!;
    }

    private static int Leader(ServerUnderTest server, int partition)
    {
        using var client = new WireClient(server.Port);
        var answer = client.Ask("Metadata", 12, JsonNode.Parse($$"""
            {"Topics":[{"TopicId":"AAAAAAAAAAAAAAAAAAAAAA","Name":"{{Topic}}"}],"AllowAutoTopicCreation":false}
            """)!.AsObject())!;
        var found = answer["Topics"]![0]!["Partitions"]!.AsArray().Single(p => (int)p!["PartitionIndex"]! == partition)!;
        return (int)found["LeaderId"]!;
    }

    /// <summary>The bytes of the answer, with the records as they are.</summary>
    private static byte[] Read(ServerUnderTest server, int partition, long offset)
    {
        using var client = new WireClient(server.Port);
        client.Send(client.Frame("Fetch", 12, JsonNode.Parse($$"""
            {"ReplicaId":-1,"MaxWaitMs":1000,"MinBytes":1,"MaxBytes":100000,"SessionId":0,"SessionEpoch":-1,"Topics":[{"Topic":"{{Topic}}",
             "Partitions":[{"Partition":{{partition}},"FetchOffset":{{offset}},"PartitionMaxBytes":100000}]}]}
            """)!.AsObject()));
        return client.ReadFrame() ?? throw new InvalidOperationException("no answer");
    }
}
