using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.System.Tests;

/// <summary>
/// What several servers, one after the other, write into one data folder, remembered here so that each can be asked
/// for everything that those before it wrote.
/// </summary>
internal sealed class FolderContents
{
    private static readonly string[] _codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    private readonly Dictionary<string, StringBuilder> _texts = _codecs.ToDictionary(c => c, _ => new StringBuilder());
    private int _rounds;
    private long _producerId = -1;
    private int _sequence;

    /// <summary>
    /// Adds a round: records with each codec, an idempotent batch, a committed offset, a changed config.
    /// </summary>
    public void Write(ServerUnderTest server)
    {
        using var client = new WireClient(server.Port);
        if (_rounds == 0)
        {
            foreach (var codec in _codecs) Topics.Create(server, $"exchange-{codec}", 1);
            Topics.Create(server, "exchange-idempotent", 1, """[{"Name":"retention.ms","Value":"-1"}]""");
            Wait.Until(
                () => (_producerId = (long)Ask(
                    client, "InitProducerId", 4,
                    """{"TransactionalId":null,"TransactionTimeoutMs":60000}""")["ProducerId"]!) >= 0,
                TimeSpan.FromSeconds(30), "a producer id");
        }

        AwaitLeaders(server);
        foreach (var codec in _codecs)
        {
            var lines = string.Concat(Enumerable.Range(0, 2000).Select(
                i => $"round {_rounds} line {i} {new string('z', i % 300)}\n"));
            _texts[codec].Append(lines);
            ChildProcess.Run(
                "kcat", ["-b", server.Bootstrap, "-P", "-t", $"exchange-{codec}", "-p", "0", "-z", codec], input: lines)
                .Succeeded();
        }

        Assert.Equal(_sequence, AppendIdempotent(client, _sequence));
        _sequence++;
        _rounds++;
        Commit(client, _rounds * 10);
        var name = $"exchange-round-{_rounds}";
        Topics.Create(server, name, 2, """[{"Name":"segment.bytes","Value":"2097152"}]""");
    }

    /// <summary>Asks a server for everything that has been written so far.</summary>
    public void Check(ServerUnderTest server)
    {
        AwaitLeaders(server);
        using var client = new WireClient(server.Port);
        foreach (var codec in _codecs)
        {
            var output = ChildProcess.Run(
                "kcat", ["-b", server.Bootstrap, "-C", "-t", $"exchange-{codec}", "-e", "-q", "-X", "check.crcs=true"])
                .Succeeded();
            Assert.True(_texts[codec].ToString() == output, $"other records with {codec}");
        }

        // A repeated batch is answered with its old offset only by a server that has the producer's state.
        Assert.Equal(_sequence - 1, AppendIdempotent(client, _sequence - 1));
        Assert.Equal(_rounds * 10, Committed(client));
        for (var round = 1; round <= _rounds; round++) AssertTopic(client, $"exchange-round-{round}");
    }

    private static void AssertTopic(WireClient client, string name)
    {
        var topic = Ask(client, "Metadata", 9, $$"""{"Topics":[{"Name":"{{name}}"}],"AllowAutoTopicCreation":false}""")
            ["Topics"]![0]!;
        Assert.Equal(0, (int)topic["ErrorCode"]!);
        Assert.Equal(2, topic["Partitions"]!.AsArray().Count);
        var config = Ask(client, "DescribeConfigs", 4, $$"""
            {"Resources":[{"ResourceType":2,"ResourceName":"{{name}}","ConfigurationKeys":["segment.bytes"]}]}
            """)["Results"]![0]!["Configs"]![0]!;
        Assert.Equal("2097152", (string)config["Value"]!);
    }

    private static void AwaitLeaders(ServerUnderTest server)
    {
        foreach (var codec in _codecs) Topics.AwaitLeaders(server, $"exchange-{codec}", 1);
        Topics.AwaitLeaders(server, "exchange-idempotent", 1);
    }

    /// <summary>Appends the batch with this sequence and returns the offset that the server says it has.</summary>
    private long AppendIdempotent(WireClient client, int sequence)
    {
        var batch = new BatchShape
        {
            ProducerId = _producerId,
            ProducerEpoch = 0,
            BaseSequence = sequence,
            // Producers of long ago are forgotten when a log is opened, by the time in their last batch.
            BaseTimestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            Values = [sequence.ToString(CultureInfo.InvariantCulture)],
        };
        var answer = Ask(client, "Produce", 9, $$"""
            {"Acks":-1,"TimeoutMs":10000,"TopicData":[{"Name":"exchange-idempotent","PartitionData":[
             {"Index":0,"Records":"{{Batches.Hex(batch)}}"}]}]}
            """)["Responses"]![0]!["PartitionResponses"]![0]!;
        Assert.Equal(0, (int)answer["ErrorCode"]!);
        return (long)answer["BaseOffset"]!;
    }

    private static void Commit(WireClient client, long offset)
    {
        var body = $$"""
            {"GroupId":"exchange-group","GenerationIdOrMemberEpoch":-1,"MemberId":"","Topics":[{"Name":"exchange-none",
             "Partitions":[{"PartitionIndex":0,"CommittedOffset":{{offset}},"CommittedMetadata":"at {{offset}}"}]}]}
            """;
        AwaitCoordinator(client);
        Wait.Until(
            () => (int)Ask(client, "OffsetCommit", 8, body)["Topics"]![0]!["Partitions"]![0]!["ErrorCode"]! == 0,
            TimeSpan.FromSeconds(30), "the commit");
    }

    private static long Committed(WireClient client)
    {
        long offset = -1;
        AwaitCoordinator(client);
        Wait.Until(
            () =>
            {
                var answer = Ask(client, "OffsetFetch", 7, """
                    {"GroupId":"exchange-group","Topics":[{"Name":"exchange-none","PartitionIndexes":[0]}]}
                    """);
                offset = (int)answer["ErrorCode"]! == 0
                    ? (long)answer["Topics"]![0]!["Partitions"]![0]!["CommittedOffset"]!
                    : -1;
                return (int)answer["ErrorCode"]! == 0;
            },
            TimeSpan.FromSeconds(30), "the coordinator's answer");
        return offset;
    }

    private static void AwaitCoordinator(WireClient client) =>
        Wait.Until(
            () => (int)Ask(client, "FindCoordinator", 3, """{"Key":"exchange-group","KeyType":0}""")["ErrorCode"]! == 0,
            TimeSpan.FromSeconds(30), "the coordinator");

    private static JsonObject Ask(WireClient client, string api, int version, string body) =>
        client.Ask(api, version, JsonNode.Parse(body)!.AsObject())
            ?? throw new IOException($"the server closed the connection on {api}");
}
