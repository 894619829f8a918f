using System.Globalization;
using System.Text;

namespace Moldau.Cli.Profiles;

/// <summary>Reads the YAML that tools write as their configuration: nested maps and lists by indentation, plain and quoted texts,
/// literal blocks, lists in brackets. What else YAML has (anchors, tags, folded blocks, maps in braces, several documents) is
/// refused, not guessed at. What is wrong is told by its line alone: the text may be a password.</summary>
internal sealed class YamlReader
{
    private const int MaxDepth = 32;

    private readonly string[] _raw;
    private readonly List<Line> _lines = [];
    private int _at;
    private int _depth;

    private YamlReader(string text)
    {
        _raw = text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        for (int i = 0; i < _raw.Length; i++)
        {
            string trimmed = _raw[i].Trim();
            if (trimmed.Length == 0 || trimmed[0] == '#' || (_lines.Count == 0 && trimmed == "---")) continue;
            _lines.Add(new Line(i, _raw[i].Length - _raw[i].TrimStart(' ').Length, trimmed));
        }
    }

    /// <exception cref="FormatException">It is not of this kind; the message names the line.</exception>
    public static YamlNode Read(string text)
    {
        YamlReader reader = new(text);
        if (reader._lines.Count == 0) return new YamlNode();
        YamlNode node = reader.Block();
        return reader._at == reader._lines.Count ? node : throw reader.Wrong("it is not indented as what is above it");
    }

    private YamlNode Block()
    {
        if (++_depth > MaxDepth) throw Wrong("it is nested too deep");
        YamlNode node = IsItem(Now.Text) ? List(Now.Indent) : Map(Now.Indent);
        _depth--;
        return node;
    }

    private Line Now => _lines[_at];

    private YamlNode List(int indent)
    {
        List<YamlNode> items = [];
        while (_at < _lines.Count && Now.Indent == indent && IsItem(Now.Text))
        {
            string rest = Now.Text[1..].TrimStart();
            if (rest.Length == 0 || rest[0] == '#')
            {
                _at++;
                items.Add(_at < _lines.Count && Now.Indent > indent ? Block() : new YamlNode());
                continue;
            }

            int inner = indent + Now.Text.Length - rest.Length;
            if (KeyEnd(rest) < 0 && !IsItem(rest))
            {
                items.Add(Scalar(rest));
                _at++;
                continue;
            }

            _lines[_at] = new Line(Now.Number, inner, rest);
            items.Add(Block());
        }

        return new YamlNode { Items = items };
    }

    private YamlNode Map(int indent)
    {
        Dictionary<string, YamlNode> fields = new(StringComparer.Ordinal);
        while (_at < _lines.Count && Now.Indent == indent && !IsItem(Now.Text))
        {
            if (_raw[Now.Number].TrimStart(' ').StartsWith('\t')) throw Wrong("it is indented by a tab");
            int end = KeyEnd(Now.Text);
            if (end < 0) throw Wrong("it is no 'name: value'");
            string name = Scalar(Now.Text[..end]).Text ?? "";
            if (!fields.TryAdd(name, new YamlNode())) throw Wrong("its name is there already");
            fields[name] = Value(Now.Text[(end + 1)..].Trim(), indent);
        }

        return new YamlNode { Fields = fields };
    }

    /// <summary>What follows a name, on its line or beneath it.</summary>
    private YamlNode Value(string rest, int indent)
    {
        if (rest is "|" or "|-") return Literal(indent, endsLine: rest == "|");
        if (rest.Length > 0 && rest[0] != '#')
        {
            YamlNode node = Scalar(rest);
            _at++;
            if (_at < _lines.Count && Now.Indent > indent) throw Wrong("it goes on with the line above, or is indented too far");
            return node;
        }

        _at++;
        bool hasMore = _at < _lines.Count && (Now.Indent > indent || (Now.Indent == indent && IsItem(Now.Text)));
        return hasMore ? Block() : new YamlNode();
    }

    /// <summary>Lines as they are, without the indentation of the first.</summary>
    private YamlNode Literal(int indent, bool endsLine)
    {
        int number = Now.Number + 1;
        List<string> lines = [];
        int inner = -1;
        for (; number < _raw.Length; number++)
        {
            string line = _raw[number];
            int spaces = line.Length - line.TrimStart(' ').Length;
            if (line.Trim().Length > 0 && spaces <= indent) break;
            if (inner < 0 && line.Trim().Length > 0) inner = spaces;
            lines.Add(inner >= 0 && line.Length > inner ? line[inner..] : "");
        }

        while (_at < _lines.Count && Now.Number < number) _at++;
        string text = string.Join('\n', lines).TrimEnd('\n');
        return new YamlNode { Text = endsLine ? text + "\n" : text };
    }

    private YamlNode Scalar(string text)
    {
        switch (text[0])
        {
            case '"' or '\'':
                string quoted = Quoted(text, out int end);
                RequireNothing(text[end..]);
                return new YamlNode { Text = quoted };
            case '[':
                return Bracketed(text);
            case '{':
                RequireNothing(text.StartsWith("{}", StringComparison.Ordinal) ? text[2..] : text);
                return new YamlNode { Fields = new Dictionary<string, YamlNode>() };
            case '&' or '*' or '!' or '|' or '>' or '%' or '@' or '`' or ']' or '}' or ',':
                throw Wrong("it has something of YAML that is not read here");
            default:
                int comment = text.IndexOf(" #", StringComparison.Ordinal);
                string plain = (comment < 0 ? text : text[..comment]).TrimEnd();
                if (plain.Contains(": ", StringComparison.Ordinal)) throw Wrong("it has a colon in a text without quotes");
                return plain is "~" or "null" ? new YamlNode() : new YamlNode { Text = plain };
        }
    }

    private YamlNode Bracketed(string text)
    {
        List<YamlNode> items = [];
        string rest = text[1..].TrimStart();
        while (!rest.StartsWith(']'))
        {
            int end = rest.IndexOfAny([',', ']']);
            string item = end < 0 ? "" : rest[..end];
            if (rest.StartsWith('"') || rest.StartsWith('\'')) item = $"'{Quoted(rest, out end).Replace("'", "''", StringComparison.Ordinal)}'";
            if (item.Trim().Length == 0) throw Wrong("its list does not end");
            items.Add(Scalar(item.Trim()));
            rest = rest[end..].TrimStart();
            if (rest.StartsWith(',')) rest = rest[1..].TrimStart();
            else if (!rest.StartsWith(']')) throw Wrong("its list does not end");
        }

        RequireNothing(rest[1..]);
        return new YamlNode { Items = items };
    }

    private string Quoted(string text, out int end)
    {
        char quote = text[0];
        StringBuilder value = new();
        for (int i = 1; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote && quote == '\'' && i + 1 < text.Length && text[i + 1] == quote) value.Append(text[++i]);
            else if (c == quote)
            {
                end = i + 1;
                return value.ToString();
            }
            else if (c == '\\' && quote == '"') i = Escape(text, i + 1, value);
            else value.Append(c);
        }

        throw Wrong("a quote does not end");
    }

    /// <returns>Where the escape ends.</returns>
    private int Escape(string text, int at, StringBuilder value)
    {
        char c = at < text.Length ? text[at] : '\0';
        int digits = c switch { 'x' => 2, 'u' => 4, _ => 0 };
        if (digits > 0)
        {
            if (at + digits >= text.Length
                || !int.TryParse(text.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code))
                throw Wrong("a backslash in it means nothing");
            value.Append((char)code);
            return at + digits;
        }

        value.Append(c switch
        {
            '"' or '\\' or '/' or ' ' => c,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            _ => throw Wrong("a backslash in it means nothing"),
        });
        return at;
    }

    /// <summary>Where the colon after a name is; −1 where the line has none.</summary>
    private int KeyEnd(string text)
    {
        int from = 0;
        if (text[0] is '"' or '\'') _ = Quoted(text, out from);
        else if (text[0] is '[' or '{') return -1;
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] == '#' && i > 0 && text[i - 1] == ' ') return -1;
            if (text[i] == ':' && (i + 1 == text.Length || text[i + 1] == ' ')) return i;
            if (from > 0 && text[i] != ' ') return -1;
        }

        return -1;
    }

    private static bool IsItem(string text) => text == "-" || text.StartsWith("- ", StringComparison.Ordinal);

    private void RequireNothing(string rest)
    {
        if (rest.TrimStart() is { Length: > 0 } more && more[0] != '#') throw Wrong("something follows its value");
    }

    private FormatException Wrong(string why) => new($"line {_lines[Math.Min(_at, _lines.Count - 1)].Number + 1} cannot be read: {why}");

    /// <summary>A line that says something.</summary>
    private readonly record struct Line(int Number, int Indent, string Text);
}
