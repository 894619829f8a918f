using System.Text;

namespace Moldau.Config;

/// <summary>Reads the text of a Java properties file: comments, three kinds of separators, escapes, and lines that go
/// on after a backslash. A key that comes twice keeps its last value.</summary>
public static class PropertiesFile
{
    /// <summary>False with a line number and a reason when an escape is malformed; nothing else can be wrong.</summary>
    public static bool TryParse(string text, out Dictionary<string, string> properties, out string? error)
    {
        properties = new Dictionary<string, string>(StringComparer.Ordinal);
        error = null;
        int at = text.Length > 0 && text[0] == '\uFEFF' ? 1 : 0;
        int line = 1;
        StringBuilder logical = new();
        while (at < text.Length)
        {
            int first = line;
            ReadLogicalLine(text, ref at, ref line, logical);
            if (logical.Length == 0) continue;
            if (!TrySplit(logical.ToString(), out string key, out string value))
            {
                error = $"line {first}: malformed \\uxxxx encoding";
                return false;
            }
            properties[key] = value;
        }
        return true;
    }

    /// <summary>One logical line without leading blanks and with continuations joined; empty for comments.</summary>
    private static void ReadLogicalLine(string text, ref int at, ref int line, StringBuilder into)
    {
        into.Clear();
        bool isContinuation = false;
        while (true)
        {
            while (at < text.Length && text[at] is ' ' or '\t' or '\f') at++;
            int start = at;
            while (at < text.Length && text[at] is not ('\n' or '\r')) at++;
            ReadOnlySpan<char> natural = text.AsSpan(start, at - start);
            if (at < text.Length)
            {
                if (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n') at++;
                at++;
                line++;
            }
            if (!isContinuation && natural.Length > 0 && natural[0] is '#' or '!') return;
            int slashes = 0;
            while (slashes < natural.Length && natural[^(slashes + 1)] == '\\') slashes++;
            if (slashes % 2 == 0)
            {
                into.Append(natural);
                return;
            }
            into.Append(natural[..^1]);
            if (at >= text.Length) return;
            isContinuation = true;
        }
    }

    private static bool TrySplit(string line, out string key, out string value)
    {
        int end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f'))
            end += line[end] == '\\' ? 2 : 1;
        end = Math.Min(end, line.Length);
        int start = end;
        bool hasSeparator = false;
        while (start < line.Length)
        {
            char c = line[start];
            if (c is '=' or ':')
            {
                if (hasSeparator) break;
                hasSeparator = true;
            }
            else if (c is not (' ' or '\t' or '\f'))
            {
                break;
            }
            start++;
        }
        value = "";
        return TryUnescape(line.AsSpan(0, end), out key) && TryUnescape(line.AsSpan(start), out value);
    }

    private static bool TryUnescape(ReadOnlySpan<char> raw, out string text)
    {
        StringBuilder plain = new(raw.Length);
        text = "";
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                plain.Append(raw[i]);
                continue;
            }
            if (++i == raw.Length) break;
            if (raw[i] != 'u')
            {
                plain.Append(raw[i] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', char c => c });
                continue;
            }
            if (i + 4 >= raw.Length
                || !ushort.TryParse(raw.Slice(i + 1, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null,
                    out ushort code)) return false;
            plain.Append((char)code);
            i += 4;
        }
        text = plain.ToString();
        return true;
    }
}
