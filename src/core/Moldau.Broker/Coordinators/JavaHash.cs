namespace Moldau.Broker;

/// <summary>Java's String.hashCode, which maps groups and transactional ids to partitions of the internal
/// topics.</summary>
internal static class JavaHash
{
    public static int Of(string text)
    {
        int hash = 0;
        foreach (char c in text) hash = unchecked((31 * hash) + c);
        return hash;
    }

    /// <summary>The absolute value, with Kafka's answer (0) for the one value that has none.</summary>
    public static int PartitionFor(string key, int partitions)
    {
        int hash = Of(key);
        return (hash == int.MinValue ? 0 : Math.Abs(hash)) % partitions;
    }
}
