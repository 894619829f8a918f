using System.Collections.Immutable;
using System.Globalization;

namespace Moldau.Generators.Schema;

/// <summary>Reads one <c>.kmsg</c> file (docs/formats/kmsg.md) by recursive descent. The first problem ends the file,
/// since what follows a syntax error is guesswork.</summary>
internal sealed class SchemaParser
{
    private static readonly HashSet<string> Primitives =
    [
        "bool", "int8", "int16", "uint16", "int32", "uint32", "int64", "float64", "uuid", "string", "bytes", "records",
    ];

    private readonly List<Token> _tokens;
    private readonly List<MessageModel> _messages = [];
    private List<StructureModel> _structures = [];
    private int _next;

    private SchemaParser(string text) => _tokens = Lexer.Read(text);

    private Token Peek => _tokens[_next];

    public static FileModel Parse(string path, string text)
    {
        var parser = new SchemaParser(text);
        ApiModel? api = null;
        var problems = new List<ProblemModel>();
        try
        {
            api = parser.File();
            foreach (MessageModel message in parser._messages) SchemaRules.Check(message, problems);
        }
        catch (SchemaException e)
        {
            problems.Add(new ProblemModel(e.Id, e.Message, e.Position));
        }

        return new FileModel(path, api, List(parser._messages), List(problems));
    }

    private static EquatableArray<T> List<T>(List<T> items)
        where T : IEquatable<T> => new(items.ToImmutableArray());

    private ApiModel? File()
    {
        ApiModel? api = null;
        while (Peek.Kind != TokenKind.End)
        {
            Token word = Word();
            switch (word.Text)
            {
                case "api":
                    api = Api();
                    break;
                case "request" or "response":
                    if (api is null) throw Error(word, "a request or response must follow the line 'api'");
                    bool isRequest = word.Text == "request";
                    Message(
                        isRequest ? MessageKind.Request : MessageKind.Response,
                        api.Name + (isRequest ? "Request" : "Response"), "", api.Key, word);
                    break;
                case "header":
                    Message(MessageKind.Header, Word().Text, "", -1, word);
                    break;
                case "data":
                    Message(MessageKind.Data, Word().Text, "", -1, word);
                    break;
                case "record":
                    SetMember(MessageKind.Record, word);
                    break;
                case "key":
                    SetMember(MessageKind.Key, word);
                    break;
                case "value":
                    SetMember(MessageKind.Value, word);
                    break;
                default:
                    throw Error(word, $"'{word.Text}' does not begin a declaration");
            }
        }

        return api;
    }

    private ApiModel Api()
    {
        int key = Integer();
        string name = Word().Text;
        bool removed = Accept("removed"), unstable = false;
        var listeners = new List<string>();
        if (Accept("on"))
        {
            while (Peek is { Kind: TokenKind.Word, Text: "broker" or "controller" }) listeners.Add(Word().Text);
        }

        if (Accept("unstable")) unstable = true;
        return new ApiModel(key, name, removed, unstable, List(listeners));
    }

    private void SetMember(MessageKind kind, Token at)
    {
        string set = Word().Text;
        int id = Integer();
        Message(kind, Word().Text, set, id, at);
    }

    private void Message(MessageKind kind, string name, string set, int id, Token at)
    {
        VersionRange versions = Range();
        VersionRange flexible = Accept("flexible") ? Range() : VersionRange.None;
        _structures = [];
        var root = new StructureModel(name, Body(), at.Position);
        _messages.Add(new MessageModel(kind, name, set, id, versions, flexible, root, List(_structures)));
    }

    private EquatableArray<FieldModel> Body()
    {
        Mark("{");
        var fields = new List<FieldModel>();
        while (!AcceptMark("}"))
        {
            Token word = Word();
            if (word.Text == "struct")
            {
                Token name = Word();
                _structures.Add(new StructureModel(name.Text, Body(), name.Position));
            }
            else
            {
                fields.Add(Field(word));
            }
        }

        return List(fields);
    }

    private FieldModel Field(Token name)
    {
        if (!char.IsUpper(name.Text[0])) throw Error(name, $"field '{name.Text}' must begin with a capital");
        bool isArray = AcceptMark("[");
        if (isArray) Mark("]");
        Token type = Word();
        bool isStructure = char.IsUpper(type.Text[0]);
        if (!isStructure && !Primitives.Contains(type.Text)) throw Error(type, $"there is no type '{type.Text}'");
        bool isNullable = AcceptMark("?");
        VersionRange? nullableAt = null;
        if (isNullable && AcceptMark("("))
        {
            nullableAt = Range();
            Mark(")");
        }

        VersionRange versions = Peek.Kind == TokenKind.Number ? Range() : VersionRange.All;
        VersionRange nullable = isNullable ? nullableAt ?? versions : VersionRange.None;
        string? value = AcceptMark("=") ? Take().Text : null;
        var field = new FieldModel(
            name.Text, type.Text, isArray, isStructure, versions, nullable, -1, VersionRange.None, value, false, false,
            name.Position);
        field = Attributes(field);
        if (Peek is { Kind: TokenKind.Mark, Text: "{" })
        {
            if (!isStructure) throw Error(Peek, $"'{type.Text}' is not a structure");
            int slot = _structures.Count;
            EquatableArray<FieldModel> body = Body();
            _structures.Insert(slot, new StructureModel(type.Text, body, type.Position));
        }

        return field;
    }

    private FieldModel Attributes(FieldModel field)
    {
        while (true)
        {
            if (Accept("ignorable")) field = field with { IsIgnorable = true };
            else if (Accept("inflexible")) field = field with { IsNeverFlexible = true };
            else if (Accept("key") || Accept("zerocopy")) continue;
            else if (AcceptMark("@")) Word();
            else if (Accept("tag")) field = TagOf(field);
            else return field;
        }
    }

    private FieldModel TagOf(FieldModel field)
    {
        int tag = Integer();
        VersionRange tagged = field.Versions;
        if (AcceptMark("("))
        {
            tagged = Range();
            Mark(")");
        }

        return field with { Tag = tag, Tagged = tagged };
    }

    private VersionRange Range()
    {
        Token token = Take();
        string[] parts = token.Text.Split('-');
        bool isOpen = token.Text.EndsWith("+", StringComparison.Ordinal);
        string low = isOpen ? token.Text.Substring(0, token.Text.Length - 1) : parts[0];
        string high = parts.Length == 2 ? parts[1] : low;
        if (token.Kind != TokenKind.Number || parts.Length > 2 || !TryInteger(low, out int from)
            || !TryInteger(high, out int to) || to < from)
        {
            throw new SchemaException(Diagnostics.BadRange, $"'{token.Text}' is not a range of versions",
                token.Position);
        }

        return new VersionRange(from, isOpen ? VersionRange.Open : to);
    }

    private int Integer()
    {
        Token token = Take();
        return TryInteger(token.Text, out int value) ? value : throw Error(token, $"'{token.Text}' is not a number");
    }

    private static bool TryInteger(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= short.MaxValue;

    private Token Take() => _tokens[_next].Kind == TokenKind.End ? _tokens[_next] : _tokens[_next++];

    private Token Word()
    {
        Token token = Take();
        return token.Kind == TokenKind.Word ? token : throw Error(token, $"a name is expected, not '{token.Text}'");
    }

    private bool Accept(string word)
    {
        if (Peek.Kind != TokenKind.Word || Peek.Text != word) return false;
        _next++;
        return true;
    }

    private bool AcceptMark(string mark)
    {
        if (Peek.Kind != TokenKind.Mark || Peek.Text != mark) return false;
        _next++;
        return true;
    }

    private void Mark(string mark)
    {
        Token token = Take();
        if (token.Kind != TokenKind.Mark || token.Text != mark)
            throw Error(token, $"'{mark}' is expected, not '{token.Text}'");
    }

    private static SchemaException Error(Token at, string text) => new(Diagnostics.Syntax, text, at.Position);
}
