using System.Collections;
using System.Text;
using Moldau.Base;
using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

/// <summary>The values of a message as text, the same as GoldenMaker.java makes of Kafka's classes: it proves that each
/// value arrived in the field of the right name.</summary>
internal sealed class CanonicalText(MessageModel message, short version)
{
    private readonly StringBuilder _text = new();

    public static string Of(IMessage value, MessageModel message, short version)
    {
        var canonical = new CanonicalText(message, version);
        canonical.Structure(value, message.Root);
        return canonical._text.ToString();
    }

    public static uint Digest(string text)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            crc ^= b;
            for (int i = 0; i < 8; i++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }

    private void Structure(object value, StructureModel structure)
    {
        _text.Append('{');
        IEnumerable<FieldModel> plain = structure.Fields.Where(f => !f.IsTagged && f.IsPresent(version));
        IEnumerable<FieldModel> tagged = structure.Fields.Where(f => f.IsTagged && f.IsPresent(version))
            .OrderBy(f => f.Tag);
        foreach (FieldModel field in plain.Concat(tagged))
        {
            _text.Append(field.Name.ToLowerInvariant()).Append(':');
            Value(value.GetType().GetProperty(field.Name)!.GetValue(value), field);
            _text.Append(',');
        }

        _text.Append('}');
    }

    private void Value(object? value, FieldModel field)
    {
        if (value is null) _text.Append("null");
        else if (value is byte[] bytes) _text.Append(Convert.ToHexStringLower(bytes));
        else if (value is IList list) List(list, field);
        else if (field.IsStructure) Structure(value, message.Structure(field.Type));
        else _text.Append(Plain(value));
    }

    private void List(IList list, FieldModel field)
    {
        _text.Append('[');
        foreach (object? item in list)
        {
            Value(item, field);
            _text.Append(',');
        }

        _text.Append(']');
    }

    private static string? Plain(object value) => value switch
    {
        bool b => b ? "true" : "false",
        double d => BitConverter.DoubleToInt64Bits(d).ToString(),
        Uuid id => $"{id.High}/{id.Low}",
        _ => value.ToString(),
    };
}
