using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Moldau.Conformance.Tests.Clients;

/// <summary>
/// The records that every client sends and must get back unchanged: null and empty keys and values, text in several
/// scripts, bytes that compress and that do not, no headers, several of one name.
/// </summary>
internal static class TestRecords
{
    public const int Partitions = 3;
    private const int Count = 300;

    /// <param name="canRepeatHeaders">Whether the client can send two headers of one name.</param>
    /// <param name="hasNullValues">Whether the client can send null (tombstones).</param>
    /// <param name="hasEmptyValues">Whether the client tells an empty value from null.</param>
    public static IReadOnlyList<JsonObject> Make(bool canRepeatHeaders, bool hasNullValues, bool hasEmptyValues)
    {
        var random = new Random(20261121);
        var records = new List<JsonObject>(Count);
        for (var i = 0; i < Count; i++)
        {
            var headers = new JsonArray();
            if (i % 3 == 1) headers.Add(Header("trace", Encoding.UTF8.GetBytes($"t-{i}")));
            if (i % 6 == 1) headers.Add(Header(canRepeatHeaders ? "trace" : "other", [0, (byte)i, 255]));
            records.Add(new JsonObject
            {
                ["p"] = i % Partitions,
                ["k"] = i % 4 == 0 ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes($"key-{i}")),
                ["v"] = Value(random, i, hasNullValues, hasEmptyValues) is { } value
                    ? Convert.ToBase64String(value)
                    : null,
                ["h"] = headers,
            });
        }

        return records;
    }

    public static void Write(string file, IEnumerable<JsonObject> records) =>
        File.WriteAllLines(file, records.Select(record => record.ToJsonString()));

    /// <summary>
    /// Checks what a client received: per partition the same records in the same order, offsets from 0 without a gap.
    /// </summary>
    public static void AssertSame(IReadOnlyList<JsonObject> sent, string receivedFile)
    {
        var received = File.ReadLines(receivedFile)
            .Select(line => JsonNode.Parse(line)!.AsObject())
            .GroupBy(record => (int)record["p"]!)
            .ToDictionary(
                group => group.Key,
                group => group.OrderBy(record => (long)record["o"]!).ToList());
        foreach (var partition in sent.GroupBy(record => (int)record["p"]!))
        {
            var expected = partition.Select(record => record.ToJsonString()).ToList();
            var actual = received.GetValueOrDefault(partition.Key) ?? [];
            Assert.Equal(Enumerable.Range(0, expected.Count).Select(i => (long)i), actual.Select(r => (long)r["o"]!));
            Assert.Equal(expected, actual.Select(WithoutOffset));
        }
    }

    private static string WithoutOffset(JsonObject record) =>
        new JsonObject
        {
            ["p"] = record["p"]!.DeepClone(),
            ["k"] = record["k"]?.DeepClone(),
            ["v"] = record["v"]?.DeepClone(),
            ["h"] = record["h"]!.DeepClone(),
        }.ToJsonString(JsonSerializerOptions.Default);

    private static JsonArray Header(string name, byte[] value) => [name, Convert.ToBase64String(value)];

    private static byte[]? Value(Random random, int index, bool hasNullValues, bool hasEmptyValues)
    {
        if (index % 50 == 49 && hasNullValues) return null;
        if (index % 50 == 48 && hasEmptyValues) return [];
        if (index % 5 == 3)
        {
            var noise = new byte[random.Next(1, 3000)];
            random.NextBytes(noise);
            return noise;
        }

        var words = string.Concat(Enumerable.Repeat("Vltava, Молдова, 夜 · stream of text ", 1 + (index % 30)));
        return Encoding.UTF8.GetBytes($"{index}: {words}");
    }
}
