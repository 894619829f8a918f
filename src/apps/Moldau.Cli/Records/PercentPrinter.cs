using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Moldau.Client;

namespace Moldau.Cli.Records;

/// <summary>Writes records by a percent format.</summary>
internal sealed class PercentPrinter : IRecordPrinter
{
    public const string Fields = "kvtpodheKVH";

    /// <summary>What stands for a key or value that is not there where its length is asked for.</summary>
    private const int NoLength = -1;

    private readonly IReadOnlyList<FormatPart> _parts;
    private readonly Dictionary<string, IReadOnlyList<FormatPart>> _headerParts = new(StringComparer.Ordinal);

    public PercentPrinter(string format)
        : this(format, PercentFormat.Parse(format, Fields))
    {
    }

    /// <param name="format">As it was written.</param>
    /// <param name="parts">What it means.</param>
    public PercentPrinter(string format, IReadOnlyList<FormatPart> parts)
    {
        _parts = parts;
        foreach (FormatPart part in _parts) Check(format, part);
    }

    public void Print(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, IBufferWriter<byte> output)
    {
        foreach (FormatPart part in _parts)
        {
            switch (part.Field)
            {
                case '\0':
                    output.Write(part.Literal);
                    break;
                case 'k':
                    Bytes(record.RawKey.GetValueOrDefault().Span, part.Argument, output);
                    break;
                case 'v':
                    Bytes(record.RawValue.GetValueOrDefault().Span, part.Argument, output);
                    break;
                case 't':
                    Text(record.Topic, output);
                    break;
                case 'h':
                    Headers(record.Headers, part.Argument, output);
                    break;
                case 'd':
                    Text(Time(record, part.Argument), output);
                    break;
                case 'K':
                    Length(record.RawKey, part.Argument, output);
                    break;
                case 'V':
                    Length(record.RawValue, part.Argument, output);
                    break;
                case 'H':
                    Number(record.Headers.Count, output);
                    break;
                default:
                    Number(part.Field == 'p' ? record.Partition : part.Field == 'o' ? record.Offset : record.LeaderEpoch, output);
                    break;
            }
        }
    }

    private static void Length(ReadOnlyMemory<byte>? bytes, string? encoding, IBufferWriter<byte> output)
    {
        int length = bytes?.Length ?? NoLength;
        if (encoding is null)
        {
            Number(length, output);
            return;
        }

        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(sizeof(int)), length);
        output.Advance(sizeof(int));
    }

    private void Check(string format, FormatPart part)
    {
        switch (part.Field)
        {
            case 'k' or 'v' when part.Argument is not (null or "hex" or "base64"):
                throw PercentFormat.Wrong(format, $"%{part.Field}{{{part.Argument}}}: it is hex or base64");
            case 'K' or 'V' when part.Argument is not (null or "big32"):
                throw PercentFormat.Wrong(format, $"%{part.Field}{{{part.Argument}}}: it is big32");
            case 'd' when part.Argument is { } time and not "iso":
                TimePattern.Format(Strftime(time) ?? throw PercentFormat.Wrong(format, "%d takes {iso} or {strftime[…]}"), default(DateTimeOffset));
                break;
            case 'h' when part.Argument is { } header && header.Contains('%'):
                IReadOnlyList<FormatPart> parts = PercentFormat.Parse(header, "kv");
                foreach (FormatPart inner in parts) Check(format, inner);
                _headerParts[header] = parts;
                break;
            default:
                break;
        }
    }

    /// <summary>All headers by a format of their own, or the value of the one that is named.</summary>
    private void Headers(IReadOnlyList<KeyValuePair<string, byte[]?>> headers, string? argument, IBufferWriter<byte> output)
    {
        if (argument is not null && !_headerParts.ContainsKey(argument))
        {
            output.Write(headers.LastOrDefault(h => h.Key == argument).Value);
            return;
        }

        bool isFirst = true;
        foreach ((string key, byte[]? value) in headers)
        {
            if (argument is null)
            {
                Text((isFirst ? "" : ",") + key + "=", output);
                output.Write(value);
                isFirst = false;
                continue;
            }

            foreach (FormatPart part in _headerParts[argument])
            {
                if (part.IsLiteral) output.Write(part.Literal);
                else Bytes(part.Field == 'k' ? Encoding.UTF8.GetBytes(key) : value, part.Argument, output);
            }
        }
    }

    private static string Time(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, string? argument)
    {
        if (argument is null) return record.UnixTimeMilliseconds.ToString(CultureInfo.InvariantCulture);
        return TimePattern.Format(Strftime(argument) ?? "%FT%T.%LZ", record.Timestamp);
    }

    private static string? Strftime(string argument) =>
        argument.StartsWith("strftime[", StringComparison.Ordinal) && argument.EndsWith(']')
            ? argument["strftime[".Length..^1]
            : null;

    private static void Bytes(ReadOnlySpan<byte> bytes, string? encoding, IBufferWriter<byte> output)
    {
        if (encoding == "hex") Text(Convert.ToHexStringLower(bytes), output);
        else if (encoding == "base64") Text(Convert.ToBase64String(bytes), output);
        else output.Write(bytes);
    }

    private static void Number(long number, IBufferWriter<byte> output)
    {
        const int MaxDigits = 20;
        number.TryFormat(output.GetSpan(MaxDigits), out int written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    private static void Text(string text, IBufferWriter<byte> output) => Encoding.UTF8.GetBytes(text, output);
}
