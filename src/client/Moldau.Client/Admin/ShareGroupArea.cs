using Moldau.Base;

namespace Moldau.Client;

/// <summary>Share groups. They are listed and deleted as all groups are.</summary>
public sealed class ShareGroupArea : AdminArea
{
    internal ShareGroupArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>The named groups and their members.</summary>
    /// <param name="groupIds">The groups.</param>
    /// <param name="withOperations">Tells also what one may do with each.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<ShareGroupDescription>>> DescribeAsync(
        IReadOnlyCollection<string> groupIds, bool withOperations = false, CancellationToken cancel = default) =>
        RunAsync(
            (Ids: groupIds.ToArray(), withOperations),
            static (machine, turn, s) => ShareGroupAdmin.Describe(machine, turn, s.Ids, s.withOperations), cancel);

    /// <summary>Where groups are, in the named partitions or in all that they read (null).</summary>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<IReadOnlyDictionary<TopicPartition, Outcome<ShareOffset>>>>> ListOffsetsAsync(
        IReadOnlyDictionary<string, IReadOnlyList<TopicPartition>?> groups, CancellationToken cancel = default) =>
        RunAsync(groups, static (machine, turn, g) => ShareGroupAdmin.Offsets(machine, turn, g), cancel);

    /// <summary>Sets the start offsets of a group without members; the result names for each partition what went wrong, or
    /// null.</summary>
    /// <exception cref="MoldauException">Nothing was set: <c>NON_EMPTY_GROUP</c>, <c>GROUP_ID_NOT_FOUND</c>.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, ClientError?>> SetOffsetsAsync(
        string groupId, IReadOnlyDictionary<TopicPartition, long> offsets, CancellationToken cancel = default) =>
        RunAsync((groupId, offsets), static (machine, turn, s) => ShareGroupAdmin.SetOffsets(machine, turn, s.groupId, s.offsets), cancel);

    /// <summary>Forgets topics of a group without members; the result names for each what went wrong, or null.</summary>
    /// <exception cref="MoldauException">Nothing was forgotten: <c>NON_EMPTY_GROUP</c>, <c>GROUP_ID_NOT_FOUND</c>.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> DeleteOffsetsAsync(
        string groupId, IReadOnlyCollection<string> topics, CancellationToken cancel = default) =>
        RunAsync(
            (groupId, Topics: topics.ToArray()),
            static (machine, turn, s) => ShareGroupAdmin.DeleteOffsets(machine, turn, s.groupId, s.Topics), cancel);
}
