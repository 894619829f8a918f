using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Moldau.Client;

namespace Moldau.Cli.Records;

/// <summary>One JSON object a line. Bytes that are no UTF-8 text go to a field of another name, in base64.</summary>
internal sealed class JsonPrinter : IRecordPrinter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _line = new();
    private Utf8JsonWriter? _writer;

    public void Print(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, IBufferWriter<byte> output)
    {
        _line.ResetWrittenCount();
        Utf8JsonWriter writer = _writer ??= new Utf8JsonWriter(_line, Options);
        writer.Reset();
        writer.WriteStartObject();
        writer.WriteString("topic"u8, record.Topic);
        writer.WriteNumber("partition"u8, record.Partition);
        writer.WriteNumber("offset"u8, record.Offset);
        writer.WriteNumber("timestamp"u8, record.UnixTimeMilliseconds);
        Write(writer, "key", record.RawKey is { } key ? key.Span : default, record.RawKey is null);
        Write(writer, "value", record.RawValue is { } value ? value.Span : default, record.RawValue is null);
        if (record.HeaderCount > 0) WriteHeaders(writer, record.Headers);
        writer.WriteEndObject();
        writer.Flush();
        output.Write(_line.WrittenSpan);
        output.Write("\n"u8);
    }

    private static void WriteHeaders(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, byte[]?>> headers)
    {
        writer.WriteStartArray("headers"u8);
        foreach ((string name, byte[]? value) in headers)
        {
            writer.WriteStartObject();
            writer.WriteString("key"u8, name);
            Write(writer, "value", value, value is null);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, string name, ReadOnlySpan<byte> bytes, bool isNull)
    {
        if (isNull) writer.WriteNull(name);
        else if (Utf8.IsValid(bytes)) writer.WriteString(name, bytes);
        else writer.WriteBase64String(name + "Base64", bytes);
    }
}
