using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Administers a cluster. Get it from <see cref="MoldauClient.Admin"/>. What applications ask for is here: the
/// cluster, topics, offsets, configurations, groups; what operators ask for has an area of its own. Operations on several
/// things tell of each what became of it; an exception means that nothing is known of any. What a broker is too old for
/// fails with <c>UNSUPPORTED_VERSION</c>, and the text names the API.</summary>
public sealed class AdminClient : AdminArea
{
    internal AdminClient(ClientDriver driver)
        : base(driver)
    {
        Acls = new AclArea(driver);
        Features = new FeatureArea(driver);
        LogDirs = new LogDirArea(driver);
        Partitions = new PartitionArea(driver);
        Quorum = new QuorumArea(driver);
        Quotas = new QuotaArea(driver);
        ShareGroups = new ShareGroupArea(driver);
        StreamsGroups = new StreamsGroupArea(driver);
        Tokens = new TokenArea(driver);
        Transactions = new TransactionArea(driver);
        Users = new UserArea(driver);
    }

    /// <summary>Access rules.</summary>
    public AclArea Acls { get; }

    /// <summary>Features of the cluster.</summary>
    public FeatureArea Features { get; }

    /// <summary>Log directories of the brokers.</summary>
    public LogDirArea LogDirs { get; }

    /// <summary>Where partitions are and who leads them.</summary>
    public PartitionArea Partitions { get; }

    /// <summary>The controllers.</summary>
    public QuorumArea Quorum { get; }

    /// <summary>Quotas of clients.</summary>
    public QuotaArea Quotas { get; }

    /// <summary>Share groups.</summary>
    public ShareGroupArea ShareGroups { get; }

    /// <summary>Streams groups.</summary>
    public StreamsGroupArea StreamsGroups { get; }

    /// <summary>Delegation tokens.</summary>
    public TokenArea Tokens { get; }

    /// <summary>Transactions and producers.</summary>
    public TransactionArea Transactions { get; }

    /// <summary>Users with passwords.</summary>
    public UserArea Users { get; }

    /// <summary>The cluster's id, its brokers and who takes calls for the controller.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<ClusterDescription> DescribeClusterAsync(CancellationToken cancel = default) =>
        RunAsync(0, static (machine, turn, _) => ClusterAdmin.Describe(machine, turn), cancel);

    /// <summary>The same, and more of it (from 2.8 on).</summary>
    /// <param name="withFenced">Fenced brokers too (from 4.0 on).</param>
    /// <param name="withOperations">Tells also what one may do with the cluster.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<ClusterDescription> DescribeClusterAsync(
        bool withFenced, bool withOperations = false, CancellationToken cancel = default) =>
        RunAsync(
            (withFenced, withOperations),
            static (machine, turn, s) => ClusterAdmin.Describe(machine, turn, s.withFenced, s.withOperations), cancel);

    /// <summary>Forgets a broker that is gone for good: a running one is refused nothing and comes back.</summary>
    /// <exception cref="MoldauException">It was not forgotten: <c>BROKER_ID_NOT_REGISTERED</c>.</exception>
    public Task UnregisterBrokerAsync(int brokerId, CancellationToken cancel = default) =>
        RequireAsync(brokerId, static (machine, turn, b) => ClusterAdmin.UnregisterBroker(machine, turn, b), cancel);

    /// <summary>Forgets a controller that is gone for good and has no vote.</summary>
    /// <exception cref="MoldauException">It was not forgotten.</exception>
    public Task UnregisterControllerAsync(int controllerId, CancellationToken cancel = default) =>
        RequireAsync(controllerId, static (machine, turn, c) => ClusterAdmin.UnregisterController(machine, turn, c), cancel);

    /// <summary>All topics by name, internal ones included.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyList<TopicInfo>> ListTopicsAsync(CancellationToken cancel = default) =>
        RunAsync(0, static (machine, turn, _) => TopicAdmin.List(machine, turn), cancel);

    /// <summary>The named topics: each with its metadata or with why there is none. Nothing is created by asking.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<TopicInfo>>> DescribeTopicsAsync(
        IReadOnlyCollection<string> names, CancellationToken cancel = default) =>
        RunAsync(
            names.Distinct(StringComparer.Ordinal).ToArray(),
            static (machine, turn, n) => TopicAdmin.Describe(machine, turn, n), cancel);

    /// <summary>Topics by their ids (from 2.8 on).</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<Uuid, Outcome<TopicInfo>>> DescribeTopicsAsync(
        IReadOnlyCollection<Uuid> ids, CancellationToken cancel = default) =>
        RunAsync(ids.Distinct().ToArray(), static (machine, turn, i) => TopicAdmin.DescribeById(machine, turn, i), cancel);

    /// <summary>A page of topics with the replicas that may lead after a loss (from 3.8 on).</summary>
    /// <param name="names">The topics; empty for all.</param>
    /// <param name="cursor">Where the page begins, as the page before says; null for the first.</param>
    /// <param name="partitionLimit">How many partitions it has at most.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<TopicPage> DescribeTopicPartitionsAsync(
        IReadOnlyCollection<string> names, TopicCursor? cursor = null, int partitionLimit = 2000, CancellationToken cancel = default) =>
        RunAsync(
            (Names: names.ToArray(), cursor, partitionLimit),
            static (machine, turn, s) => TopicPageAdmin.Describe(machine, turn, s.Names, s.cursor, s.partitionLimit), cancel);

    /// <summary>Makes topics; the result names for each why it was not made, or null.</summary>
    /// <param name="topics">The topics to make.</param>
    /// <param name="validateOnly">Only says whether they could be made.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> CreateTopicsAsync(
        IReadOnlyCollection<NewTopic> topics, bool validateOnly = false, CancellationToken cancel = default) =>
        RunAsync(
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
        RunAsync(
            names.ToArray(), static (machine, turn, n) => TopicAdmin.Delete(machine, turn, n), cancel);

    /// <summary>Deletes topics by their ids (from 2.8 on); the result names for each why it was not deleted, or null.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<Uuid, ClientError?>> DeleteTopicsAsync(
        IReadOnlyCollection<Uuid> ids, CancellationToken cancel = default) =>
        RunAsync(ids.ToArray(), static (machine, turn, i) => TopicAdmin.DeleteById(machine, turn, i), cancel);

    /// <summary>Raises topics to these numbers of partitions.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> CreatePartitionsAsync(
        IReadOnlyDictionary<string, int> counts, bool validateOnly = false, CancellationToken cancel = default) =>
        CreatePartitionsAsync(counts.ToDictionary(c => c.Key, c => new NewPartitions(c.Value)), validateOnly, cancel);

    /// <summary>Raises topics to these numbers of partitions, and may say where the new ones go.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> CreatePartitionsAsync(
        IReadOnlyDictionary<string, NewPartitions> counts, bool validateOnly = false, CancellationToken cancel = default) =>
        RunAsync(
            (counts, validateOnly),
            static (machine, turn, s) => TopicAdmin.Grow(machine, turn, s.counts, s.validateOnly), cancel);

    /// <summary>Deletes the records below these offsets (−1: all); the result is each partition's new first
    /// offset.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, Outcome<long>>> DeleteRecordsAsync(
        IReadOnlyDictionary<TopicPartition, long> before, CancellationToken cancel = default) =>
        RunAsync(before, static (machine, turn, b) => TopicAdmin.DeleteRecords(machine, turn, b), cancel);

    /// <summary>The offset at an end of each partition, or of the first record that is not older than a time.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, Outcome<FoundOffset>>> ListOffsetsAsync(
        IReadOnlyDictionary<TopicPartition, OffsetSpec> specs,
        IsolationLevel isolation = IsolationLevel.ReadUncommitted,
        CancellationToken cancel = default) =>
        RunAsync(
            (specs, isolation), static (machine, turn, s) => OffsetAdmin.List(machine, turn, s.specs, s.isolation), cancel);

    /// <summary>The configuration of a topic, a broker, its loggers, a group or client metrics, in the order of the
    /// names.</summary>
    /// <exception cref="MoldauException">There is no such thing, or the broker refused.</exception>
    public Task<IReadOnlyList<ConfigValue>> DescribeConfigAsync(ConfigResource resource, CancellationToken cancel = default) =>
        RunAsync(resource, static (machine, turn, r) => ConfigAdmin.Describe(machine, turn, r), cancel);

    /// <summary>The configurations of several things, each with its properties or with why there are none.</summary>
    /// <param name="resources">The things.</param>
    /// <param name="withSynonyms">Tells also where each value could come from.</param>
    /// <param name="withDocumentation">Tells also what each property does (from 2.6 on).</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<ConfigResource, Outcome<IReadOnlyList<ConfigValue>>>> DescribeConfigsAsync(
        IReadOnlyCollection<ConfigResource> resources,
        bool withSynonyms = false,
        bool withDocumentation = false,
        CancellationToken cancel = default) =>
        RunAsync(
            (Resources: resources.ToArray(), withSynonyms, withDocumentation),
            static (machine, turn, s) => AdminParts.Each(s.Resources, turn, (resource, now) =>
                ConfigAdmin.Describe(machine, now, resource, s.withSynonyms, s.withDocumentation)),
            cancel);

    /// <summary>Changes some properties of a topic, a broker or a group. Brokers before 2.3 can only replace all properties:
    /// what is there is asked for first, and what others change at the same moment may be lost.</summary>
    /// <exception cref="MoldauException">Nothing was changed; the text says which property is wrong.</exception>
    public Task ChangeConfigAsync(
        ConfigResource resource,
        IReadOnlyCollection<ConfigChange> changes,
        bool validateOnly = false,
        CancellationToken cancel = default) =>
        RequireAsync(
            (resource, Changes: changes.ToArray(), validateOnly),
            static (machine, turn, s) => ConfigAdmin.Change(machine, turn, s.resource, s.Changes, s.validateOnly), cancel);

    /// <summary>Everything of these kinds that has a configuration of its own; of all kinds where none is named (from 4.1
    /// on; client metrics alone from 3.7 on).</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyList<ConfigResource>> ListConfigResourcesAsync(
        IReadOnlyCollection<ConfigResourceKind>? kinds = null, CancellationToken cancel = default) =>
        RunAsync(kinds?.ToArray() ?? [], static (machine, turn, k) => ConfigAdmin.List(machine, turn, k), cancel);

    /// <summary>All groups of all brokers, by id.</summary>
    /// <exception cref="MoldauException">A broker cannot be reached, or it refused.</exception>
    public Task<IReadOnlyList<GroupListing>> ListGroupsAsync(CancellationToken cancel = default) =>
        ListGroupsAsync(new GroupFilter(), cancel);

    /// <summary>The groups of all brokers that a filter meets, by id.</summary>
    /// <exception cref="MoldauException">A broker cannot be reached, or it refused; <c>UNSUPPORTED_VERSION</c> where it is too
    /// old for the filter.</exception>
    public Task<IReadOnlyList<GroupListing>> ListGroupsAsync(GroupFilter filter, CancellationToken cancel = default) =>
        RunAsync(filter, static (machine, turn, f) => GroupAdmin.List(machine, turn, f), cancel);

    /// <summary>A consumer group and its members; one that does not exist is described as dead.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<GroupDescription> DescribeGroupAsync(string groupId, CancellationToken cancel = default) =>
        RunAsync(groupId, static (machine, turn, g) => GroupAdmin.Describe(machine, turn, g), cancel);

    /// <summary>Several consumer groups, classic and new ones.</summary>
    /// <param name="groupIds">The groups.</param>
    /// <param name="withOperations">Tells also what one may do with each (from 2.3 on).</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<GroupDescription>>> DescribeGroupsAsync(
        IReadOnlyCollection<string> groupIds, bool withOperations = false, CancellationToken cancel = default) =>
        RunAsync(
            (Ids: groupIds.ToArray(), withOperations),
            static (machine, turn, s) => AdminParts.Each(
                s.Ids, turn, (id, now) => GroupAdmin.Describe(machine, now, id, s.withOperations)),
            cancel);

    /// <summary>Classic groups of any protocol type; one of another type, or none, is described as dead.</summary>
    /// <param name="groupIds">The groups.</param>
    /// <param name="withOperations">Tells also what one may do with each (from 2.3 on).</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<GroupDescription>>> DescribeClassicGroupsAsync(
        IReadOnlyCollection<string> groupIds, bool withOperations = false, CancellationToken cancel = default) =>
        RunAsync(
            (Ids: groupIds.ToArray(), withOperations),
            static (machine, turn, s) => AdminParts.Each(
                s.Ids, turn, (id, now) => GroupAdmin.DescribeClassic(machine, now, id, s.withOperations)),
            cancel);

    /// <summary>Puts members out of a classic group (from 2.4 on); the result names for each why it is still there, or
    /// null.</summary>
    /// <param name="groupId">The group.</param>
    /// <param name="members">Null for all.</param>
    /// <param name="reason">For the coordinator's log.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public async Task<IReadOnlyDictionary<GroupMemberName, ClientError?>> RemoveGroupMembersAsync(
        string groupId,
        IReadOnlyCollection<GroupMemberName>? members = null,
        string reason = "removed by an administrator",
        CancellationToken cancel = default)
    {
        members ??= [.. (await DescribeGroupAsync(groupId, cancel).ConfigureAwait(false)).Members
            .Select(m => m.InstanceId is { } instance ? new GroupMemberName(null, instance) : new GroupMemberName(m.MemberId, null))];
        return await RunAsync(
            (groupId, Members: members.ToArray(), reason),
            static (machine, turn, s) => GroupAdmin.RemoveMembers(machine, turn, s.groupId, s.Members, s.reason),
            cancel).ConfigureAwait(false);
    }

    /// <summary>Deletes a group of any type that has no members.</summary>
    /// <exception cref="MoldauException">It was not deleted: <c>NON_EMPTY_GROUP</c>, <c>GROUP_ID_NOT_FOUND</c>.</exception>
    public Task DeleteGroupAsync(string groupId, CancellationToken cancel = default) =>
        RequireAsync(groupId, static (machine, turn, g) => GroupAdmin.Delete(machine, turn, g), cancel);

    /// <summary>All committed offsets of a group.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, CommittedOffset>> ListGroupOffsetsAsync(
        string groupId, CancellationToken cancel = default) =>
        RunAsync(groupId, static (machine, turn, g) => GroupAdmin.Offsets(machine, turn, g), cancel);

    /// <summary>Sets offsets of a group that nobody reads with; the result names for each partition what went
    /// wrong.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, ErrorCode>> SetGroupOffsetsAsync(
        string groupId, IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancel = default) =>
        RunAsync(
            (groupId, offsets), static (machine, turn, s) => GroupAdmin.SetOffsets(machine, turn, s.groupId, s.offsets), cancel);

    /// <summary>Forgets a group's offsets of partitions that none of its members reads.</summary>
    /// <exception cref="MoldauException">The coordinator cannot be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, ErrorCode>> DeleteGroupOffsetsAsync(
        string groupId, IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel = default) =>
        RunAsync(
            (groupId, partitions),
            static (machine, turn, s) => GroupAdmin.DeleteOffsets(machine, turn, s.groupId, s.partitions), cancel);
}
