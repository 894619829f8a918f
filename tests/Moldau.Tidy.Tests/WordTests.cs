using System.Text.RegularExpressions;

namespace Moldau.Tidy.Tests;

/// <summary>Words that have no place in the tree.</summary>
public sealed class WordTests
{
    [Fact]
    public void Code_HasNoUnfinishedMarks()
    {
        Regex marks = new(@"\b(TODO|FIXME|HACK|XXX)\b|throw new NotImplementedException|Thread\.Sleep\(");
        List<string> wrong = Find(Tree.With(".cs").Where(f => !f.Contains("Tidy.Tests/", StringComparison.Ordinal)), marks);
        Assert.Empty(wrong);
    }

    [Fact]
    public void Tree_NamesNoMachine()
    {
        Regex paths = new("/" + "(work|root|farm)/" + "|/tmp/" + "bash_jobs");
        string[] text = [".cs", ".md", ".sh", ".props", ".csproj", ".json", ".kmsg", ".java", ".py", ".js"];
        IEnumerable<string> files = Tree.Files.Where(f => text.Any(e => f.EndsWith(e, StringComparison.Ordinal)));
        Assert.Empty(Find(files, paths));
    }

    [Fact]
    public void ReflectionAndDynamicCode_StayOutOfSource()
    {
        // Code only: neither comments nor texts, which may speak of dynamic configuration.
        Regex banned = new(@"^[^/""]*(\bdynamic \w+\s*[=;,)]|Expression\.Compile|Activator\.CreateInstance)");
        Assert.Empty(Find(Tree.With(".cs").Where(f => f.StartsWith("src/", StringComparison.Ordinal)), banned));
    }

    private static List<string> Find(IEnumerable<string> files, Regex pattern)
    {
        List<string> found = [];
        foreach (string file in files)
        {
            string[] lines = Tree.Lines(file);
            for (int i = 0; i < lines.Length; i++)
                if (pattern.IsMatch(lines[i])) found.Add($"{file}:{i + 1}: {lines[i].Trim()}");
        }

        return found;
    }
}
