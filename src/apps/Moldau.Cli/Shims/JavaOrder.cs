using Moldau.Base;

namespace Moldau.Cli.Shims;

/// <summary>The order in which Java's hash tables hand out what they hold: it shows in what the originals print.</summary>
internal static class JavaOrder
{
    private const int FirstTable = 16;

    /// <summary>Numbers, which are their own hash codes.</summary>
    public static IReadOnlyList<int> Of(IEnumerable<int> numbers) => Of(numbers, n => n);

    /// <summary>Numbers of 64 bits.</summary>
    public static IReadOnlyList<long> Of(IEnumerable<long> numbers) => Of(numbers, n => (int)(n ^ (n >>> 32)));

    /// <summary>Names.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> names) => Of(names, Hash);

    /// <summary>Partitions.</summary>
    public static IReadOnlyList<TopicPartition> Of(IEnumerable<TopicPartition> partitions) => Of(partitions, Hash);

    /// <summary>What occurs more than once, each thing once.</summary>
    public static IReadOnlyList<T> Duplicates<T>(IReadOnlyList<T> items, Func<IEnumerable<T>, IReadOnlyList<T>> order) =>
        order(items.GroupBy(i => i).Where(g => g.Count() > 1).Select(g => g.Key));

    private static int Hash(string text)
    {
        int hash = 0;
        foreach (char c in text) hash = unchecked((31 * hash) + c);
        return hash;
    }

    private static int Hash(TopicPartition partition) => unchecked((31 * (31 + partition.Partition)) + Hash(partition.Topic));

    /// <summary>By the place in the table, which doubles when it is three quarters full; what shares a place keeps the order in
    /// which it came.</summary>
    private static IReadOnlyList<T> Of<T>(IEnumerable<T> items, Func<T, int> hash)
    {
        T[] distinct = [.. items.Distinct()];
        int table = FirstTable;
        while (distinct.Length > table / 4 * 3) table *= 2;
        return [.. distinct.OrderBy(i => Place(hash(i), table))];
    }

    private static int Place(int hash, int table) => (hash ^ (int)((uint)hash >> 16)) & (table - 1);
}
