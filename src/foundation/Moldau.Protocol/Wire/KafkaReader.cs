using System.Buffers.Binary;
using System.Text;
using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>Reads the primitive types of the protocol from one frame. It never throws: the first wrong byte makes
/// <see cref="Failed"/> true for good, and from then on every read gives a default and every count zero.
/// Memory is bounded: nothing is allocated from a claimed length, and all that a message takes may not exceed
/// <c>allocationFactor</c> times the input plus <see cref="AllocationSlack"/>. Whoever trusts the sender, such as a
/// client reading a large response of many small structures, may pass a larger factor.</summary>
public ref struct KafkaReader
{
    /// <summary>Kafka refuses longer arrays whatever the frame holds.</summary>
    public const int MaxArrayLength = 1_000_000;

    /// <summary>Kafka refuses more tagged fields in one structure.</summary>
    public const int MaxTaggedFields = 10_000;

    public const int DefaultAllocationFactor = 8;

    /// <summary>Memory that a message may take whatever its size, so that the factor binds large messages
    /// only.</summary>
    public const int AllocationSlack = 256 << 10;

    private readonly ReadOnlySpan<byte> _data;
    private int _position;
    private long _budget;
    private bool _failed;

    public KafkaReader(ReadOnlySpan<byte> data, int allocationFactor = DefaultAllocationFactor)
    {
        _data = data;
        _budget = ((long)data.Length * allocationFactor) + AllocationSlack;
    }

    public readonly bool Failed => _failed;

    public readonly int Position => _position;

    public readonly int Remaining => _data.Length - _position;

    /// <summary>True where the whole input was read and nothing was wrong with it.</summary>
    public readonly bool IsComplete => !_failed && _position == _data.Length;

    public void Fail()
    {
        _failed = true;
        _position = _data.Length;
    }

    public bool ReadBool() => ReadInt8() != 0;

    public sbyte ReadInt8() => Take(1, out ReadOnlySpan<byte> span) ? (sbyte)span[0] : (sbyte)0;

    public short ReadInt16() =>
        Take(2, out ReadOnlySpan<byte> span) ? BinaryPrimitives.ReadInt16BigEndian(span) : (short)0;

    public ushort ReadUInt16() => (ushort)ReadInt16();

    public int ReadInt32() => Take(4, out ReadOnlySpan<byte> span) ? BinaryPrimitives.ReadInt32BigEndian(span) : 0;

    public uint ReadUInt32() => (uint)ReadInt32();

    public long ReadInt64() => Take(8, out ReadOnlySpan<byte> span) ? BinaryPrimitives.ReadInt64BigEndian(span) : 0;

    public double ReadFloat64() => BitConverter.Int64BitsToDouble(ReadInt64());

    public Uuid ReadUuid() => Take(Uuid.Bytes, out ReadOnlySpan<byte> span) ? Uuid.Read(span) : Uuid.Zero;

    public uint ReadUnsignedVarint()
    {
        int n = Varint.ReadUnsigned(_data[_position..], out uint value);
        if (n == 0)
        {
            Fail();
            return 0;
        }

        _position += n;
        return value;
    }

    /// <summary>The next <paramref name="length"/> bytes in place; empty after a failure.</summary>
    public ReadOnlySpan<byte> ReadSpan(int length)
    {
        Take(length, out ReadOnlySpan<byte> span);
        return span;
    }

    /// <summary>A nullable string in place, refused where <see cref="ReadNullableString"/> would refuse it.</summary>
    internal ReadOnlySpan<byte> ReadNullableText(bool flexible, out bool isNull)
    {
        int length = ReadStringLength(flexible);
        isNull = length < 0;
        if (length <= 0 || !Take(length, out ReadOnlySpan<byte> bytes)) return default;
        if (IsTooLong(bytes)) Fail();
        return bytes;
    }

    public void Skip(int length) => Take(length, out _);

    /// <summary>The length of a string: negative for null.</summary>
    public int ReadStringLength(bool flexible)
    {
        int length = flexible ? (int)ReadUnsignedVarint() - 1 : ReadInt16();
        if (length <= short.MaxValue) return length;
        Fail();
        return 0;
    }

    /// <summary>The length of bytes or records: negative for null.</summary>
    public int ReadBytesLength(bool flexible) => flexible ? (int)ReadUnsignedVarint() - 1 : ReadInt32();

    /// <summary>The number of elements of an array: negative for null. Never more than the bytes that are
    /// left.</summary>
    public int ReadArrayLength(bool flexible)
    {
        int count = flexible ? (int)ReadUnsignedVarint() - 1 : ReadInt32();
        if (_failed) return 0;
        if (count <= Remaining && count <= MaxArrayLength) return count;
        Fail();
        return 0;
    }

    public string ReadString(bool flexible) => ReadNullableString(flexible) ?? FailWith("");

    public string? ReadNullableString(bool flexible)
    {
        int length = ReadStringLength(flexible);
        if (_failed || length == 0) return "";
        if (length < 0) return null;
        if (!Take(length, out ReadOnlySpan<byte> bytes) || !Charge(32 + (2 * length))) return "";
        // Bytes that are not UTF-8 become U+FFFD, as in Java.
        if (IsTooLong(bytes)) Fail();
        return Encoding.UTF8.GetString(bytes);
    }

    public byte[] ReadBytes(bool flexible) => ReadNullableBytes(flexible) ?? FailWith<byte[]>([]);

    public byte[]? ReadNullableBytes(bool flexible)
    {
        int length = ReadBytesLength(flexible);
        if (_failed || length == 0) return [];
        if (length < 0) return null;
        return Take(length, out ReadOnlySpan<byte> bytes) && Charge(32 + length) ? bytes.ToArray() : [];
    }

    /// <summary>The mark before a structure that may be null: true where it is.</summary>
    public bool ReadNullMark() => ReadInt8() < 0 || _failed;

    /// <summary>The same mark where the structure is a tagged field: a varint, zero for null.</summary>
    public bool ReadTaggedNullMark() => (int)ReadUnsignedVarint() <= 0;

    /// <summary>Null where the list is empty: the property makes one when it is asked for.</summary>
    internal List<T>? ReadStructures<T>(bool flexible, short version)
        where T : class, IStructure<T>
    {
        int count = ReadArrayLength(flexible);
        if (count < 0) Fail();
        return count > 0 ? Structures<T>(count, version) : null;
    }

    internal List<T>? ReadNullableStructures<T>(bool flexible, short version)
        where T : class, IStructure<T>
    {
        int count = ReadArrayLength(flexible);
        return count > 0 ? Structures<T>(count, version) : count == 0 ? Empty<T>() : null;
    }

    internal List<T>? ReadList<T, TCodec>(bool flexible)
        where TCodec : ICodec<T>
    {
        int count = ReadArrayLength(flexible);
        if (count < 0) Fail();
        return count > 0 ? Elements<T, TCodec>(count, flexible) : null;
    }

    internal List<T>? ReadNullableList<T, TCodec>(bool flexible)
        where TCodec : ICodec<T>
    {
        int count = ReadArrayLength(flexible);
        return count > 0 ? Elements<T, TCodec>(count, flexible) : count == 0 ? Empty<T>() : null;
    }

    internal int ReadTagCount()
    {
        uint count = ReadUnsignedVarint();
        if (count <= MaxTaggedFields && count <= Remaining) return (int)count;
        Fail();
        return 0;
    }

    /// <summary>The head of a tagged field. As in Kafka, tags may come in any order and twice, and the length binds
    /// only where the tag is unknown.</summary>
    internal uint ReadTag(out int length)
    {
        uint tag = ReadUnsignedVarint();
        length = (int)ReadUnsignedVarint();
        return tag;
    }

    internal List<RawTaggedField>? ReadUnknownTag(uint tag, int length, List<RawTaggedField>? fields)
    {
        if (!Take(length, out ReadOnlySpan<byte> bytes) || !Charge((fields is null ? 150 : 80) + length)) return fields;
        fields ??= [];
        fields.Add(new RawTaggedField(tag, bytes.ToArray()));
        return fields;
    }

    internal void SkipTaggedFields()
    {
        for (int count = ReadTagCount(); count > 0 && !_failed; count--)
        {
            ReadTag(out int length);
            Skip(length);
        }
    }

    internal List<RawTaggedField>? ReadTaggedFields()
    {
        List<RawTaggedField>? fields = null;
        for (int count = ReadTagCount(); count > 0 && !_failed; count--)
        {
            uint tag = ReadTag(out int length);
            fields = ReadUnknownTag(tag, length, fields);
        }

        return fields;
    }

    internal T ReadStructure<T>(short version)
        where T : class, IStructure<T>
    {
        Charge(T.Cost);
        return T.Read(ref this, version);
    }

    private List<T> Empty<T>()
    {
        Charge(32);
        return [];
    }

    private List<T> Structures<T>(int count, short version)
        where T : class, IStructure<T>
    {
        if (!Charge(56 + ((long)count * T.Cost))) return [];
        var list = new List<T>(count);
        for (int i = 0; i < count && !_failed; i++) list.Add(T.Read(ref this, version));
        return list;
    }

    private List<T> Elements<T, TCodec>(int count, bool flexible)
        where TCodec : ICodec<T>
    {
        int size = TCodec.MinSize;
        if ((long)count * size > Remaining) Fail();
        if (_failed || !Charge(56 + ((long)count * Math.Max(size, TCodec.SlotSize)))) return [];
        var list = new List<T>(count);
        for (int i = 0; i < count && !_failed; i++) list.Add(TCodec.Read(ref this, flexible));
        return list;
    }

    /// <summary>U+FFFD takes three bytes, so damaged text may have become longer than a string may be on its way
    /// back.</summary>
    private static bool IsTooLong(ReadOnlySpan<byte> text) =>
        text.Length > short.MaxValue / 3 && Encoding.UTF8.GetByteCount(Encoding.UTF8.GetString(text)) > short.MaxValue;

    private bool Charge(long bytes)
    {
        _budget -= bytes;
        if (_budget >= 0) return true;
        Fail();
        return false;
    }

    private T FailWith<T>(T value)
    {
        Fail();
        return value;
    }

    private bool Take(int length, out ReadOnlySpan<byte> span)
    {
        if ((uint)length > (uint)Remaining)
        {
            Fail();
            span = default;
            return false;
        }

        span = _data.Slice(_position, length);
        _position += length;
        return !_failed;
    }
}
