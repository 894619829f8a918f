using System.Text.Json.Nodes;
using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Clients;

/// <summary>
/// Each foreign client creates a topic, produces with each codec it has, consumes half in a group and commits, starts
/// again from the committed offsets for the rest, and lists and describes what it made.
/// </summary>
[Trait("Category", "Clients")]
public sealed class RoundTripTests(SharedServer shared)
{
    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void ConfluentKafkaPython_RoundTrip_IsByteIdentical(string codec) =>
        RoundTrip("confluent", codec, "python", settings => Python("confluent_round_trip.py", settings));

    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void KafkaPython_RoundTrip_IsByteIdentical(string codec) =>
        RoundTrip("kafka-python", codec, "python", settings => Python("kafka_python_round_trip.py", settings));

    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void AioKafka_RoundTrip_IsByteIdentical(string codec) =>
        RoundTrip("aiokafka", codec, "python", settings => Python("aiokafka_round_trip.py", settings));

    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void KafkaJs_RoundTrip_IsByteIdentical(string codec) =>
        RoundTrip(
            "kafkajs", codec, "node", settings => Node("kafkajs_round_trip.mjs", "node", settings),
            canRepeatHeaders: false);

    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4")]
    public void Platformatic_RoundTrip_IsByteIdentical(string codec) =>
        RoundTrip(
            "platformatic", codec, "node", settings => Node("platformatic_round_trip.mjs", "node", settings),
            canRepeatHeaders: false, hasNullValues: false);

    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void NodeLibrdkafka_RoundTrip_IsByteIdentical(string codec) =>
        RoundTrip(
            "node-librdkafka", codec, "node-librdkafka",
            settings => Node("node_librdkafka_round_trip.mjs", "node-librdkafka", settings), canRepeatHeaders: false,
            hasEmptyValues: false);

    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void JavaClient_RoundTrip_IsByteIdentical(string codec)
    {
        Requires.Java();
        RoundTrip("java", codec, "java", settings => ChildProcess.Run(
            "java", [.. JavaPrograms.CommandLine(ClientPrograms.PathOf("RoundTrip.java")), settings.ToJsonString()]));
    }

    private void RoundTrip(
        string client, string codec, string tool, Func<JsonObject, ProgramResult> run, bool canRepeatHeaders = true,
        bool hasNullValues = true, bool hasEmptyValues = true)
    {
        var server = shared.Server;
        Requires.Client(tool);
        using var scratch = new ScratchFolder("round-trip");
        var records = TestRecords.Make(canRepeatHeaders, hasNullValues, hasEmptyValues);
        TestRecords.Write(scratch["in"], records);
        var topic = $"round-trip-{client}-{codec}";
        var group = $"group-{client}-{codec}";

        var result = run(new JsonObject
        {
            ["bootstrap"] = server.Bootstrap,
            ["topic"] = topic,
            ["group"] = group,
            ["codec"] = codec,
            ["partitions"] = TestRecords.Partitions,
            ["input"] = scratch["in"],
            ["output"] = scratch["out"],
        }).Succeeded();

        TestRecords.AssertSame(records, scratch["out"]);
        var report = JsonNode.Parse(result.Trim().Split('\n')[^1])!;
        Assert.Equal([topic], report["topics"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(TestRecords.Partitions, (int)report["partitions"]!);
        Assert.Contains(group, report["groups"]!.AsArray().Select(name => (string)name!));
    }

    private static ProgramResult Python(string program, JsonObject settings) =>
        ChildProcess.Run(TestTools.Python, [ClientPrograms.PathOf(program), settings.ToJsonString()]);

    private static ProgramResult Node(string program, string modules, JsonObject settings)
    {
        settings["modules"] = Path.Combine(TestTools.Cache, modules);
        return ChildProcess.Run("node", [ClientPrograms.PathOf(program), settings.ToJsonString()]);
    }
}
