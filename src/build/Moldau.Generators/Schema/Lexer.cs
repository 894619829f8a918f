namespace Moldau.Generators.Schema;

internal enum TokenKind
{
    Word,
    Number,
    Text,
    Mark,
    End,
}

internal readonly record struct Token(TokenKind Kind, string Text, Position Position);

/// <summary>Cuts a schema into words, numbers (and version ranges), quoted texts and single marks.</summary>
internal static class Lexer
{
    public static List<Token> Read(string text)
    {
        var tokens = new List<Token>();
        int line = 0, lineStart = 0, i = 0;
        while (i < text.Length)
        {
            char c = text[i];
            if (c == '\n')
            {
                line++;
                lineStart = ++i;
            }
            else if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c == '#')
            {
                while (i < text.Length && text[i] != '\n') i++;
            }
            else
            {
                TokenKind kind = KindOf(c);
                int end = EndOf(text, i, kind);
                tokens.Add(new Token(kind, text.Substring(i, end - i), new Position(line, i - lineStart)));
                i = end;
            }
        }

        tokens.Add(new Token(TokenKind.End, "", new Position(line, i - lineStart)));
        return tokens;
    }

    private static TokenKind KindOf(char c) =>
        char.IsLetter(c) ? TokenKind.Word
        : char.IsDigit(c) || c == '-' ? TokenKind.Number
        : c == '"' ? TokenKind.Text
        : TokenKind.Mark;

    private static int EndOf(string text, int start, TokenKind kind)
    {
        int i = start + 1;
        switch (kind)
        {
            case TokenKind.Word:
                while (i < text.Length && char.IsLetterOrDigit(text[i])) i++;
                return i;
            case TokenKind.Number:
                while (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] is '-' or '+' or '.')) i++;
                return i;
            case TokenKind.Text:
                while (i < text.Length && text[i] != '"' && text[i] != '\n') i++;
                return i < text.Length && text[i] == '"' ? i + 1 : i;
            default:
                return i;
        }
    }
}
