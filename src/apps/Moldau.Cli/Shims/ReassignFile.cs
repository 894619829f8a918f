using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary>A file that says where partitions are to be, as <c>kafka-reassign-partitions.sh</c> reads and writes it.</summary>
/// <param name="Partitions">The brokers of each partition, in the order of the file; nothing has been looked at twice.</param>
/// <param name="Directories">Replicas that are to be in a directory of their broker.</param>
internal sealed record ReassignFile(
    IReadOnlyList<KeyValuePair<TopicPartition, List<int>>> Partitions, IReadOnlyDictionary<TopicPartitionReplica, string> Directories)
{
    /// <summary>The directory that stands for any of the broker's.</summary>
    public const string Any = "any";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads what a file says.</summary>
    /// <exception cref="ReassignFailedException">It is not such a file.</exception>
    /// <exception cref="ScriptJsonException">A field is not as it should be.</exception>
    public static ReassignFile Parse(string text)
    {
        JsonElement json = ScriptJson.Parse(text, out string wrong)
            ?? throw new ReassignFailedException(
                "com.fasterxml.jackson.core.JsonParseException", text.Length == 0 ? $"{wrong}\n at [Source: UNKNOWN; byte offset: #UNKNOWN]" : wrong);
        RequireVersion(json);
        List<KeyValuePair<TopicPartition, List<int>>> partitions = [];
        Dictionary<TopicPartitionReplica, string> directories = [];
        if (ScriptJson.Find(json, "partitions") is { } list)
            foreach (JsonElement element in ScriptJson.Array(list)) Add(element, partitions, directories);
        return new ReassignFile(partitions, directories);
    }

    /// <summary>The names in a file of topics.</summary>
    /// <exception cref="ReassignFailedException">It is not such a file.</exception>
    /// <exception cref="ScriptJsonException">A field is not as it should be.</exception>
    public static IReadOnlyList<string> ParseTopics(string text)
    {
        JsonElement json = ScriptJson.Parse(text, out _) ?? throw ReassignFailedException.Operation("The input string is not a valid JSON");
        RequireVersion(json);
        return ScriptJson.Find(json, "topics") is { } list
            ? [.. ScriptJson.Array(list).Select(t => ScriptJson.String(ScriptJson.Require(t, "topic")))]
            : [];
    }

    /// <summary>What such a file says of partitions, in their order.</summary>
    public static string Text(
        IReadOnlyDictionary<TopicPartition, IReadOnlyList<int>> partitions, IReadOnlyDictionary<TopicPartitionReplica, string> directories)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Plain))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteStartArray("partitions");
            foreach ((TopicPartition partition, IReadOnlyList<int> replicas) in partitions.OrderBy(p => p.Key))
            {
                json.WriteStartObject();
                json.WriteString("topic", partition.Topic);
                json.WriteNumber("partition", partition.Partition);
                json.WriteStartArray("replicas");
                foreach (int replica in replicas) json.WriteNumberValue(replica);
                json.WriteEndArray();
                json.WriteStartArray("log_dirs");
                foreach (int replica in replicas)
                    json.WriteStringValue(directories.GetValueOrDefault(new TopicPartitionReplica(partition, replica), Any));
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void RequireVersion(JsonElement json)
    {
        if (ScriptJson.Find(json, "version") is { } version && ScriptJson.Integer(version) is var number and not 1)
            throw ReassignFailedException.Operation($"Not supported version field value {number}");
    }

    private static void Add(
        JsonElement element, List<KeyValuePair<TopicPartition, List<int>>> partitions,
        Dictionary<TopicPartitionReplica, string> directories)
    {
        TopicPartition partition = new(
            ScriptJson.String(ScriptJson.Require(element, "topic")), ScriptJson.Integer(ScriptJson.Require(element, "partition")));
        List<int> replicas = ScriptJson.List(ScriptJson.Require(element, "replicas"), ScriptJson.Integer);
        List<string> dirs = ScriptJson.Find(element, "log_dirs") is { } given
            ? ScriptJson.List(given, ScriptJson.String)
            : [.. replicas.Select(_ => Any)];
        if (replicas.Count != dirs.Count)
        {
            throw ReassignFailedException.Command($"Size of replicas list [{string.Join(", ", replicas)}] is different from size of log dirs list "
                + $"[{string.Join(", ", dirs)}] for partition {partition}");
        }

        partitions.Add(new(partition, replicas));
        for (int i = 0; i < dirs.Count; i++)
            if (dirs[i] != Any) directories[new TopicPartitionReplica(partition, replicas[i])] = dirs[i];
    }
}
