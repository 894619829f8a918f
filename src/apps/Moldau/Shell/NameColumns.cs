namespace Moldau.Shell;

/// <summary>Names beside one another, read downwards, as many columns as a terminal holds.</summary>
internal static class NameColumns
{
    private const int Gap = 2;

    /// <param name="names">The names in their order.</param>
    /// <param name="width">Of the terminal; null or too narrow: a name a line.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<string> names, int? width)
    {
        int count = Count(names, width ?? 0);
        int rows = (names.Count + count - 1) / count;
        int[] widths = Widths(names, rows, count);
        for (int row = 0; row < rows; row++)
        {
            IEnumerable<int> places = Enumerable.Range(0, count).Select(c => row + (c * rows)).Where(p => p < names.Count);
            yield return string.Concat(places.Select((p, c) => c < count - 1 ? names[p].PadRight(widths[c]) : names[p]));
        }
    }

    /// <summary>The most columns that fit and leave none empty.</summary>
    private static int Count(IReadOnlyList<string> names, int width)
    {
        for (int count = width / 4; count > 1; count--)
        {
            int[] widths = Widths(names, (names.Count + count - 1) / count, count);
            if (widths[^1] > 0 && widths.Sum() <= width) return count;
        }

        return 1;
    }

    private static int[] Widths(IReadOnlyList<string> names, int rows, int count)
    {
        int[] widths = new int[count];
        for (int i = 0; i < names.Count; i++) widths[i / rows] = Math.Max(widths[i / rows], names[i].Length + Gap);
        return widths;
    }
}
