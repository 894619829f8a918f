using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Moldau.Cli.Shims;

/// <summary>JSON files as Kafka's scripts read them, with what they say of one that is not as it should be. What follows the first
/// value is not looked at.</summary>
internal static class ScriptJson
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value; null where the text is no JSON.</summary>
    /// <param name="text">What the file holds.</param>
    /// <param name="wrong">Why it is none.</param>
    public static JsonElement? Parse(string text, out string wrong)
    {
        wrong = "The input string shouldn't be empty";
        if (string.IsNullOrWhiteSpace(text)) return null;
        try
        {
            Utf8JsonReader reader = new(Encoding.UTF8.GetBytes(text));
            return JsonElement.ParseValue(ref reader);
        }
        catch (JsonException error)
        {
            wrong = error.Message;
            return null;
        }
    }

    /// <summary>A field of an object; null where there is none of this name.</summary>
    /// <exception cref="ScriptJsonException">It is no object.</exception>
    public static JsonElement? Find(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.Object) throw new ScriptJsonException($"Expected JSON object, received {Text(value)}");
        return value.TryGetProperty(field, out JsonElement found) ? found : null;
    }

    /// <summary>A field that an object must have.</summary>
    /// <exception cref="ScriptJsonException">It has none of this name, or is no object.</exception>
    public static JsonElement Require(JsonElement value, string field) =>
        Find(value, field) ?? throw new ScriptJsonException($"No such field exists: `{field}`");

    /// <summary>The elements of an array.</summary>
    /// <exception cref="ScriptJsonException">It is none.</exception>
    public static IEnumerable<JsonElement> Array(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray()
        : throw new ScriptJsonException($"Expected JSON array, received {Text(value)}");

    /// <summary>The elements of an array, each as another value.</summary>
    /// <exception cref="ScriptJsonException">It is no array, or an element is not as it should be.</exception>
    public static List<T> List<T>(JsonElement value, Func<JsonElement, T> read) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(read)]
        : throw new ScriptJsonException($"Expected `JSON array` value, received {Text(value)}");

    /// <exception cref="ScriptJsonException">It is no whole number of 32 bits.</exception>
    public static int Integer(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
        ? number
        : throw new ScriptJsonException($"Expected `Integer` value, received {Text(value)}");

    /// <exception cref="ScriptJsonException">It is no string.</exception>
    public static string String(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw new ScriptJsonException($"Expected `String` value, received {Text(value)}");

    /// <summary>Without spaces.</summary>
    private static string Text(JsonElement value)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Plain)) value.WriteTo(json);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}

/// <summary>A JSON file that is not as it should be.</summary>
internal sealed class ScriptJsonException(string message) : Exception(message)
{
    /// <summary>The exception of the originals, which their output names.</summary>
    public const string Type = "com.fasterxml.jackson.databind.JsonMappingException";
}
