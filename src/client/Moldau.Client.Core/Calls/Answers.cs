namespace Moldau.Client;

/// <summary>What a broker's answer lists, by key.</summary>
internal static class Answers
{
    /// <summary>The last one of a key counts: a broker that names something twice must not be able to end its clients.</summary>
    public static Dictionary<TKey, TValue> ByKey<T, TKey, TValue>(
        this IEnumerable<T> listed, Func<T, TKey> key, Func<T, TValue> value, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        Dictionary<TKey, TValue> found = new(comparer);
        foreach (T each in listed) found[key(each)] = value(each);
        return found;
    }
}
