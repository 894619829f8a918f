using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Moldau.TestServers.Wire;

/// <summary>
/// Writes a message given as JSON; a field that is not given has its default, one of no such version is left out.
/// </summary>
public sealed class WireWriter(int version, bool isFlexible)
{
    private readonly MemoryStream _bytes = new();

    public static byte[] Write(WireMessage message, int version, JsonObject body)
    {
        var writer = new WireWriter(version, message.FlexibleIn.Has(version));
        writer.Structure(message.Fields, body);
        return writer._bytes.ToArray();
    }

    private void Structure(IReadOnlyList<WireField> fields, JsonObject body)
    {
        var tagged = new SortedDictionary<int, byte[]>();
        foreach (var field in fields.Where(field => field.In.Has(version)))
        {
            var isGiven = body.TryGetPropertyValue(field.Name, out var value);
            if (field.Tag is not { } tag || !isFlexible)
            {
                Field(field, isGiven, value);
            }
            else if (isGiven)
            {
                var inner = new WireWriter(version, isFlexible);
                inner.Field(field, isGiven, value);
                tagged[tag] = inner._bytes.ToArray();
            }
        }

        if (!isFlexible) return;
        // "_tags" adds tags by number with bytes in hexadecimal, for requests with tags that nobody knows.
        foreach (var (tag, bytes) in body["_tags"]?.AsObject() ?? [])
            tagged[int.Parse(tag)] = Convert.FromHexString((string)bytes!);
        UnsignedVarint((uint)tagged.Count);
        foreach (var (tag, bytes) in tagged)
        {
            UnsignedVarint((uint)tag);
            UnsignedVarint((uint)bytes.Length);
            _bytes.Write(bytes);
        }
    }

    private void Field(WireField field, bool isGiven, JsonNode? value)
    {
        if (!field.IsArray)
        {
            Single(field, isGiven, value);
            return;
        }

        if (value is null && (isGiven || field.Default == "null"))
        {
            Length(-1, isShort: false);
            return;
        }

        var items = value?.AsArray() ?? [];
        Length(items.Count, isShort: false);
        foreach (var item in items)
            Single(field with { IsArray = false, Default = null, NullableIn = Versions.None }, isGiven: true, item);
    }

    private void Single(WireField field, bool isGiven, JsonNode? value)
    {
        if (field.Fields is { } fields)
        {
            var isNullable = field.NullableIn.Has(version);
            if (isNullable) _bytes.WriteByte((byte)(value is null && (isGiven || field.Default == "null") ? 255 : 1));
            if (!isNullable || value is not null || !(isGiven || field.Default == "null"))
                Structure(fields, value?.AsObject() ?? []);
            return;
        }

        switch (field.Type)
        {
            case "string":
                String(value is null && (isGiven || field.Default == "null")
                    ? null
                    : Encoding.UTF8.GetBytes((string?)value ?? field.Default?.Trim('"') ?? ""), isShort: true);
                break;
            case "bytes" or "records":
                String(value is null && (isGiven || field.Default == "null" || field.Type == "records")
                    ? null
                    : Convert.FromHexString((string?)value ?? ""), isShort: false);
                break;
            case "uuid":
                _bytes.Write(UuidBytes((string?)value));
                break;
            case "bool":
                _bytes.WriteByte((byte)(value is null ? field.Default == "true" ? 1 : 0 : (bool)value ? 1 : 0));
                break;
            case "float64":
                Number(BitConverter.DoubleToInt64Bits((double?)value ?? 0), 8);
                break;
            default:
                // A number built in code keeps its own type, one read from a file has none yet; their text is the same.
                Number(
                    value is null
                        ? DefaultNumber(field.Default)
                        : long.Parse(value.ToJsonString(), CultureInfo.InvariantCulture),
                    Size(field.Type));
                break;
        }
    }

    private static long DefaultNumber(string? text) =>
        text is null ? 0
        : text.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToInt64(text, 16)
        : long.Parse(text, CultureInfo.InvariantCulture);

    internal static int Size(string type) => type switch
    {
        "int8" => 1,
        "int16" or "uint16" => 2,
        "int32" or "uint32" => 4,
        "int64" => 8,
        _ => throw new ArgumentException($"no such type: {type}"),
    };

    /// <summary>The bytes of an id in Kafka's text form; null is the zero id.</summary>
    internal static byte[] UuidBytes(string? text) =>
        text is null ? new byte[16] : Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/') + "==");

    private void String(byte[]? bytes, bool isShort)
    {
        Length(bytes?.Length ?? -1, isShort);
        if (bytes is not null) _bytes.Write(bytes);
    }

    private void Length(int length, bool isShort)
    {
        if (isFlexible) UnsignedVarint((uint)(length + 1));
        else Number(length, isShort ? 2 : 4);
    }

    private void Number(long value, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        _bytes.Write(bytes[(8 - size)..]);
    }

    private void UnsignedVarint(uint value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.WriteByte((byte)(value | 0x80));
        _bytes.WriteByte((byte)value);
    }
}
