namespace Moldau.Client;

/// <summary>Chooses the partition of a record for which the user named none.</summary>
public interface IPartitioner
{
    /// <summary>A partition of the topic, from 0. It is called under the client's lock: quick, and without a call of the
    /// client. A record for which it throws, or names a partition that is not there, has failed with
    /// <c>INVALID_PARTITIONS</c>.</summary>
    /// <param name="topic">The topic with its partitions.</param>
    /// <param name="key">The key's bytes, empty where there is none.</param>
    /// <param name="hasKey">False where the key is null.</param>
    /// <param name="value">The value's bytes, empty where it is null.</param>
    int Partition(TopicInfo topic, ReadOnlySpan<byte> key, bool hasKey, ReadOnlySpan<byte> value);
}
