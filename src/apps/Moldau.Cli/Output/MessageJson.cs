using System.Buffers;
using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Cli.Output;

/// <summary>Messages of the protocol as JSON, with Kafka's field names. What is on its default is left out, so that a line
/// says what happened.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "the executable is published whole")]
[UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "the executable is published whole")]
internal static class MessageJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What holds secrets: the bytes of SASL, what a password is kept as, and the keys of tokens.</summary>
    private static readonly string[] Secrets = ["AuthBytes", "Salt", "SaltedPassword", "Hmac"];

    private const int MostBytes = 32;

    /// <summary>The fields of a message that is on its way: without secrets, and of long bytes only how many there are.</summary>
    public static string OfTraffic(IMessage message) => Write(writer => WriteFields(writer, message, isTraffic: true));

    /// <summary>One line: the type's name, the version it was written in, and its fields.</summary>
    public static string Of(IMessage message, short version) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type", message.GetType().Name);
        writer.WriteNumber("version", version);
        writer.WritePropertyName("data");
        WriteFields(writer, message);
        writer.WriteEndObject();
    });

    public static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Options)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteFields(Utf8JsonWriter writer, object message, bool isTraffic = false)
    {
        writer.WriteStartObject();
        foreach (PropertyInfo property in message.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.Name is "UnknownTaggedFields" or "TypeId" || property.GetIndexParameters().Length > 0 || !property.CanWrite) continue;
            object? value = property.GetValue(message);
            if (IsDefault(value)) continue;
            writer.WritePropertyName(JsonNamingPolicy.CamelCase.ConvertName(property.Name));
            if (isTraffic && IsSecret(property)) writer.WriteStringValue("hidden");
            else WriteValue(writer, value, isTraffic);
        }

        writer.WriteEndObject();
    }

    /// <summary>Values of properties that are set may be passwords too.</summary>
    private static bool IsSecret(PropertyInfo property) =>
        Secrets.Contains(property.Name) || (property.Name == "Value" && property.DeclaringType!.Name.Contains("AlterableConfig", StringComparison.Ordinal));

    private static bool IsDefault(object? value) => value switch
    {
        null => true,
        Uuid id => id.IsZero,
        string text => text.Length == 0,
        ICollection items => items.Count == 0,
        _ => false,
    };

    private static void WriteValue(Utf8JsonWriter writer, object? value, bool isTraffic)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool fact:
                writer.WriteBooleanValue(fact);
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case byte[] bytes when isTraffic && bytes.Length > MostBytes:
                writer.WriteStringValue($"{bytes.Length} bytes");
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case IEnumerable items:
                writer.WriteStartArray();
                foreach (object? item in items) WriteValue(writer, item, isTraffic);
                writer.WriteEndArray();
                break;
            default:
                if (value.GetType().Namespace == typeof(IMessage).Namespace) WriteFields(writer, value, isTraffic);
                else writer.WriteStringValue(value.ToString());
                break;
        }
    }
}
