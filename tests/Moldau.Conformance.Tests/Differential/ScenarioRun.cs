using System.Net.Sockets;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Conformance.Tests.Differential;

/// <summary>
/// One run of a scenario at one version: sends, and notes the answers without what differs between runs.
/// </summary>
internal sealed class ScenarioRun : IDisposable
{
    /// <summary>The versions in which other APIs than the one under test are asked.</summary>
    private static readonly Dictionary<string, int> _usual = new()
    {
        ["CreateTopics"] = 7,
        ["DeleteTopics"] = 6,
        ["Produce"] = 12,
        ["Fetch"] = 12,
        ["Metadata"] = 12,
        ["ListOffsets"] = 8,
        ["JoinGroup"] = 9,
        ["SyncGroup"] = 5,
        ["OffsetCommit"] = 9,
        ["OffsetFetch"] = 9,
        ["FindCoordinator"] = 4,
        ["InitProducerId"] = 4,
        ["LeaveGroup"] = 5,
        ["Heartbeat"] = 4,
        ["DescribeConfigs"] = 4,
        ["IncrementalAlterConfigs"] = 1,
        ["DeleteRecords"] = 2,
        ["DescribeGroups"] = 6,
    };

    private const string Silence = "nothing, and the connection stays open";

    private readonly Scenario _scenario;
    private readonly ServerUnderTest _server;
    private readonly Normalizer _normalizer;
    private readonly List<string> _lines = [];
    private WireClient? _client;

    public ScenarioRun(Scenario scenario, int version, ServerUnderTest server)
    {
        _scenario = scenario;
        _server = server;
        Version = version;
        _normalizer = new Normalizer(server, Name);
    }

    public int Version { get; }

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The start of every name that this run makes up.</summary>
    public string Name => $"{_scenario.Name}-{Version}";

    public bool IsOnController => _scenario.IsOnController;

    public int Port => IsOnController ? _server.ControllerPort : _server.Port;

    public WireClient Client => _client ??= new WireClient(Port);

    /// <summary>Sends a request and notes the answer. In the JSON text, $name stands for <see cref="Name"/>.</summary>
    public JsonObject? Ask(
        string api, string body, string? note = null, int? version = null, Action<JsonObject>? edit = null)
    {
        JsonObject? answer;
        try
        {
            answer = AskQuietly(api, body, version);
        }
        catch (IOException error) when (error.InnerException is SocketException)
        {
            Note(note ?? api, "no answer");
            Reconnect();
            return null;
        }

        if (answer is not null) edit?.Invoke(answer);
        Note(note ?? api, answer is null ? "closed" : _normalizer.Text(api, answer));
        return answer;
    }

    /// <summary>Sends a request of the API under test.</summary>
    public JsonObject? Ask(string body, bool when = true) => when ? Ask(_scenario.Api, body) : null;

    /// <summary>
    /// Sends a request whose answer lists what other runs made too: only items of this run are noted.
    /// </summary>
    public void AskForOwn(string body, string list, string field) =>
        Ask(_scenario.Api, body, edit: answer => KeepOwn(answer, list, field));

    /// <summary>Leaves only those items of a list whose named field starts with this run's name.</summary>
    public void KeepOwn(JsonObject answer, string list, string field) =>
        answer[list] = new JsonArray(answer[list]!.AsArray()
            .Where(item => ((string?)item![field])?.StartsWith(Name, StringComparison.Ordinal) == true)
            .Select(item => item!.DeepClone()).ToArray());

    /// <summary>Sends a request whose answer is needed for what follows but is not compared.</summary>
    public JsonObject? AskQuietly(string api, string body, int? version = null)
    {
        var used = version ?? (api == _scenario.Api ? Version : _usual.GetValueOrDefault(api));
        var answer = Client.Ask(api, used, JsonNode.Parse(body.Replace("$name", Name))!.AsObject());
        if (answer is null) Reconnect();
        return answer;
    }

    /// <summary>Sends bytes as they are and notes what the server does: answers, closes, or waits for more.</summary>
    public void SendRaw(string note, byte[] bytes, bool isEnd = false)
    {
        Client.Send(bytes);
        if (isEnd) Client.FinishSending();
        if (Client.IsSilent(Patience(note)))
        {
            Note(note, Silence);
        }
        else
        {
            var answer = Client.ReadFrame();
            Note(note, answer is null ? "closed" : Describe(answer));
        }

        Reconnect();
    }

    /// <summary>
    /// How long silence must last to be believed: not long where Apache Kafka was silent too, and longer than any
    /// machine is busy where it answered or closed.
    /// </summary>
    private TimeSpan Patience(string note)
    {
        if (Golden.IsRecording) return TimeSpan.FromSeconds(3);
        var recorded = Golden.Lines(_scenario.Name, Version);
        var isSilent = recorded is not null && recorded.Count > _lines.Count
            && recorded[_lines.Count] == $"{note}: {Silence}";
        return isSilent ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromSeconds(20);
    }

    public void Note(string what, string text) => _lines.Add($"{what}: {text}");

    /// <summary>Notes an answer that was read by other means.</summary>
    public void NoteAnswer(string what, string api, JsonObject? answer) =>
        Note(what, answer is null ? "closed" : _normalizer.Text(api, answer));

    public void Reconnect()
    {
        _client?.Dispose();
        _client = null;
    }

    /// <summary>Makes a topic named after the run, waits until it has leaders, and returns its id.</summary>
    public string CreateTopic(string suffix = "", int partitions = 1, string configs = "[]")
    {
        var name = Name + suffix;
        AskQuietly("CreateTopics", $$"""
            {"Topics":[{"Name":"{{name}}","NumPartitions":{{partitions}},"ReplicationFactor":1,
             "Configs":{{configs}}}],"TimeoutMs":30000}
            """, 7);
        JsonNode? topic = null;
        Wait.Until(
            () =>
            {
                var body = $$"""{"Topics":[{"Name":"{{name}}"}],"AllowAutoTopicCreation":false}""";
                topic = AskQuietly("Metadata", body, 12)!["Topics"]![0]!;
                return (int)topic["ErrorCode"]! == 0 && topic["Partitions"]!.AsArray().Count == partitions
                    && topic["Partitions"]!.AsArray().All(p => (int)p!["LeaderId"]! == 1);
            },
            TimeSpan.FromSeconds(20), $"topic {name}");
        // A broker announces a leader a moment before it serves it.
        for (var partition = 0; partition < partitions; partition++)
        {
            var body = $$"""
                {"ReplicaId":-1,"Topics":[{"Name":"{{name}}","Partitions":[
                 {"PartitionIndex":{{partition}},"Timestamp":-1}]}]}
                """;
            Wait.Until(
                () => (int)AskQuietly("ListOffsets", body, 8)!["Topics"]![0]!["Partitions"]![0]!["ErrorCode"]! == 0,
                TimeSpan.FromSeconds(20), $"the leader of {name}-{partition}");
        }

        return (string)topic!["TopicId"]!;
    }

    /// <summary>Appends batches to partition 0 of a topic of this run; the answer is not compared.</summary>
    public void Produce(string suffix, params BatchShape[] batches)
    {
        foreach (var batch in batches)
        {
            var answer = AskQuietly("Produce", $$"""
                {"Acks":-1,"TimeoutMs":10000,"TopicData":[{"Name":"{{Name + suffix}}","PartitionData":[
                 {"Index":0,"Records":"{{Batches.Hex(batch)}}"}]}]}
                """, 12)!;
            Assert.Equal(0, (int)answer["Responses"]![0]!["PartitionResponses"]![0]!["ErrorCode"]!);
        }
    }

    /// <summary>
    /// A new producer id; just after a start the node may still be waiting for its first block of them.
    /// </summary>
    public long NewProducerId()
    {
        long id = -1;
        Wait.Until(
            () => (id = (long)AskQuietly(
                "InitProducerId", """{"TransactionalId":null,"TransactionTimeoutMs":60000}""", 4)!["ProducerId"]!) >= 0,
            TimeSpan.FromSeconds(30), "a producer id");
        return id;
    }

    /// <summary>Waits until the group coordinator answers for a group, which the first time takes a while.</summary>
    public void AwaitCoordinator(string group) =>
        Wait.Until(
            () =>
            {
                var found = AskQuietly("FindCoordinator", $$"""{"KeyType":0,"CoordinatorKeys":["{{group}}"]}""", 4)!;
                if ((int)found["Coordinators"]![0]!["ErrorCode"]! != 0) return false;
                var asked = AskQuietly("Heartbeat", $$"""{"GroupId":"{{group}}","MemberId":"none"}""", 4)!;
                return (int)asked["ErrorCode"]! is not (14 or 16);
            },
            TimeSpan.FromSeconds(30), $"the coordinator of {group}");

    public void Dispose() => _client?.Dispose();

    /// <summary>The correlation id comes first; the two bytes after it are the error code in most answers.</summary>
    private static string Describe(byte[] answer) =>
        $"{(answer.Length < 40 ? $"{answer.Length} bytes" : "an answer")}, " +
        $"{Convert.ToHexString(answer.AsSpan(4, Math.Min(2, answer.Length - 4)))} after the id";
}
