using System.Text;

namespace Moldau.Shell;

/// <summary>A line as its words: quotes hold several together, a backslash takes a character as it is.</summary>
internal static class ShellWords
{
    /// <returns>Null where a quote does not end.</returns>
    public static List<string>? Split(string line)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool isWord = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '\\' && i + 1 < line.Length)
            {
                // A wildcard keeps its backslash: the path is what takes it for a plain character.
                if ("*?{},/".Contains(line[i + 1], StringComparison.Ordinal)) word.Append(c);
                word.Append(line[++i]);
                isWord = true;
            }
            else if (quote != '\0')
            {
                if (c == quote) quote = '\0';
                else word.Append(c);
            }
            else if (c is '"' or '\'') (quote, isWord) = (c, true);
            else if (!char.IsWhiteSpace(c))
            {
                word.Append(c);
                isWord = true;
            }
            else Take();
        }

        Take();
        return quote == '\0' ? words : null;

        void Take()
        {
            if (isWord) words.Add(word.ToString());
            word.Clear();
            isWord = false;
        }
    }
}
