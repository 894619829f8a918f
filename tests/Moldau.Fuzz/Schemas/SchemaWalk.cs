using System.Buffers.Binary;
using System.Text;
using Moldau.Base;
using Moldau.Generators.Schema;

namespace Moldau.Fuzz;

internal enum MarkKind
{
    Number,

    /// <summary>A length or a count as a varint.</summary>
    CompactLength,

    /// <summary>A length or a count of fixed width.</summary>
    Length,

    /// <summary>The contents of a string, of bytes or of records.</summary>
    Contents,

    /// <summary>A whole element of an array; <see cref="Mark.Owner"/> is its count.</summary>
    Element,
}

/// <summary>A part of a message and what it is.</summary>
internal readonly record struct Mark(MarkKind Kind, int Start, int Length, int Owner = -1);

/// <summary>Walks over the bytes of a message by its schema. With a generator it writes them, random and valid; with bytes it
/// reads them as far as they are valid. In both cases it notes where each part is.</summary>
internal sealed class SchemaWalk
{
    private const int MostElements = 3;

    private readonly MessageModel _message;
    private readonly short _version;
    private readonly Prng? _prng;
    private readonly IReadOnlyList<string> _names;
    private readonly List<byte> _bytes;
    private readonly bool _isFlexible;
    private int _at;
    private int _depth;

    private SchemaWalk(MessageModel message, short version, Prng? prng, byte[] given, IReadOnlyList<string> names)
    {
        (_message, _version, _prng, _bytes, _names) = (message, version, prng, [.. given], names);
        _isFlexible = message.Flexible.Has(version);
    }

    public List<Mark> Marks { get; } = [];

    public bool Failed { get; private set; }

    private bool IsWriting => _prng is not null;

    /// <param name="message">Its schema.</param>
    /// <param name="version">One that it has.</param>
    /// <param name="prng">Decides on the contents.</param>
    /// <param name="names">Strings that mean something where the message goes.</param>
    public static byte[] Write(MessageModel message, short version, Prng prng, IReadOnlyList<string> names)
    {
        SchemaWalk walk = new(message, version, prng, [], names);
        walk.Structure(message.Root);
        return [.. walk._bytes];
    }

    public static SchemaWalk Read(MessageModel message, short version, byte[] bytes)
    {
        SchemaWalk walk = new(message, version, null, bytes, []);
        walk.Structure(message.Root);
        return walk;
    }

    private void Structure(StructureModel structure)
    {
        foreach (FieldModel field in structure.Fields)
        {
            if (Failed) return;
            if (!field.IsTagged && field.IsPresent(_version)) Field(field, isTagged: false);
        }

        if (_isFlexible) Tags(structure);
    }

    private void Tags(StructureModel structure)
    {
        FieldModel[] known = [.. structure.Fields.Where(f => f.IsTagged && f.IsPresent(_version)).OrderBy(f => f.Tag)];
        if (!IsWriting)
        {
            int count = Compact(0);
            for (int i = 0; i < count && !Failed; i++)
            {
                int tag = Compact(0);
                int length = Compact(0);
                int end = _at + length;
                if (length < 0 || end > _bytes.Count) Failed = true;
                else if (Array.Find(known, f => f.Tag == tag) is { } field) Field(field, isTagged: true);
                else Contents(length);
                if (!Failed && _at != end) Failed = true;
            }

            return;
        }

        FieldModel[] chosen = [.. known.Where(_ => _prng!.Next(2) == 0)]; // writing
        bool hasUnknown = _prng!.Next(8) == 0; // writing
        Compact(chosen.Length + (hasUnknown ? 1 : 0));
        foreach (FieldModel field in chosen)
        {
            Compact(field.Tag);
            int lengthAt = _bytes.Count;
            Field(field, isTagged: true);
            byte[] varint = new byte[5];
            int n = Varint.WriteUnsigned(varint, (uint)(_bytes.Count - lengthAt));
            _bytes.InsertRange(lengthAt, varint.AsSpan(0, n));
        }

        if (!hasUnknown) return;
        Compact(5000);
        Compact(3);
        _bytes.AddRange([1, 2, 3]);
    }

    private void Field(FieldModel field, bool isTagged)
    {
        bool isNullable = field.Nullable.Has(_version);
        bool isFlexible = _isFlexible && !field.IsNeverFlexible;
        if (field.IsArray) Array_(field, isFlexible, isNullable);
        else if (field.IsStructure && isNullable)
        {
            bool isNull = IsWriting && _prng!.Next(4) == 0; // writing
            int mark = isTagged ? Compact(isNull ? 0 : 1) : (sbyte)Number(1, isNull ? -1 : 1);
            if (isTagged ? mark > 0 : mark >= 0) Structure(_message.Structures.First(s => s.Name == field.Type));
        }
        else Element(field, isFlexible, isNullable);
    }

    private void Array_(FieldModel field, bool isFlexible, bool isNullable)
    {
        int most = Math.Max(1, MostElements - _depth);
        int drawn = !IsWriting ? 0 : isNullable && _prng!.Next(5) == 0 ? -1 : _prng!.Next(most + 1); // writing
        int owner = Marks.Count;
        int count = isFlexible ? Compact(drawn + 1) - 1 : (int)Number(4, drawn, MarkKind.Length);
        if (!IsWriting && count > _bytes.Count - _at) Failed = true;
        _depth++;
        for (int i = 0; i < count && !Failed; i++)
        {
            int start = IsWriting ? _bytes.Count : _at;
            Element(field, isFlexible, isNullable: false);
            Marks.Add(new Mark(MarkKind.Element, start, (IsWriting ? _bytes.Count : _at) - start, owner));
        }

        _depth--;
    }

    private void Element(FieldModel field, bool isFlexible, bool isNullable)
    {
        if (field.IsStructure)
        {
            Structure(_message.Structures.First(s => s.Name == field.Type));
            return;
        }

        switch (field.Type)
        {
            case "bool": Number(1, IsWriting ? _prng!.Next(2) : 0); break; // writing
            case "int8": Number(1, Draw()); break;
            case "int16" or "uint16": Number(2, Draw()); break;
            case "int32" or "uint32": Number(4, Draw()); break;
            case "int64" or "float64": Number(8, Draw()); break;
            case "uuid":
                Number(8, IsWriting ? _prng!.NextInt64() : 0); // writing
                Number(8, IsWriting ? _prng!.NextInt64() : 0); // writing
                break;
            default:
                Text(field, isFlexible, isNullable);
                break;
        }
    }

    private void Text(FieldModel field, bool isFlexible, bool isNullable)
    {
        bool isNull = IsWriting && isNullable && _prng!.Next(4) == 0; // writing
        byte[] drawn = !IsWriting || isNull ? [] : field.Type == "string" ? Name() : Some(_prng!.Next(30)); // writing
        int length = isFlexible
            ? Compact(isNull ? 0 : drawn.Length + 1) - 1
            : (int)Number(field.Type == "string" ? 2 : 4, isNull ? -1 : drawn.Length, MarkKind.Length);
        if (IsWriting) _bytes.AddRange(drawn);
        else if (length > 0) Contents(length);
    }

    private byte[] Name() => _names.Count > 0 && _prng!.Next(4) > 0 // writing
        ? Encoding.UTF8.GetBytes(_names[_prng.Next(_names.Count)])
        : Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, _prng!.Next(6)).Select(_ => "aé日.-0"[_prng.Next(6)]))); // writing

    private byte[] Some(int length)
    {
        byte[] bytes = new byte[length];
        _prng!.NextBytes(bytes); // writing
        return bytes;
    }

    private long Draw() => !IsWriting ? 0 : _prng!.Next(3) > 0 ? _prng.Next(4) - 1 : _prng.Next(2) == 0 ? Dictionary.Number(_prng)
        : _prng.NextInt64(); // writing

    private void Contents(int length)
    {
        if (length < 0 || length > _bytes.Count - _at)
        {
            Failed = true;
            return;
        }

        Marks.Add(new Mark(MarkKind.Contents, _at, length));
        _at += length;
    }

    private int Compact(int value)
    {
        Span<byte> varint = stackalloc byte[5];
        if (IsWriting)
        {
            int n = Varint.WriteUnsigned(varint, (uint)value);
            Marks.Add(new Mark(MarkKind.CompactLength, _bytes.Count, n));
            _bytes.AddRange(varint[..n]);
            return value;
        }

        int most = Math.Min(5, _bytes.Count - _at);
        for (int i = 0; i < most; i++) varint[i] = _bytes[_at + i];
        int read = Varint.ReadUnsigned(varint[..Math.Max(0, most)], out uint given);
        Failed |= read == 0;
        Marks.Add(new Mark(MarkKind.CompactLength, _at, read));
        _at += read;
        return Failed ? 0 : (int)given;
    }

    private long Number(int width, long value, MarkKind kind = MarkKind.Number)
    {
        Span<byte> wide = stackalloc byte[8];
        if (IsWriting)
        {
            BinaryPrimitives.WriteInt64BigEndian(wide, value);
            Marks.Add(new Mark(kind, _bytes.Count, width));
            _bytes.AddRange(wide[(8 - width)..]);
            return value;
        }

        if (width > _bytes.Count - _at)
        {
            Failed = true;
            return 0;
        }

        for (int i = 0; i < width; i++) wide[i] = _bytes[_at + i];
        Marks.Add(new Mark(kind, _at, width));
        _at += width;
        return BinaryPrimitives.ReadInt64BigEndian(wide) >> (64 - (8 * width));
    }
}
