using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>Writes the primitive types of the protocol into a buffer of the exact size, or only counts: a message's
/// size is what a counting writer ends at, so size and bytes cannot disagree.</summary>
public ref struct KafkaWriter
{
    private readonly Span<byte> _buffer;
    private readonly bool _isCounting;
    private int _position;

    public KafkaWriter(Span<byte> buffer) => _buffer = buffer;

    private KafkaWriter(bool isCounting) => _isCounting = isCounting;

    public readonly int Position => _position;

    /// <summary>A writer that keeps nothing but its position.</summary>
    public static KafkaWriter Counter() => new(isCounting: true);

    /// <summary>The message in an array of its own; for control messages and tests.</summary>
    public static byte[] ToArray(IMessage message, short version)
    {
        byte[] bytes = new byte[message.Size(version)];
        var writer = new KafkaWriter(bytes);
        message.Write(ref writer, version);
        Verify.That(writer.Position == bytes.Length);
        return bytes;
    }

    internal static int Measure(IMessage message, short version)
    {
        KafkaWriter counter = Counter();
        message.Write(ref counter, version);
        return counter.Position;
    }

    public void WriteBool(bool value) => WriteInt8(value ? (sbyte)1 : (sbyte)0);

    public void WriteInt8(sbyte value)
    {
        if (!_isCounting) _buffer[_position] = (byte)value;
        _position++;
    }

    public void WriteInt16(short value)
    {
        if (!_isCounting) BinaryPrimitives.WriteInt16BigEndian(_buffer[_position..], value);
        _position += 2;
    }

    public void WriteUInt16(ushort value) => WriteInt16((short)value);

    public void WriteInt32(int value)
    {
        if (!_isCounting) BinaryPrimitives.WriteInt32BigEndian(_buffer[_position..], value);
        _position += 4;
    }

    public void WriteUInt32(uint value) => WriteInt32((int)value);

    public void WriteInt64(long value)
    {
        if (!_isCounting) BinaryPrimitives.WriteInt64BigEndian(_buffer[_position..], value);
        _position += 8;
    }

    public void WriteFloat64(double value) => WriteInt64(BitConverter.DoubleToInt64Bits(value));

    public void WriteUuid(Uuid value)
    {
        if (!_isCounting) value.Write(_buffer[_position..]);
        _position += Uuid.Bytes;
    }

    public void WriteUnsignedVarint(uint value) =>
        _position += _isCounting ? Varint.SizeOfUnsigned(value) : Varint.WriteUnsigned(_buffer[_position..], value);

    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        if (!_isCounting) bytes.CopyTo(_buffer[_position..]);
        _position += bytes.Length;
    }

    /// <summary>Texts end at 32,767 bytes: the reader lets no longer name in, so only what was put together here, such
    /// as an error message that quotes a name, can be cut.</summary>
    public void WriteString(string? value, bool flexible)
    {
        Verify.That(value is not null);
        int length = Encoding.UTF8.GetByteCount(value);
        if (length > short.MaxValue)
        {
            value = Cut(value);
            length = Encoding.UTF8.GetByteCount(value);
        }

        if (flexible) WriteUnsignedVarint((uint)length + 1);
        else WriteInt16((short)length);
        if (!_isCounting) Encoding.UTF8.GetBytes(value, _buffer[_position..]);
        _position += length;
    }

    /// <summary>A string that is UTF-8 already.</summary>
    public void WriteUtf8(ReadOnlySpan<byte> text, bool flexible)
    {
        if (flexible) WriteUnsignedVarint((uint)text.Length + 1);
        else WriteInt16((short)text.Length);
        WriteRaw(text);
    }

    public void WriteNullableString(string? value, bool flexible)
    {
        if (value is not null) WriteString(value, flexible);
        else if (flexible) WriteUnsignedVarint(0);
        else WriteInt16(-1);
    }

    public void WriteBytes(byte[]? value, bool flexible)
    {
        Verify.That(value is not null);
        WriteBytesLength(value.Length, flexible);
        WriteRaw(value);
    }

    public void WriteNullableBytes(byte[]? value, bool flexible)
    {
        if (value is null) WriteBytesLength(-1, flexible);
        else WriteBytes(value, flexible);
    }

    /// <summary>The length before bytes or records, -1 for null.</summary>
    public void WriteBytesLength(int length, bool flexible) => WriteArrayLength(length, flexible);

    /// <summary>The count before the elements of an array, -1 for null.</summary>
    public void WriteArrayLength(int count, bool flexible)
    {
        if (flexible) WriteUnsignedVarint((uint)(count + 1));
        else WriteInt32(count);
    }

    internal static T Required<T>(T? value)
        where T : class
    {
        Verify.That(value is not null);
        return value;
    }

    [DoesNotReturn]
    internal static void Unsupported(string field, short version) =>
        Verify.Fail($"{field} is set but version {version} has no such field");

    internal void WriteStructures<T>(List<T>? list, bool flexible, short version)
        where T : class, IStructure<T>
    {
        Verify.That(list is not null);
        WriteArrayLength(list.Count, flexible);
        foreach (T item in list) item.Write(ref this, version);
    }

    internal void WriteNullableStructures<T>(List<T>? list, bool flexible, short version)
        where T : class, IStructure<T>
    {
        if (list is null) WriteArrayLength(-1, flexible);
        else WriteStructures(list, flexible, version);
    }

    internal void WriteNullableStructure<T>(T? value, short version)
        where T : class, IStructure<T>
    {
        WriteInt8(value is null ? (sbyte)-1 : (sbyte)1);
        value?.Write(ref this, version);
    }

    internal void WriteNullableTaggedStructure<T>(T? value, short version)
        where T : class, IStructure<T>
    {
        WriteUnsignedVarint(value is null ? 0u : 1u);
        value?.Write(ref this, version);
    }

    internal void WriteList<T, TCodec>(List<T>? list, bool flexible)
        where TCodec : ICodec<T>
    {
        Verify.That(list is not null);
        WriteArrayLength(list.Count, flexible);
        foreach (T item in list) TCodec.Write(ref this, item, flexible);
    }

    internal void WriteNullableList<T, TCodec>(List<T>? list, bool flexible)
        where TCodec : ICodec<T>
    {
        if (list is null) WriteArrayLength(-1, flexible);
        else WriteList<T, TCodec>(list, flexible);
    }

    internal void WriteTaggedFields(List<RawTaggedField>? fields)
    {
        WriteUnsignedVarint((uint)(fields?.Count ?? 0));
        if (fields is null) return;
        foreach (RawTaggedField field in fields) WriteTaggedField(field);
    }

    internal void WriteTaggedField(RawTaggedField field)
    {
        WriteUnsignedVarint(field.Tag);
        WriteUnsignedVarint((uint)field.Data.Length);
        WriteRaw(field.Data);
    }

    private static string Cut(string text)
    {
        int chars = 0, bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > short.MaxValue) break;
            chars += rune.Utf16SequenceLength;
        }

        return text[..chars];
    }

    /// <summary>Leaves one byte for a varint that is known only later.</summary>
    internal int Reserve() => _position++;

    /// <summary>Fills the byte that <see cref="Reserve"/> left at <paramref name="at"/>, and moves what follows where
    /// the value takes more than one.</summary>
    internal void Patch(int at, uint value)
    {
        int extra = Varint.SizeOfUnsigned(value) - 1;
        if (!_isCounting)
        {
            if (extra > 0) _buffer[(at + 1).._position].CopyTo(_buffer[(at + 1 + extra)..]);
            Varint.WriteUnsigned(_buffer[at..], value);
        }

        _position += extra;
    }
}

/// <summary>Writes the tagged fields of a structure in the order of their tags, known and unknown ones
/// together.</summary>
internal struct TaggedSection
{
    private readonly List<RawTaggedField>? _unknown;
    private readonly int _countAt;
    private int _nextUnknown;
    private int _lengthAt;
    private uint _count;

    public TaggedSection(ref KafkaWriter writer, List<RawTaggedField>? unknown)
    {
        _unknown = unknown;
        _countAt = writer.Reserve();
    }

    public void Begin(ref KafkaWriter writer, uint tag)
    {
        WriteUnknownBelow(ref writer, tag);
        _count++;
        writer.WriteUnsignedVarint(tag);
        _lengthAt = writer.Reserve();
    }

    public readonly void End(ref KafkaWriter writer) =>
        writer.Patch(_lengthAt, (uint)(writer.Position - _lengthAt - 1));

    public void Close(ref KafkaWriter writer)
    {
        WriteUnknownBelow(ref writer, uint.MaxValue);
        for (; _nextUnknown < (_unknown?.Count ?? 0); _nextUnknown++, _count++)
            writer.WriteTaggedField(_unknown![_nextUnknown]);
        writer.Patch(_countAt, _count);
    }

    private void WriteUnknownBelow(ref KafkaWriter writer, uint tag)
    {
        if (_unknown is null) return;
        for (; _nextUnknown < _unknown.Count && _unknown[_nextUnknown].Tag < tag; _nextUnknown++, _count++)
            writer.WriteTaggedField(_unknown[_nextUnknown]);
    }
}
