using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Moldau.Client;

namespace Moldau.Cli.Records;

/// <summary>One JSON object a line. Bytes that are no UTF-8 text go to a field of another name, in base64. Written here: the
/// first record would wait ten milliseconds for a general writer and the tables of its escapes.</summary>
internal sealed class JsonPrinter : IRecordPrinter
{
    private const byte Delete = 0x7F;

    /// <summary>The first byte in UTF-8 of the control characters U+0080 to U+009F; the second one is their number.</summary>
    private const byte HighControl = 0xC2;
    private const byte LastHighControl = 0x9F;
    private const int MostDigits = 20;

    public void Print(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, IBufferWriter<byte> output)
    {
        output.Write("{\"topic\":"u8);
        WriteText(output, Encoding.UTF8.GetBytes(record.Topic));
        WriteNumber(output, ",\"partition\":"u8, record.Partition);
        WriteNumber(output, ",\"offset\":"u8, record.Offset);
        WriteNumber(output, ",\"timestamp\":"u8, record.UnixTimeMilliseconds);
        WriteBytes(output, ",\"key"u8, record.RawKey);
        WriteBytes(output, ",\"value"u8, record.RawValue);
        if (record.HeaderCount > 0) WriteHeaders(output, record.Headers);
        output.Write("}\n"u8);
    }

    private static void WriteHeaders(IBufferWriter<byte> output, IReadOnlyList<KeyValuePair<string, byte[]?>> headers)
    {
        ReadOnlySpan<byte> before = ",\"headers\":["u8;
        foreach ((string name, byte[]? value) in headers)
        {
            output.Write(before);
            output.Write("{\"key\":"u8);
            WriteText(output, Encoding.UTF8.GetBytes(name));
            WriteBytes(output, ",\"value"u8, value is null ? null : new ReadOnlyMemory<byte>(value));
            output.Write("}"u8);
            before = ","u8;
        }

        output.Write("]"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, ReadOnlySpan<byte> name, long value)
    {
        output.Write(name);
        value.TryFormat(output.GetSpan(MostDigits), out int written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    /// <param name="output">Where to.</param>
    /// <param name="name">The beginning of the field's name, with the mark before it and without the one behind.</param>
    /// <param name="bytes">What it has; null is null in JSON too.</param>
    private static void WriteBytes(IBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlyMemory<byte>? bytes)
    {
        output.Write(name);
        if (bytes is not { Span: var span })
        {
            output.Write("\":null"u8);
        }
        else if (Utf8.IsValid(span))
        {
            output.Write("\":"u8);
            WriteText(output, span);
        }
        else
        {
            output.Write("Base64\":\""u8);
            Base64.EncodeToUtf8(span, output.GetSpan(Base64.GetMaxEncodedToUtf8Length(span.Length)), out _, out int written);
            output.Advance(written);
            output.Write("\""u8);
        }
    }

    /// <summary>Quotes, backslashes and control characters are escaped, all else is as it came.</summary>
    private static void WriteText(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            byte first = text[i];
            bool isHighControl = first == HighControl && text[i + 1] <= LastHighControl;
            if (first >= ' ' && first is not ((byte)'"' or (byte)'\\' or Delete) && !isHighControl) continue;
            output.Write(text[plain..i]);
            WriteEscape(output, isHighControl ? text[++i] : first);
            plain = i + 1;
        }

        output.Write(text[plain..]);
        output.Write("\""u8);
    }

    private static void WriteEscape(IBufferWriter<byte> output, byte character)
    {
        ReadOnlySpan<byte> own = character switch
        {
            (byte)'"' => "\\\""u8,
            (byte)'\\' => "\\\\"u8,
            (byte)'\b' => "\\b"u8,
            (byte)'\f' => "\\f"u8,
            (byte)'\n' => "\\n"u8,
            (byte)'\r' => "\\r"u8,
            (byte)'\t' => "\\t"u8,
            _ => [],
        };
        output.Write(own.IsEmpty ? "\\u00"u8 : own);
        if (!own.IsEmpty) return;
        character.TryFormat(output.GetSpan(2), out int written, "X2", CultureInfo.InvariantCulture);
        output.Advance(written);
    }
}
