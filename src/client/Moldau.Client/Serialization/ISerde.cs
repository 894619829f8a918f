using System.Buffers;

namespace Moldau.Client;

/// <summary>What a serializer is told about the bytes that it makes or reads.</summary>
/// <param name="Topic">The topic of the record.</param>
/// <param name="IsKey">True for the key, false for the value.</param>
public readonly record struct SerializationContext(string Topic, bool IsKey);

/// <summary>Writes values of a type as the bytes of a key or a value. It is called by many threads at once. Null is
/// never handed to it: it becomes null bytes, which is a tombstone for a value.</summary>
/// <typeparam name="T">The type of the key or value.</typeparam>
public interface ISerializer<in T>
{
    /// <summary>Appends the value's bytes to the writer.</summary>
    /// <param name="value">Not null.</param>
    /// <param name="writer">Takes the bytes.</param>
    /// <param name="context">Whose bytes they are.</param>
    void Serialize(T value, IBufferWriter<byte> writer, in SerializationContext context);
}

/// <summary>Reads values of a type from the bytes of a key or a value. It is called by many threads at once. Null bytes
/// are never handed to it: they are the type's default.</summary>
/// <typeparam name="T">The type of the key or value.</typeparam>
public interface IDeserializer<out T>
{
    /// <summary>The value of these bytes.</summary>
    /// <param name="data">The bytes, valid as long as the record that they come from: who keeps them copies
    /// them.</param>
    /// <param name="context">Whose bytes they are.</param>
    /// <exception cref="FormatException">The bytes are no such value.</exception>
    T Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context);
}

/// <summary>Both directions of a format.</summary>
/// <typeparam name="T">The type of the key or value.</typeparam>
public interface ISerde<T> : ISerializer<T>, IDeserializer<T>;
