using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Moldau.Cli.Output;

/// <summary>Writes results in every format. Numbers are written with all their digits.</summary>
internal static class Renderer
{
    private const string Bold = "\e[1m";
    private const string Plain = "\e[0m";

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions Indented = Compact with { Indented = true };

    /// <summary>The result as text that ends with a line's end; empty for no rows in the formats without a frame.</summary>
    public static string Render(CommandResult result, OutputFormat format, bool hasColour) => format switch
    {
        OutputFormat.Json => Json(result),
        OutputFormat.Ndjson => string.Concat(result.Rows.Select(row => Line(result, row))),
        OutputFormat.Yaml => Yaml(result),
        OutputFormat.Name => string.Concat(result.Rows.Select(r => Text(r[0])).Distinct().Select(n => n + "\n")),
        OutputFormat.Table or OutputFormat.Wide or _ => Table(result, format == OutputFormat.Wide, hasColour),
    };

    /// <summary>Loops, where a query would read better: what is generic over numbers is compiled anew at each start.</summary>
    private static string Table(CommandResult result, bool isWide, bool hasColour)
    {
        List<Column> shown = [];
        foreach (Column column in result.Columns)
            if (isWide || !column.IsWide) shown.Add(column);
        int[] widths = new int[shown.Count];
        bool[] areNumbers = new bool[shown.Count];
        List<string[]> lines = new(result.Rows.Count);
        for (int i = 0; i < widths.Length; i++) (widths[i], areNumbers[i]) = (shown[i].Head.Length, false);
        bool[] areTexts = new bool[shown.Count];
        foreach (object?[] row in result.Rows)
        {
            string[] cells = new string[widths.Length];
            for (int column = 0, i = 0; column < row.Length; column++)
            {
                if (!isWide && result.Columns[column].IsWide) continue;
                cells[i] = Text(row[column]);
                widths[i] = Math.Max(widths[i], cells[i].Length);
                bool isNumber = row[column] is int or long or double;
                areNumbers[i] |= isNumber;
                areTexts[i] |= !isNumber && row[column] is not null;
                i++;
            }

            lines.Add(cells);
        }

        for (int i = 0; i < widths.Length; i++) areNumbers[i] &= !areTexts[i];
        string[] heads = new string[widths.Length];
        for (int i = 0; i < heads.Length; i++) heads[i] = shown[i].Head;
        StringBuilder text = new();
        if (hasColour) text.Append(Bold);
        Append(text, heads, widths, areNumbers);
        if (hasColour) text.Insert(text.Length - 1, Plain);
        foreach (string[] cells in lines) Append(text, cells, widths, areNumbers);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string[] cells, int[] widths, bool[] areNumbers)
    {
        int start = text.Length;
        for (int i = 0; i < cells.Length; i++)
        {
            if (i > 0) text.Append("  ");
            int pad = widths[i] - cells[i].Length;
            if (areNumbers[i]) Pad(text, pad).Append(cells[i]);
            else Pad(text.Append(cells[i]), pad);
        }

        while (text.Length > start && text[^1] == ' ') text.Length--;
        text.Append('\n');
    }

    /// <summary>Not by the text's own padding: its vector code is compiled anew at each start.</summary>
    private static StringBuilder Pad(StringBuilder text, int count)
    {
        while (count-- > 0) text.Append(' ');
        return text;
    }

    private static string Json(CommandResult result) => Write(Indented, writer =>
    {
        writer.WriteStartArray();
        foreach (object?[] row in result.Rows) WriteObject(writer, result, row);
        writer.WriteEndArray();
    });

    private static string Line(CommandResult result, object?[] row) =>
        Write(Compact, writer => WriteObject(writer, result, row));

    /// <summary>JSON that a command made itself, without a line's end.</summary>
    public static string Json(JsonNode node, bool isIndented) =>
        Write(isIndented ? Indented : Compact, writer => node.WriteTo(writer)).TrimEnd('\n');

    private static string Write(JsonWriterOptions options, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, options)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static void WriteObject(Utf8JsonWriter writer, CommandResult result, object?[] row)
    {
        writer.WriteStartObject();
        for (int i = 0; i < row.Length; i++)
        {
            writer.WritePropertyName(result.Columns[i].Name);
            WriteValue(writer, row[i]);
        }

        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case bool fact:
                writer.WriteBooleanValue(fact);
                break;
            case JsonNode node:
                node.WriteTo(writer);
                break;
            case IReadOnlyList<int> numbers:
                writer.WriteStartArray();
                foreach (int number in numbers) writer.WriteNumberValue(number);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(Text(value));
                break;
        }
    }

    private static string Yaml(CommandResult result)
    {
        if (result.Rows.Count == 0) return "[]\n";
        StringBuilder text = new();
        foreach (object?[] row in result.Rows)
            for (int i = 0; i < row.Length; i++)
                text.Append(i == 0 ? "- " : "  ").Append(result.Columns[i].Name).Append(": ").Append(Scalar(row[i])).Append('\n');
        return text.ToString();
    }

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool fact => fact ? "true" : "false",
        IReadOnlyList<int> numbers => $"[{string.Join(", ", numbers)}]",
        // JSON is YAML too.
        JsonNode node => Json(node, isIndented: false),
        string text when !IsPlain(text) => Write(Compact, writer => writer.WriteStringValue(text)).TrimEnd('\n'),
        _ => Text(value),
    };

    /// <summary>True for what YAML reads as this text without quotes: nothing that looks like a number, a fact or a
    /// mark.</summary>
    private static bool IsPlain(string text)
    {
        if (text.Length == 0 || !(char.IsAsciiLetter(text[0]) || text[0] is '_' or '/')) return false;
        if (text.ToLowerInvariant() is "null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n") return false;
        return text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/');
    }

    private static string Text(object? value) => value switch
    {
        null => "-",
        bool fact => fact ? "yes" : "no",
        int number => number.ToString(CultureInfo.InvariantCulture),
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("0.###", CultureInfo.InvariantCulture),
        IReadOnlyList<int> numbers => string.Join(',', numbers),
        JsonNode node => Json(node, isIndented: false),
        _ => value.ToString() ?? "",
    };
}
