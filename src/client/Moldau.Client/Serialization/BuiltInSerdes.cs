using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Moldau.Client;

internal sealed class Utf8Serde : ISerde<string>
{
    public void Serialize(string value, IBufferWriter<byte> writer, in SerializationContext context) =>
        Encoding.UTF8.GetBytes(value, writer);

    public string Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) =>
        Encoding.UTF8.GetString(data.Span);
}

internal sealed class Int32Serde : ISerde<int>
{
    public void Serialize(int value, IBufferWriter<byte> writer, in SerializationContext context)
    {
        BinaryPrimitives.WriteInt32BigEndian(writer.GetSpan(sizeof(int)), value);
        writer.Advance(sizeof(int));
    }

    public int Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) =>
        BinaryPrimitives.ReadInt32BigEndian(FixedSize.Of(data, sizeof(int), context));
}

internal sealed class Int64Serde : ISerde<long>
{
    public void Serialize(long value, IBufferWriter<byte> writer, in SerializationContext context)
    {
        BinaryPrimitives.WriteInt64BigEndian(writer.GetSpan(sizeof(long)), value);
        writer.Advance(sizeof(long));
    }

    public long Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) =>
        BinaryPrimitives.ReadInt64BigEndian(FixedSize.Of(data, sizeof(long), context));
}

internal sealed class DoubleSerde : ISerde<double>
{
    public void Serialize(double value, IBufferWriter<byte> writer, in SerializationContext context)
    {
        BinaryPrimitives.WriteDoubleBigEndian(writer.GetSpan(sizeof(double)), value);
        writer.Advance(sizeof(double));
    }

    public double Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) =>
        BinaryPrimitives.ReadDoubleBigEndian(FixedSize.Of(data, sizeof(double), context));
}

internal sealed class GuidSerde : ISerde<Guid>
{
    private const int TextBytes = 36;

    public void Serialize(Guid value, IBufferWriter<byte> writer, in SerializationContext context)
    {
        Utf8Formatter.TryFormat(value, writer.GetSpan(TextBytes), out int written);
        writer.Advance(written);
    }

    public Guid Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) =>
        Utf8Parser.TryParse(FixedSize.Of(data, TextBytes, context), out Guid value, out int read) && read == TextBytes
            ? value
            : throw new FormatException($"the {FixedSize.Part(context)} of a record of {context.Topic} is no UUID");
}

internal sealed class BytesSerde : ISerde<ReadOnlyMemory<byte>>
{
    public void Serialize(ReadOnlyMemory<byte> value, IBufferWriter<byte> writer, in SerializationContext context) =>
        writer.Write(value.Span);

    public ReadOnlyMemory<byte> Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) => data;
}

internal sealed class ByteArraySerde : ISerde<byte[]>
{
    public void Serialize(byte[] value, IBufferWriter<byte> writer, in SerializationContext context) =>
        writer.Write(value);

    public byte[] Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) => data.ToArray();
}

internal sealed class PairSerde<T>(ISerializer<T> serializer, IDeserializer<T> deserializer) : ISerde<T>
{
    public void Serialize(T value, IBufferWriter<byte> writer, in SerializationContext context) =>
        serializer.Serialize(value, writer, context);

    public T Deserialize(ReadOnlyMemory<byte> data, in SerializationContext context) =>
        deserializer.Deserialize(data, context);
}

/// <summary>Bytes whose number is given by the format.</summary>
internal static class FixedSize
{
    public static ReadOnlySpan<byte> Of(ReadOnlyMemory<byte> data, int size, in SerializationContext context) =>
        data.Length == size
            ? data.Span
            : throw new FormatException(
                $"the {Part(context)} of a record of {context.Topic} has {data.Length} bytes instead of {size}");

    public static string Part(in SerializationContext context) => context.IsKey ? "key" : "value";
}
