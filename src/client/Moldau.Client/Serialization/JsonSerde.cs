using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Moldau.Client;

internal sealed class JsonSerde<T>(JsonTypeInfo<T> typeInfo) : ISerde<T>
{
    /// <summary>Kept between records: a writer has buffers of its own.</summary>
    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    public void Serialize(T value, IBufferWriter<byte> writer, in SerializationContext context)
    {
        // A converter that serializes within a serialization finds none and makes its own.
        Utf8JsonWriter json = _writer ?? new Utf8JsonWriter(writer);
        _writer = null;
        json.Reset(writer);
        JsonSerializer.Serialize(json, value, typeInfo);
        json.Flush();
        _writer = json;
    }

    public T Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context)
    {
        try
        {
            return JsonSerializer.Deserialize(data.Span, typeInfo)!;
        }
        catch (JsonException error)
        {
            throw new FormatException(
                $"the {FixedSize.Part(context)} of a record of {context.Topic} cannot be read: {error.Message}", error);
        }
    }
}
