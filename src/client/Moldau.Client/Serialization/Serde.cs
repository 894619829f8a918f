using System.Text.Json.Serialization.Metadata;

namespace Moldau.Client;

/// <summary>The built-in formats. NumberTexts and texts are those of Kafka's Java serializers of the same
/// types.</summary>
public static class Serde
{
    /// <summary>Text in UTF-8.</summary>
    public static ISerde<string> Utf8 { get; } = new Utf8Serde();

    /// <summary>Four bytes, big-endian.</summary>
    public static ISerde<int> Int32 { get; } = new Int32Serde();

    /// <summary>Eight bytes, big-endian.</summary>
    public static ISerde<long> Int64 { get; } = new Int64Serde();

    /// <summary>IEEE 754 in eight bytes, big-endian.</summary>
    public static ISerde<double> Double { get; } = new DoubleSerde();

    /// <summary>The text of the id with hyphens, in lower case, as Java's serializer of <c>UUID</c> writes it.</summary>
    public static ISerde<Guid> Guid { get; } = new GuidSerde();

    /// <summary>The bytes as they are. What is read is the record's own memory, valid as long as the
    /// record.</summary>
    public static ISerde<ReadOnlyMemory<byte>> Bytes { get; } = new BytesSerde();

    /// <summary>The bytes as they are; what is read is a copy.</summary>
    public static ISerde<byte[]> ByteArray { get; } = new ByteArraySerde();

    /// <summary>JSON in UTF-8, without reflection.</summary>
    /// <param name="typeInfo">The type's description out of a source-generated
    /// <c>JsonSerializerContext</c>.</param>
    public static ISerde<T> Json<T>(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return new JsonSerde<T>(typeInfo);
    }

    /// <summary>One format out of two halves.</summary>
    /// <param name="serializer">How values are written.</param>
    /// <param name="deserializer">How values are read.</param>
    public static ISerde<T> Of<T>(ISerializer<T> serializer, IDeserializer<T> deserializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        ArgumentNullException.ThrowIfNull(deserializer);
        return new PairSerde<T>(serializer, deserializer);
    }
}
