using System.IO.Enumeration;

namespace Moldau.Cli.Verbs;

/// <summary>Names with <c>*</c> for any letters and <c>?</c> for any one.</summary>
internal static class Patterns
{
    public static bool Fits(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
