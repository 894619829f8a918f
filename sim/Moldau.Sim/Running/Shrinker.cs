namespace Moldau.Sim;

/// <summary>Makes a failing plan small by delta debugging: leaves out halves, then quarters, at last single items, as long
/// as what is left still fails. The answer is minimal: without any one of its items (in reach of the bound) it would pass.
/// Items keep their order. The predicate is a whole run, so that it decides alone what "still fails" means.</summary>
public static class Shrinker
{
    /// <summary>More runs than anybody waits for: a plan of n items takes about n·log n of them.</summary>
    public const int UsualRuns = 2_000;

    /// <param name="items">The plan that fails.</param>
    /// <param name="fails">Whether a part of it fails in the same way. Never asked about the whole.</param>
    /// <param name="mostRuns">Bound of calls; when it is reached, the smallest failing part so far is the answer.</param>
    public static IReadOnlyList<T> Shrink<T>(
        IReadOnlyList<T> items, Func<IReadOnlyList<T>, bool> fails, int mostRuns = UsualRuns)
    {
        if (items.Count == 0 || mostRuns <= 0) return items;
        // Many failures need nothing of the plan at all.
        if (fails([])) return [];
        int runs = 1;
        int parts = 2;
        while (items.Count > 1 && runs < mostRuns)
        {
            IReadOnlyList<T>? smaller = WithoutOnePart(items, parts, fails, mostRuns, ref runs);
            if (smaller is not null)
            {
                items = smaller;
                parts = Math.Max(2, parts - 1);
            }
            else if (parts == items.Count)
            {
                break;
            }
            else
            {
                parts = Math.Min(items.Count, parts * 2);
            }
        }

        return items;
    }

    /// <summary>From the end on: what comes late in a plan is needed least often.</summary>
    private static List<T>? WithoutOnePart<T>(
        IReadOnlyList<T> items, int parts, Func<IReadOnlyList<T>, bool> fails, int mostRuns, ref int runs)
    {
        parts = Math.Min(parts, items.Count);
        for (int part = parts - 1; part >= 0 && runs < mostRuns; part--)
        {
            int from = (int)((long)items.Count * part / parts);
            int to = (int)((long)items.Count * (part + 1) / parts);
            List<T> rest = new(items.Count);
            for (int i = 0; i < items.Count; i++)
                if (i < from || i >= to) rest.Add(items[i]);
            if (rest.Count == 0) continue; // asked at the beginning
            runs++;
            if (fails(rest)) return rest;
        }

        return null;
    }
}
