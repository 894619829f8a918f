using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Differential;

/// <summary>
/// Replaces what legitimately differs between two runs (ids, ports, clocks, texts) by names, and sorts what has no
/// order, so that two answers can be compared as text.
/// </summary>
internal sealed class Normalizer(ServerUnderTest server, string ownName)
{
    private static readonly JsonSerializerOptions _plain =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Fields whose value is made up by the server: equal values get equal names.</summary>
    private static readonly HashSet<string> _identities =
        ["TopicId", "ClusterId", "MemberId", "Leader", "ReplicaDirectoryId", "VoterDirectoryId", "ProducerId"];

    /// <summary>Fields of which only "set or not" is compared.</summary>
    private static readonly HashSet<string> _quantities =
    [
        "LogAppendTimeMs", "SessionId", "TotalBytes", "UsableBytes", "FinalizedFeaturesEpoch", "BrokerEpoch",
        "LastTimestamp", "LastFetchTimestamp", "LastCaughtUpTimestamp",
    ];

    /// <summary>Human text: only "set or not" is compared, since wording is each server's own.</summary>
    private static readonly HashSet<string> _texts =
        ["ErrorMessage", "BatchIndexErrorMessage", "PartitionErrorMessage", "Documentation"];

    /// <summary>APIs that show epoch and offsets of the metadata log.</summary>
    private static readonly HashSet<string> _ofQuorum =
    [
        "DescribeQuorum", "Vote", "BeginQuorumEpoch", "EndQuorumEpoch", "FetchSnapshot", "UpdateRaftVoter",
    ];

    private readonly Dictionary<string, string> _names = [];

    public string Text(string api, JsonObject answer)
    {
        var copy = answer.DeepClone();
        if (copy["ApiKeys"] is JsonArray keys) copy["ApiKeys"] = Ranges(keys);
        return Visit(copy, "", api)!.ToJsonString(_plain);
    }

    /// <summary>The list of APIs in a short form: {"0":"0-13", …}.</summary>
    private static JsonObject Ranges(JsonArray keys)
    {
        var ranges = new JsonObject();
        foreach (var key in keys.OrderBy(key => (int)key!["ApiKey"]!))
            ranges[$"{key!["ApiKey"]}"] = $"{key["MinVersion"]}-{key["MaxVersion"]}";
        return ranges;
    }

    private JsonNode? Visit(JsonNode? node, string name, string api)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (key, value) in fields.ToList()) fields[key] = Visit(value?.DeepClone(), key, api);
                return fields;
            case JsonArray items:
                var visited = items.Select(item => Visit(item?.DeepClone(), name, api)).ToList();
                // Kafka keeps most lists in hash order, so no order is promised; batches keep theirs.
                var sorted = name == "Records"
                    ? visited
                    : visited.OrderBy(item => item?.ToJsonString(_plain), StringComparer.Ordinal).ToList();
                return new JsonArray(sorted.Select(item => item?.DeepClone()).ToArray());
            case JsonValue value:
                return Single(value, name, api);
            default:
                return null;
        }
    }

    private JsonNode Single(JsonValue value, string name, string api)
    {
        if (value.TryGetValue<string>(out var text))
        {
            if (_texts.Contains(name)) return text.Length == 0 ? "" : "<text>";
            if (_identities.Contains(name)) return Identity(text, name);
            return text.Replace(server.DataFolder, "<data>").Replace(ownName, "<name>")
                .Replace($"{server.ControllerPort}", "<controller port>").Replace($"{server.Port}", "<port>");
        }

        if (!value.TryGetValue<long>(out var number)) return value.DeepClone();
        if (name == "Port" && number == server.Port) return "<port>";
        if (name == "Port" && number == server.ControllerPort) return "<controller port>";
        if (name == "ProducerId" && number >= 0) return Identity($"{number}", name);
        if (_quantities.Contains(name) && number > 0) return "<some>";
        if (_ofQuorum.Contains(api) && number > 0
            && name is ("HighWatermark" or "LogEndOffset" or "LeaderEpoch"))
        {
            return "<some>";
        }

        return value.DeepClone();
    }

    private string Identity(string text, string name)
    {
        if (text.Length == 0 || text.All(c => c == 'A') || text is "AAAAAAAAAAAAAAAAAAAAAQ") return text;
        if (name is ("MemberId" or "Leader") && text.Length < 36) return text;
        if (!_names.TryGetValue(text, out var known))
            _names[text] = known = $"<{(name == "Leader" ? "MemberId" : name)} {_names.Count + 1}>";
        return known;
    }
}
