namespace Moldau.Client;

/// <summary>Acknowledgements on their way to one broker, by partition and offset.</summary>
internal sealed class ShareAcks
{
    /// <summary>The wire's word for an offset without a record.</summary>
    public const sbyte Gap = 0;

    private readonly SortedDictionary<SharePartition, SortedDictionary<long, sbyte>> _byPartition = [];

    public bool IsEmpty => _byPartition.Count == 0;

    public IEnumerable<SharePartition> Partitions => _byPartition.Keys;

    public void Add(SharePartition partition, long offset, sbyte type)
    {
        if (!_byPartition.TryGetValue(partition, out var offsets)) _byPartition[partition] = offsets = [];
        offsets[offset] = type;
    }

    public bool Has(SharePartition partition) => _byPartition.ContainsKey(partition);

    public IEnumerable<long> OffsetsOf(SharePartition partition) => _byPartition[partition].Keys;

    /// <summary>Runs of offsets that follow one another; one type for a run whose types are all the same.</summary>
    public IEnumerable<(long First, long Last, List<sbyte> Types)> BatchesOf(SharePartition partition)
    {
        if (!_byPartition.TryGetValue(partition, out var offsets)) yield break;
        long first = 0;
        List<sbyte> types = [];
        foreach ((long offset, sbyte type) in offsets)
        {
            if (types.Count > 0 && offset != first + types.Count)
            {
                yield return (first, first + types.Count - 1, Shortest(types));
                types = [];
            }

            if (types.Count == 0) first = offset;
            types.Add(type);
        }

        yield return (first, first + types.Count - 1, Shortest(types));
    }

    private static List<sbyte> Shortest(List<sbyte> types) => types.TrueForAll(t => t == types[0]) ? [types[0]] : types;
}
