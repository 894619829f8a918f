using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Moldau.TestServers.Wire;

/// <summary>Reads a message into JSON; anything but exactly the schema's bytes is an error.</summary>
public sealed class WireReader(byte[] bytes, int position, int version, bool isFlexible)
{
    private int _position = position;

    public static JsonObject Read(WireMessage message, int version, byte[] bytes, int position)
    {
        var reader = new WireReader(bytes, position, version, message.FlexibleIn.Has(version));
        var body = reader.Structure(message.Fields);
        if (reader._position != bytes.Length)
            throw new InvalidDataException($"{bytes.Length - reader._position} bytes follow the message");
        // Parsed from text, a number can be taken out as any type that holds it.
        return JsonNode.Parse(body.ToJsonString())!.AsObject();
    }

    private JsonObject Structure(IReadOnlyList<WireField> fields)
    {
        var body = new JsonObject();
        foreach (var field in fields)
        {
            if (field.In.Has(version) && (field.Tag is null || !isFlexible)) body[field.Name] = Field(field);
        }

        if (!isFlexible) return body;
        for (var count = UnsignedVarint(); count > 0; count--)
        {
            var tag = (int)UnsignedVarint();
            var end = (int)UnsignedVarint() + _position;
            var field = fields.FirstOrDefault(field => field.Tag == tag && field.In.Has(version));
            if (field is null) body[$"_tag{tag}"] = Convert.ToHexString(Take(end - _position));
            else body[field.Name] = Field(field);
            if (_position != end) throw new InvalidDataException($"tag {tag} has another length than it says");
        }

        return body;
    }

    private JsonNode? Field(WireField field)
    {
        if (!field.IsArray) return Single(field);
        var count = Length(isShort: false);
        if (count < 0) return null;
        var items = new JsonArray();
        for (var i = 0; i < count; i++) items.Add(Single(field with { IsArray = false, NullableIn = Versions.None }));
        return items;
    }

    private JsonNode? Single(WireField field)
    {
        if (field.Fields is { } fields)
            return field.NullableIn.Has(version) && (sbyte)Take(1)[0] < 0 ? null : Structure(fields);
        switch (field.Type)
        {
            case "string":
                return Length(isShort: true) is >= 0 and var length ? Encoding.UTF8.GetString(Take(length)) : null;
            case "bytes":
                return Length(isShort: false) is >= 0 and var size ? Convert.ToHexString(Take(size)) : null;
            case "records":
                return Length(isShort: false) is >= 0 and var all ? BatchSummary.Of(Take(all)) : null;
            case "uuid":
                return Convert.ToBase64String(Take(16)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
            case "bool":
                return Take(1)[0] != 0;
            case "float64":
                return BitConverter.Int64BitsToDouble(BinaryPrimitives.ReadInt64BigEndian(Take(8)));
            case "uint16":
                return BinaryPrimitives.ReadUInt16BigEndian(Take(2));
            default:
                return Number(WireWriter.Size(field.Type));
        }
    }

    private int Length(bool isShort) =>
        isFlexible ? (int)UnsignedVarint() - 1 : (int)Number(isShort ? 2 : 4);

    private long Number(int size)
    {
        long value = (sbyte)bytes[_position];
        foreach (var next in Take(size)[1..]) value = (value << 8) | next;
        return value;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = bytes.AsSpan(_position, count);
        _position += count;
        return taken;
    }

    private uint UnsignedVarint()
    {
        uint value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(1)[0];
            value |= (uint)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
