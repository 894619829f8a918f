using System.Globalization;

namespace Moldau.Cli.Verbs;

/// <summary>Small parts of sentences.</summary>
internal static class Words
{
    public static string Count(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");

    /// <summary><c>1 topic</c>, <c>2 topics</c></summary>
    public static string Count(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
