using System.Text.RegularExpressions;

namespace Moldau.Tidy.Tests;

/// <summary>STYLE.md on the size of files, functions and lines.</summary>
public sealed partial class SizeTests
{
    private const int MaxFileLines = 800;
    private const int MaxTestFileLines = 1500;
    private const int MaxFunctionLines = 70;
    private const int MaxLineLength = 140;

    /// <summary>Functions that are allowed to be longer, with the reason. The list may only shrink.</summary>
    private static readonly Dictionary<string, string> LongFunctions = new(StringComparer.Ordinal)
    {
    };

    [Fact]
    public void Files_AreShort()
    {
        List<string> wrong = [];
        foreach (string file in Tree.With(".cs"))
        {
            int lines = Tree.Lines(file).Length;
            int limit = file.StartsWith("tests/", StringComparison.Ordinal) ? MaxTestFileLines : MaxFileLines;
            if (lines > limit) wrong.Add($"{file}: {lines} lines, the limit is {limit}");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Lines_AreShort()
    {
        List<string> wrong = [];
        foreach (string file in Tree.With(".cs"))
        {
            string[] lines = Tree.Lines(file);
            for (int i = 0; i < lines.Length; i++)
                if (lines[i].Length > MaxLineLength && !lines[i].Contains("\"", StringComparison.Ordinal))
                    wrong.Add($"{file}:{i + 1}: {lines[i].Length} characters");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Functions_AreShort()
    {
        List<string> wrong = [];
        foreach (string file in Tree.With(".cs").Where(f => f.StartsWith("src/", StringComparison.Ordinal)))
            foreach ((string name, int line, int length) in Functions(Tree.Lines(file)))
                if (length > MaxFunctionLines && !LongFunctions.ContainsKey($"{file}:{name}"))
                    wrong.Add($"{file}:{line}: {name} has {length} lines");
        Assert.Empty(wrong);
    }

    /// <summary>Members by layout: a block that opens on its own line at member depth (8 spaces in a namespace-scoped
    /// file with one type: 4) and closes at the same depth. dotnet format keeps the layout that this relies on.</summary>
    private static IEnumerable<(string Name, int Line, int Length)> Functions(string[] lines)
    {
        for (int i = 1; i < lines.Length; i++)
        {
            int depth = lines[i].Length - 1;
            if (depth is not (4 or 8) || lines[i] != new string(' ', depth) + "{") continue;
            int head = i - 1;
            while (head > 0 && lines[head].Length > depth && lines[head][depth] == ' ') head--;
            string signature = lines[head].Trim();
            if (!Declaration().IsMatch(signature) || IsTypeHead(signature)) continue;
            int end = i + 1;
            while (end < lines.Length && lines[end] != new string(' ', depth) + "}") end++;
            yield return (signature.Split('(')[0].Split(' ')[^1], head + 1, end - head + 1);
        }
    }

    /// <summary>A type and a name before the parameters: not a call, and not an initialiser behind one.</summary>
    [GeneratedRegex(@"^(?!return |await |new |throw |else |if |for|while |switch )([\w<>\[\]?,.()]+ )+\w+(<[^(]*>)?\(")]
    private static partial Regex Declaration();

    private static bool IsTypeHead(string signature) =>
        new[] { " class ", " struct ", " record ", " interface ", " enum " }.Any(k => (" " + signature).Contains(k, StringComparison.Ordinal));
}
