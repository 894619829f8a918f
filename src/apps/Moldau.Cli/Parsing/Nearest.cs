using Moldau.Config;

namespace Moldau.Cli.Parsing;

/// <summary>What somebody may have meant who mistyped a name.</summary>
internal static class Nearest
{
    /// <summary>The name with the fewest letters changed, added or left out; null where none is near.</summary>
    public static string? Of(string given, IEnumerable<string> names)
    {
        (int Distance, string? Name) best = (Math.Max(2, given.Length / 3) + 1, null);
        foreach (string name in names)
        {
            bool isBeginning = given.Length > 2 && name.StartsWith(given, StringComparison.Ordinal);
            int distance = isBeginning ? 1 : NearestName.Distance(given, name);
            if (distance < best.Distance) best = (distance, name);
        }

        return best.Name;
    }
}
