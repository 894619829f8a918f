using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Administers a cluster. Get it from <see cref="MoldauClient.Admin"/>. Operations on several things tell of each
/// what became of it; an exception means that nothing is known of any.</summary>
public sealed class AdminClient
{
    private readonly ClientDriver _driver;

    internal AdminClient(ClientDriver driver) => _driver = driver;

    /// <summary>The cluster's id, its brokers and who takes calls for the controller.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<ClusterDescription> DescribeClusterAsync(CancellationToken cancel = default) =>
        _driver.WaitAsync(0, static (machine, turn, _) => ClusterAdmin.Describe(machine, turn), cancel);

    /// <summary>All topics by name, internal ones included.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public async Task<IReadOnlyList<TopicInfo>> ListTopicsAsync(CancellationToken cancel = default)
    {
        var topics = await _driver
            .WaitAsync(0, static (machine, turn, _) => TopicAdmin.Describe(machine, turn, null), cancel)
            .ConfigureAwait(false);
        return [.. topics.Values.Where(t => t.IsSuccess).Select(t => t.Value!).OrderBy(t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>The named topics: each with its metadata or with why there is none. Nothing is created by asking.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<TopicInfo>>> DescribeTopicsAsync(
        IReadOnlyCollection<string> names, CancellationToken cancel = default) =>
        _driver.WaitAsync(
            names.Distinct(StringComparer.Ordinal).ToArray(),
            static (machine, turn, n) => TopicAdmin.Describe(machine, turn, n), cancel);

    /// <summary>Makes topics; the result names for each why it was not made, or null.</summary>
    /// <param name="topics">The topics to make.</param>
    /// <param name="validateOnly">Only says whether they could be made.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> CreateTopicsAsync(
        IReadOnlyCollection<NewTopic> topics, bool validateOnly = false, CancellationToken cancel = default) =>
        _driver.WaitAsync(
            (Topics: topics.ToArray(), validateOnly),
            static (machine, turn, s) => TopicAdmin.Create(machine, turn, s.Topics, s.validateOnly), cancel);

    /// <summary>Makes one topic.</summary>
    /// <exception cref="MoldauException">It was not made; <c>TOPIC_ALREADY_EXISTS</c> where it is there.</exception>
    public async Task CreateTopicAsync(NewTopic topic, CancellationToken cancel = default) =>
        Require((await CreateTopicsAsync([topic], false, cancel).ConfigureAwait(false))[topic.Name]);

    /// <summary>Deletes topics; the result names for each why it was not deleted, or null.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> DeleteTopicsAsync(
        IReadOnlyCollection<string> names, CancellationToken cancel = default) =>
        _driver.WaitAsync(
            names.ToArray(), static (machine, turn, n) => TopicAdmin.Delete(machine, turn, n), cancel);

    /// <summary>Raises topics to these numbers of partitions.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> CreatePartitionsAsync(
        IReadOnlyDictionary<string, int> counts, bool validateOnly = false, CancellationToken cancel = default) =>
        _driver.WaitAsync(
            (counts, validateOnly),
            static (machine, turn, s) => TopicAdmin.Grow(machine, turn, s.counts, s.validateOnly), cancel);

    /// <summary>Deletes the records below these offsets (−1: all); the result is each partition's new first
    /// offset.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, Outcome<long>>> DeleteRecordsAsync(
        IReadOnlyDictionary<TopicPartition, long> before, CancellationToken cancel = default) =>
        _driver.WaitAsync(before, static (machine, turn, b) => TopicAdmin.DeleteRecords(machine, turn, b), cancel);

    /// <summary>The offset at an end of each partition, or of the first record that is not older than a time.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, Outcome<FoundOffset>>> ListOffsetsAsync(
        IReadOnlyDictionary<TopicPartition, OffsetSpec> specs,
        IsolationLevel isolation = IsolationLevel.ReadUncommitted,
        CancellationToken cancel = default) =>
        _driver.WaitAsync(
            (specs, isolation), static (machine, turn, s) => OffsetAdmin.List(machine, turn, s.specs, s.isolation), cancel);

    /// <summary>The configuration of a topic, a broker or a group, in the order of the names.</summary>
    /// <exception cref="MoldauException">There is no such thing, or the broker refused.</exception>
    public async Task<IReadOnlyList<ConfigValue>> DescribeConfigAsync(
        ConfigResource resource, CancellationToken cancel = default)
    {
        var result = await _driver
            .WaitAsync(resource, static (machine, turn, r) => ConfigAdmin.Describe(machine, turn, r), cancel)
            .ConfigureAwait(false);
        Require(result.Error);
        return result.Value!;
    }

    /// <summary>Changes some properties of a topic, a broker or a group.</summary>
    /// <exception cref="MoldauException">Nothing was changed; the text says which property is wrong.</exception>
    public async Task ChangeConfigAsync(
        ConfigResource resource,
        IReadOnlyCollection<ConfigChange> changes,
        bool validateOnly = false,
        CancellationToken cancel = default) =>
        Require(await _driver.WaitAsync(
            (resource, Changes: changes.ToArray(), validateOnly),
            static (machine, turn, s) => ConfigAdmin.Change(machine, turn, s.resource, s.Changes, s.validateOnly),
            cancel).ConfigureAwait(false));

    /// <summary>All groups of all brokers, by id.</summary>
    /// <exception cref="MoldauException">A broker cannot be reached, or it refused.</exception>
    public Task<IReadOnlyList<GroupListing>> ListGroupsAsync(CancellationToken cancel = default) =>
        _driver.WaitAsync(0, static (machine, turn, _) => GroupAdmin.List(machine, turn), cancel);

    /// <summary>A group and its members; one that does not exist is described as dead.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<GroupDescription> DescribeGroupAsync(string groupId, CancellationToken cancel = default) =>
        _driver.WaitAsync(groupId, static (machine, turn, g) => GroupAdmin.Describe(machine, turn, g), cancel);

    /// <summary>Deletes a group that has no members.</summary>
    /// <exception cref="MoldauException">It was not deleted: <c>NON_EMPTY_GROUP</c>, <c>GROUP_ID_NOT_FOUND</c>.</exception>
    public async Task DeleteGroupAsync(string groupId, CancellationToken cancel = default) =>
        Require(await _driver
            .WaitAsync(groupId, static (machine, turn, g) => GroupAdmin.Delete(machine, turn, g), cancel)
            .ConfigureAwait(false));

    /// <summary>All committed offsets of a group.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, CommittedOffset>> ListGroupOffsetsAsync(
        string groupId, CancellationToken cancel = default) =>
        _driver.WaitAsync(groupId, static (machine, turn, g) => GroupAdmin.Offsets(machine, turn, g), cancel);

    /// <summary>Sets offsets of a group that nobody reads with; the result names for each partition what went
    /// wrong.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, ErrorCode>> SetGroupOffsetsAsync(
        string groupId, IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancel = default) =>
        _driver.WaitAsync(
            (groupId, offsets), static (machine, turn, s) => GroupAdmin.SetOffsets(machine, turn, s.groupId, s.offsets), cancel);

    /// <summary>Forgets a group's offsets of partitions that none of its members reads.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, ErrorCode>> DeleteGroupOffsetsAsync(
        string groupId, IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel = default) =>
        _driver.WaitAsync(
            (groupId, partitions),
            static (machine, turn, s) => GroupAdmin.DeleteOffsets(machine, turn, s.groupId, s.partitions), cancel);

    private static void Require(ClientError? error)
    {
        if (error is not null) throw new MoldauException(error);
    }
}
