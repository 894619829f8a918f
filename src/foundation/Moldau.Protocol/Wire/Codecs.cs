using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>How one element of an array of primitives is read and written.</summary>
internal interface ICodec<T>
{
    /// <summary>The fewest bytes that an element takes on the wire.</summary>
    static abstract int MinSize { get; }

    /// <summary>Bytes that an element takes in a list.</summary>
    static abstract int SlotSize { get; }

    static abstract T Read(ref KafkaReader reader, bool flexible);

    static abstract void Write(ref KafkaWriter writer, T value, bool flexible);
}

internal readonly struct BoolCodec : ICodec<bool>
{
    public static int MinSize => 1;

    public static int SlotSize => 1;

    public static bool Read(ref KafkaReader reader, bool flexible) => reader.ReadBool();

    public static void Write(ref KafkaWriter writer, bool value, bool flexible) => writer.WriteBool(value);
}

internal readonly struct Int8Codec : ICodec<sbyte>
{
    public static int MinSize => 1;

    public static int SlotSize => 1;

    public static sbyte Read(ref KafkaReader reader, bool flexible) => reader.ReadInt8();

    public static void Write(ref KafkaWriter writer, sbyte value, bool flexible) => writer.WriteInt8(value);
}

internal readonly struct Int16Codec : ICodec<short>
{
    public static int MinSize => 2;

    public static int SlotSize => 2;

    public static short Read(ref KafkaReader reader, bool flexible) => reader.ReadInt16();

    public static void Write(ref KafkaWriter writer, short value, bool flexible) => writer.WriteInt16(value);
}

internal readonly struct UInt16Codec : ICodec<ushort>
{
    public static int MinSize => 2;

    public static int SlotSize => 2;

    public static ushort Read(ref KafkaReader reader, bool flexible) => reader.ReadUInt16();

    public static void Write(ref KafkaWriter writer, ushort value, bool flexible) => writer.WriteUInt16(value);
}

internal readonly struct Int32Codec : ICodec<int>
{
    public static int MinSize => 4;

    public static int SlotSize => 4;

    public static int Read(ref KafkaReader reader, bool flexible) => reader.ReadInt32();

    public static void Write(ref KafkaWriter writer, int value, bool flexible) => writer.WriteInt32(value);
}

internal readonly struct UInt32Codec : ICodec<uint>
{
    public static int MinSize => 4;

    public static int SlotSize => 4;

    public static uint Read(ref KafkaReader reader, bool flexible) => reader.ReadUInt32();

    public static void Write(ref KafkaWriter writer, uint value, bool flexible) => writer.WriteUInt32(value);
}

internal readonly struct Int64Codec : ICodec<long>
{
    public static int MinSize => 8;

    public static int SlotSize => 8;

    public static long Read(ref KafkaReader reader, bool flexible) => reader.ReadInt64();

    public static void Write(ref KafkaWriter writer, long value, bool flexible) => writer.WriteInt64(value);
}

internal readonly struct Float64Codec : ICodec<double>
{
    public static int MinSize => 8;

    public static int SlotSize => 8;

    public static double Read(ref KafkaReader reader, bool flexible) => reader.ReadFloat64();

    public static void Write(ref KafkaWriter writer, double value, bool flexible) => writer.WriteFloat64(value);
}

internal readonly struct UuidCodec : ICodec<Uuid>
{
    public static int MinSize => 16;

    public static int SlotSize => 16;

    public static Uuid Read(ref KafkaReader reader, bool flexible) => reader.ReadUuid();

    public static void Write(ref KafkaWriter writer, Uuid value, bool flexible) => writer.WriteUuid(value);
}

internal readonly struct StringCodec : ICodec<string>
{
    public static int MinSize => 1;

    public static int SlotSize => 8;

    public static string Read(ref KafkaReader reader, bool flexible) => reader.ReadString(flexible);

    public static void Write(ref KafkaWriter writer, string value, bool flexible) =>
        writer.WriteString(value, flexible);
}

internal readonly struct BytesCodec : ICodec<byte[]>
{
    public static int MinSize => 1;

    public static int SlotSize => 8;

    public static byte[] Read(ref KafkaReader reader, bool flexible) => reader.ReadBytes(flexible);

    public static void Write(ref KafkaWriter writer, byte[] value, bool flexible) => writer.WriteBytes(value, flexible);
}
