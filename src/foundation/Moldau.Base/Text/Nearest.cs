namespace Moldau.Base;

/// <summary>What somebody may have meant who mistyped a name.</summary>
public static class Nearest
{
    /// <summary>Names longer than any of ours are cut, so that the work stays bounded.</summary>
    private const int MostChars = 200;

    /// <summary>The name with the fewest letters changed, added or left out; null where none is near.</summary>
    public static string? Of(string given, IEnumerable<string> names)
    {
        (int Distance, string? Name) best = (Math.Max(2, given.Length / 3) + 1, null);
        foreach (string name in names)
        {
            bool isBeginning = given.Length > 2 && name.StartsWith(given, StringComparison.Ordinal);
            int distance = isBeginning ? 1 : Distance(given, name, best.Distance);
            if (distance < best.Distance) best = (distance, name);
        }

        return best.Name;
    }

    /// <summary>Levenshtein's distance; where it is not below the limit, any number that is not below it either.</summary>
    public static int Distance(string left, string right, int limit = int.MaxValue)
    {
        if (left.Length > MostChars) left = left[..MostChars];
        if (Math.Abs(left.Length - right.Length) >= limit) return limit;
        int[] row = new int[right.Length + 1];
        for (int i = 0; i <= right.Length; i++) row[i] = i;
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            int least = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int changed = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
                least = Math.Min(least, row[j]);
            }

            // No row has less than the one above it.
            if (least >= limit) return limit;
        }

        return row[right.Length];
    }
}
