using System.Text;
using System.Text.Json;
using Moldau.Records;

namespace Moldau.Cli.Records;

/// <summary>Records as JSON objects, one a line or over several lines, also within one array: what <c>consume -f json</c>
/// prints. <c>key</c> and <c>value</c> are texts, null, or any JSON, which is written as it stands; <c>keyBase64</c> and
/// <c>valueBase64</c> are bytes; <c>headers</c> is an object or an array of key and value. <c>partition</c> and
/// <c>timestamp</c> count, <c>topic</c> and <c>offset</c> do not.</summary>
internal sealed class JsonSource(Stream stream) : IRecordSource
{
    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;
    private bool _isOver;

    public async ValueTask<ParsedRecord?> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            while (_start < _end && IsBetweenValues(_buffer[_start])) _start++;
            if (_start < _end)
            {
                if (_buffer[_start] != (byte)'{') throw new FormatException("a record is a JSON object, which begins with {");
                int length = LengthOfObject();
                if (length > 0)
                {
                    ParsedRecord record = Parse(_buffer.AsMemory(_start, length));
                    _start += length;
                    return record;
                }
            }

            if (_isOver) return _start == _end ? null : throw new FormatException("the JSON object does not end");
            await FillAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>What stands between objects: blanks, and the frame of an array.</summary>
    private static bool IsBetweenValues(byte b) => " \n\r\t,[]"u8.Contains(b);

    /// <summary>0 while its end is not there yet.</summary>
    private int LengthOfObject()
    {
        Utf8JsonReader reader = new(_buffer.AsSpan(_start, _end - _start), isFinalBlock: false, default);
        try
        {
            return reader.Read() && reader.TrySkip() ? (int)reader.BytesConsumed : 0;
        }
        catch (JsonException error)
        {
            throw Wrong(error);
        }
    }

    private static ParsedRecord Parse(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = Document(json);
        ParsedRecord record = default;
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            record = property.Name switch
            {
                "key" => record with { Key = Bytes(property.Value), HasKey = true },
                "keyBase64" => record with { Key = Base64(property), HasKey = true },
                "value" => record with { Value = Bytes(property.Value), IsTombstone = property.Value.ValueKind == JsonValueKind.Null },
                "valueBase64" => record with { Value = Base64(property) },
                "partition" => record with { Partition = property.Value.TryGetInt32Safe() ?? throw Unfit(property, "a number") },
                "timestamp" => record with { TimestampMs = property.Value.TryGetInt64Safe() ?? throw Unfit(property, "milliseconds since 1970") },
                "headers" => record with { Headers = HeadersOf(property) },
                "topic" or "offset" or "leaderEpoch" => record,
                _ => throw new FormatException($"a record has no field '{property.Name}'; they are key, value, headers, partition, timestamp, keyBase64, valueBase64"),
            };
        }

        return record;
    }

    private static JsonDocument Document(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            throw Wrong(error);
        }
    }

    private static byte[]? Bytes(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => Encoding.UTF8.GetBytes(value.GetString()!),
        _ => Encoding.UTF8.GetBytes(value.GetRawText()),
    };

    private static byte[] Base64(JsonProperty property) =>
        property.Value.ValueKind == JsonValueKind.String && property.Value.TryGetBytesFromBase64(out byte[]? bytes)
            ? bytes
            : throw Unfit(property, "a text in base64");

    private static RecordHeader[] HeadersOf(JsonProperty property)
    {
        if (property.Value.ValueKind == JsonValueKind.Object)
            return [.. property.Value.EnumerateObject().Select(h => new RecordHeader(h.Name, Bytes(h.Value)))];
        if (property.Value.ValueKind != JsonValueKind.Array) throw Unfit(property, "an object or an array");
        return [.. property.Value.EnumerateArray().Select(h => HeaderOf(property, h))];
    }

    private static RecordHeader HeaderOf(JsonProperty property, JsonElement header)
    {
        if (header.ValueKind != JsonValueKind.Object || !header.TryGetProperty("key", out JsonElement key) || key.ValueKind != JsonValueKind.String)
            throw Unfit(property, "made of objects with key and value");
        byte[]? value = header.TryGetProperty("value", out JsonElement text) ? Bytes(text) : null;
        if (header.TryGetProperty("valueBase64", out JsonElement encoded) && encoded.ValueKind == JsonValueKind.String
            && encoded.TryGetBytesFromBase64(out byte[]? bytes)) value = bytes;
        return new RecordHeader(key.GetString()!, value);
    }

    private static FormatException Unfit(JsonProperty property, string wanted) => new($"'{property.Name}' is not {wanted}");

    private static FormatException Wrong(JsonException error) =>
        new($"it is no JSON, at byte {error.BytePositionInLine ?? 0} of line {(error.LineNumber ?? 0) + 1} of the record");

    private async ValueTask FillAsync(CancellationToken cancel)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_end >= RecordInput.MaxBytes) throw new FormatException($"it is larger than {RecordInput.MaxBytes} bytes");
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        // A read of standard input cannot be given up; the one that is left behind ends with the process.
        int read = await stream.ReadAsync(_buffer.AsMemory(_end), CancellationToken.None).AsTask().WaitAsync(cancel).ConfigureAwait(false);
        _isOver = read == 0;
        _end += read;
    }
}

/// <summary>Numbers of JSON without exceptions for other values.</summary>
internal static class JsonNumbers
{
    public static int? TryGetInt32Safe(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int number) && number >= 0 ? number : null;

    public static long? TryGetInt64Safe(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number) && number >= 0 ? number : null;
}
