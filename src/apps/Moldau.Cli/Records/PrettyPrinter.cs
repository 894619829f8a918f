using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Moldau.Client;

namespace Moldau.Cli.Records;

/// <summary>One line a record for people at a terminal: where, when, key, value.</summary>
internal sealed class PrettyPrinter(bool hasColour) : IRecordPrinter
{
    private const string Grey = "\e[90m";
    private const string Cyan = "\e[36m";
    private const string Plain = "\e[0m";

    public void Print(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, IBufferWriter<byte> output)
    {
        string place = string.Create(
            CultureInfo.InvariantCulture,
            $"{record.Topic}/{record.Partition}@{record.Offset} {TimePattern.Format("%F %T.%L", record.Timestamp)}");
        Write(output, Grey, place);
        if (record.RawKey is { } key) Write(output, Cyan, "  " + Shown(key.Span));
        Write(output, record.IsTombstone ? Grey : "", "  " + (record.RawValue is { } value ? Shown(value.Span) : "(tombstone)"));
        foreach ((string name, byte[]? header) in record.Headers) Write(output, Grey, $"  {name}={Shown(header)}");
        output.Write("\n"u8);
    }

    /// <summary>Text without what could move a terminal's cursor; other bytes in hexadecimal.</summary>
    private static string Shown(ReadOnlySpan<byte> bytes)
    {
        if (!Utf8.IsValid(bytes)) return "0x" + Convert.ToHexStringLower(bytes);
        return string.Concat(Encoding.UTF8.GetString(bytes).Select(c => char.IsControl(c) && c is not '\t' ? '·' : c));
    }

    private void Write(IBufferWriter<byte> output, string colour, string text)
    {
        bool isColoured = hasColour && colour.Length > 0;
        Encoding.UTF8.GetBytes(isColoured ? colour + text + Plain : text, output);
    }
}
