using System.Globalization;
using System.Runtime.CompilerServices;

namespace Moldau.Fuzz;

/// <summary>What an oracle says: nothing is formatted where all is well.</summary>
[InterpolatedStringHandler]
internal ref struct OracleWords
{
    private DefaultInterpolatedStringHandler _words;

    public OracleWords(int literalChars, int holes, bool holds, out bool isAsked)
    {
        isAsked = !holds;
        if (isAsked) _words = new DefaultInterpolatedStringHandler(literalChars, holes, CultureInfo.InvariantCulture);
    }

    public void AppendLiteral(string text) => _words.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _words.AppendFormatted(value);

    public string Text() => _words.ToStringAndClear();
}
