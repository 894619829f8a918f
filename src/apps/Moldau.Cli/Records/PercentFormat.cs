using System.Globalization;
using System.Text;

namespace Moldau.Cli.Records;

/// <summary>A part of a percent format: bytes as they are, or a field.</summary>
/// <param name="Field">The letter, '\0' for bytes.</param>
/// <param name="Literal">Only without a field.</param>
/// <param name="Argument">What stands in braces behind the letter, or null.</param>
internal readonly record struct FormatPart(char Field, byte[] Literal, string? Argument)
{
    public bool IsLiteral => Field == '\0';
}

/// <summary>Reads the format language of <c>produce -f</c> and <c>consume -f</c>: <c>%k %v\n</c>.</summary>
internal static class PercentFormat
{
    /// <summary>The parts of a format; no two literals stand side by side.</summary>
    /// <param name="text">The format.</param>
    /// <param name="fields">The letters that may be used.</param>
    /// <param name="hasBraces">What stands in braces behind a field says more of it.</param>
    /// <exception cref="CommandException">It is no such format.</exception>
    public static IReadOnlyList<FormatPart> Parse(string text, string fields, bool hasBraces = true)
    {
        List<FormatPart> parts = [];
        List<byte> literal = [];
        int at = 0;
        while (at < text.Length)
        {
            char c = text[at];
            if (c == '\\')
            {
                Escape(text, ref at, literal);
                continue;
            }

            if (c != '%' || (at + 1 < text.Length && text[at + 1] == '%'))
            {
                int length = char.IsSurrogatePair(text, at) ? 2 : 1;
                literal.AddRange(Encoding.UTF8.GetBytes(text.Substring(at, length)));
                at += c == '%' ? 2 : length;
                continue;
            }

            if (at + 1 >= text.Length) throw Wrong(text, "it ends with %");
            char field = text[at + 1];
            if (!fields.Contains(field)) throw Wrong(text, $"there is no %{field}, only {string.Join(' ', fields.Select(f => "%" + f))}");
            at += 2;
            string? argument = hasBraces ? Braces(text, ref at) : null;
            if (literal.Count > 0) parts.Add(new FormatPart('\0', [.. literal], null));
            literal.Clear();
            parts.Add(new FormatPart(field, [], argument));
        }

        if (literal.Count > 0) parts.Add(new FormatPart('\0', [.. literal], null));
        return parts;
    }

    public static CommandException Wrong(string format, string why) =>
        new($"the format '{format.ReplaceLineEndings("\\n")}' is wrong: {why}; 'moldau help consume' explains it", ExitCodes.Usage);

    private static void Escape(string text, ref int at, List<byte> literal)
    {
        char kind = at + 1 < text.Length ? text[at + 1] : throw Wrong(text, "it ends with \\");
        at += 2;
        if (kind == 'x')
        {
            if (at + 2 > text.Length
                || !byte.TryParse(text.AsSpan(at, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte code))
                throw Wrong(text, "\\x is followed by two hexadecimal digits");
            literal.Add(code);
            at += 2;
            return;
        }

        literal.Add(kind switch
        {
            'n' => (byte)'\n',
            't' => (byte)'\t',
            'r' => (byte)'\r',
            '0' => 0,
            '\\' => (byte)'\\',
            _ => throw Wrong(text, $"there is no \\{kind}, only \\n \\t \\r \\0 \\\\ \\xHH"),
        });
    }

    /// <summary>What stands in braces at this place; braces within are counted.</summary>
    private static string? Braces(string text, ref int at)
    {
        if (at >= text.Length || text[at] != '{') return null;
        int depth = 0;
        for (int i = at; i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth > 0) continue;
            string inner = text[(at + 1)..i];
            at = i + 1;
            return inner;
        }

        throw Wrong(text, "a { is not closed");
    }
}
