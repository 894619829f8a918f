using System.Text;
using System.Text.Json;

namespace Moldau.Storage;

/// <summary><c>.kafka_cleanshutdown</c>: says that all of a log directory was flushed before the node ended. Removed
/// when its logs are loaded. Kafka 3.7 and later store the broker epoch in it; before, the file was empty.</summary>
public static class CleanShutdownFile
{
    public static byte[] Encode(long brokerEpoch)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 0);
            json.WriteNumber("brokerEpoch", brokerEpoch);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The broker epoch of the clean end, null if the file does not tell (empty or damaged: still a clean end,
    /// but one that no broker epoch vouches for).</summary>
    public static long? TryDecode(ReadOnlySpan<byte> bytes)
    {
        Utf8JsonReader json = new(bytes);
        try
        {
            bool isEpoch = false;
            while (json.Read())
            {
                if (isEpoch) return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long e) ? e : null;
                isEpoch = json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName
                    && json.ValueTextEquals("brokerEpoch");
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return null;
    }
}
