using System.Buffers.Text;
using System.Text;
using Moldau.Records;

namespace Moldau.Cli.Records;

/// <summary>What a line of input gives for a record; what it does not say comes from the options.</summary>
internal readonly record struct ParsedRecord(byte[]? Key, byte[]? Value, bool HasKey, int? Partition, long? TimestampMs)
{
    /// <summary>In their order; null where the input has none.</summary>
    public IReadOnlyList<RecordHeader>? Headers { get; init; }

    /// <summary>The input says itself that there is no value.</summary>
    public bool IsTombstone { get; init; }
}

/// <summary>Cuts records out of bytes by a percent format: fields go as far as the text behind them.</summary>
internal sealed class RecordParser
{
    private const string Fields = "kvpdh";

    /// <summary>The end of the year 9999.</summary>
    private const long MaxTimestampMs = 253_402_300_799_999;

    private readonly IReadOnlyList<FormatPart> _parts;
    private readonly string _format;

    /// <summary>A parser of a format such as <c>%k:%v\n</c>.</summary>
    /// <exception cref="CommandException">Input could not be cut by it.</exception>
    public RecordParser(string format)
    {
        _format = format;
        List<FormatPart> parts = [.. PercentFormat.Parse(format, Fields)];
        if (parts.Count == 0) throw PercentFormat.Wrong(format, "it is empty");
        Terminator = parts[^1].Literal;
        if (parts[^1].IsLiteral) parts.RemoveAt(parts.Count - 1);
        for (int i = 0; i < parts.Count; i++)
        {
            if (i > 0 && !parts[i].IsLiteral && !parts[i - 1].IsLiteral)
                throw PercentFormat.Wrong(format, "fields that are read have a text between them");
            if (parts[i].Field == 'h' && string.IsNullOrEmpty(parts[i].Argument))
                throw PercentFormat.Wrong(format, "a header that is read has a name: %h{source}");
            if (parts[i].Field != 'h' && parts[i].Argument is { } argument && (parts[i].Field is 'p' or 'd' || argument is not ("hex" or "base64")))
                throw PercentFormat.Wrong(format, $"%{parts[i].Field}{{{argument}}} cannot be read");
        }

        _parts = parts;
    }

    /// <summary>What ends a record; empty where the whole input is one.</summary>
    public byte[] Terminator { get; }

    /// <summary>One record, without its terminator.</summary>
    /// <exception cref="FormatException">It does not fit; the text says why.</exception>
    public ParsedRecord Parse(ReadOnlySpan<byte> bytes)
    {
        ParsedRecord record = default;
        for (int i = 0; i < _parts.Count; i++)
        {
            FormatPart part = _parts[i];
            if (part.IsLiteral)
            {
                if (!bytes.StartsWith(part.Literal)) throw Unfit($"'{Shown(part.Literal)}' is missing");
                bytes = bytes[part.Literal.Length..];
                continue;
            }

            int length = bytes.Length;
            if (i + 1 < _parts.Count)
            {
                length = bytes.IndexOf(_parts[i + 1].Literal);
                if (length < 0) throw Unfit($"there is no '{Shown(_parts[i + 1].Literal)}' behind %{part.Field}");
            }

            record = Take(record, part, bytes[..length]);
            bytes = bytes[length..];
        }

        return bytes.IsEmpty ? record : throw Unfit("something is left over");
    }

    private ParsedRecord Take(ParsedRecord record, FormatPart part, ReadOnlySpan<byte> bytes) => part.Field switch
    {
        'k' => record with { Key = Decode(bytes, part), HasKey = true },
        'v' => record with { Value = Decode(bytes, part) },
        'h' => record with { Headers = [.. record.Headers ?? [], new RecordHeader(part.Argument!, bytes.ToArray())] },
        'p' => record with { Partition = (int)Number(bytes, int.MaxValue, "partition") },
        _ => record with { TimestampMs = Number(bytes, MaxTimestampMs, "time in milliseconds") },
    };

    private long Number(ReadOnlySpan<byte> bytes, long max, string what) =>
        Utf8Parser.TryParse(bytes, out long number, out int used) && used == bytes.Length && number >= 0 && number <= max
            ? number
            : throw Unfit($"'{Shown(bytes)}' is no {what}");

    private byte[] Decode(ReadOnlySpan<byte> bytes, FormatPart part)
    {
        try
        {
            return part.Argument switch
            {
                "hex" => Convert.FromHexString(Encoding.UTF8.GetString(bytes)),
                "base64" => Convert.FromBase64String(Encoding.UTF8.GetString(bytes)),
                _ => bytes.ToArray(),
            };
        }
        catch (FormatException)
        {
            throw Unfit($"'{Shown(bytes)}' is not {part.Argument}");
        }
    }

    private FormatException Unfit(string why) => new($"it does not fit '{_format.ReplaceLineEndings("\\n")}': {why}");

    private static string Shown(ReadOnlySpan<byte> bytes)
    {
        const int Most = 40;
        string text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, Most)]);
        return text.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
    }
}
