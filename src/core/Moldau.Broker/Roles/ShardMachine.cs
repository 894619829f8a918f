using Moldau.Base;
using Moldau.Config;
using Moldau.Coordination;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>One shard of a node: the connections it accepted, the partitions whose id maps to it, and the group
/// coordinators of its <c>__consumer_offsets</c> partitions. Owner: its reactor's thread. Its image may be older or newer
/// than another shard's.</summary>
internal sealed class ShardMachine : Machine
{
    private readonly ApiRouter<ShardMachine> _router;
    private readonly HashSet<string> _creating = new(StringComparer.Ordinal);
    private bool _isStopping;

    public ShardMachine(int index, NodeOptions options, BufferPool pool, Prng prng)
        : base(MachineId.Shard(index), options, pool, prng)
    {
        Map = new ShardMap(options.ShardCount);
        Log = new NodeLog(options.Log);
        Metrics = new ShardMetrics();
        Dynamic = new DynamicConfig(options.StaticProperties, options.Config) { Veto = options.ConfigVeto };
        GroupOptions = GroupOptionsOf(options.Config);
        Sessions = new FetchSessionCache(
            FetchSessionCache.SlotsOf(options.Config.MaxIncrementalFetchSessionCacheSlots, options.ShardCount),
            index, options.ShardCount, prng.Fork());
        Fetches = new FetchDesk(this);
        Replicas = new ReplicaSet(this);
        Coordinators = new CoordinatorSet(this);
        ProducerIds = new ProducerIdBlocks(this);
        ProduceTimeouts = new ProduceTimeouts(this);
        _router = BrokerApis.Create(options.Config.UnstableApiVersionsEnable);
    }

    public ShardMap Map { get; }

    public NodeLog Log { get; }

    public ShardMetrics Metrics { get; }

    /// <summary>The newest metadata that has reached this shard.</summary>
    public MetadataImage Image { get; private set; } = MetadataImage.Empty;

    /// <summary>Static configuration with what administrators changed; this shard's own copy.</summary>
    public DynamicConfig Dynamic { get; }

    public GroupOptions GroupOptions { get; private set; }

    public FetchSessionCache Sessions { get; }

    public FetchDesk Fetches { get; }

    public ReplicaSet Replicas { get; }

    public CoordinatorSet Coordinators { get; }

    public ProducerIdBlocks ProducerIds { get; }

    public ProduceTimeouts ProduceTimeouts { get; }

    protected override ApiRouter Router => _router;

    /// <summary>Finds the partition that a fetch names, or what the client is told instead.</summary>
    public ErrorCode ResolveForFetch(in FetchKey key, out TopicIdPartition partition)
    {
        partition = default;
        TopicImage? topic = key.Topic is null ? Image.Topics.Find(key.TopicId) : Image.Topics.Find(key.Topic);
        if (topic is null) return key.Topic is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
        if (topic.Partition(key.Partition) is null) return ErrorCode.UnknownTopicOrPartition;
        partition = new TopicIdPartition(topic.Id, key.Partition);
        return ErrorCode.None;
    }

    /// <summary>auto.create.topics.enable</summary>
    public bool MayAutoCreate => Dynamic.Current.AutoCreateTopicsEnable;

    /// <summary>Asks the controller for topics that clients want; the answer comes as metadata.</summary>
    public void AutoCreate(IReadOnlyList<string> names)
    {
        CreateTopicsRequest request = new() { TimeoutMs = Dynamic.Current.RequestTimeoutMs };
        foreach (string name in names)
            if (_creating.Add(name)) request.Topics.Add(AutoCreatedTopics.Describe(name, Dynamic.Current));
        if (request.Topics.Count == 0) return;
        CallController(request, 7, answer =>
        {
            foreach (CreateTopicsResponse.CreatableTopicResult result in ((CreateTopicsResponse)answer).Topics)
            {
                _creating.Remove(result.Name);
                if ((ErrorCode)result.ErrorCode is not (ErrorCode.None or ErrorCode.TopicAlreadyExists))
                    Log.Warn($"topic {result.Name} could not be created: {result.ErrorMessage}");
            }
        });
    }

    /// <summary>Has a group's coordinator do some work; the answer comes back to this shard.</summary>
    public void CallCoordinator<TAnswer>(
        string groupId,
        Action<GroupShard, Action<TAnswer>> work,
        Func<ErrorCode, TAnswer> unavailable,
        Action<TAnswer> done)
    {
        TopicImage? topic = Image.Topics.Find(InternalTopics.ConsumerOffsets);
        if (topic is null)
        {
            done(unavailable(ErrorCode.NotCoordinator));
            return;
        }

        int partition = JavaHash.PartitionFor(groupId, topic.Partitions.Length);
        Call(Map.OwnerOf(topic.Id, partition), new GroupCall<TAnswer>(partition, work, unavailable, done));
    }

    /// <summary>Forwards a request of this broker, or of a client, to the controller.</summary>
    public void CallController<TRequest>(TRequest request, short version, Action<IMessage> done, string listenerName = "")
        where TRequest : class, IRequest =>
        Call(MachineId.Control, new ControllerCall(TRequest.ApiKey, request, version, listenerName, done));

    /// <summary>The partitions of <c>__consumer_offsets</c> that this node leads, with their owners.</summary>
    public IEnumerable<(int Partition, MachineId Owner)> CoordinatorPartitions()
    {
        TopicImage? topic = Image.Topics.Find(InternalTopics.ConsumerOffsets);
        if (topic is null) yield break;
        for (int i = 0; i < topic.Partitions.Length; i++)
            if (topic.Partitions[i].Leader == Options.NodeId) yield return (i, Map.OwnerOf(topic.Id, i));
    }

    public LeaderAndEpoch LeaderOf(TopicIdPartition partition) =>
        Image.Topics.Partition(partition) is { } state ? new(state.Leader, state.LeaderEpoch) : LeaderAndEpoch.None;

    /// <summary>Live brokers as clients of a listener reach them.</summary>
    public LeaderEndpoint[] BrokerEndpoints(string listenerName)
    {
        List<LeaderEndpoint> endpoints = [];
        foreach ((int id, BrokerRegistration broker) in Image.Cluster.Brokers)
            if (!broker.IsFenced && broker.Listener(listenerName) is { } listener)
                endpoints.Add(new(id, listener.Host, listener.Port, broker.Rack));
        return [.. endpoints];
    }

    public void CountFetched(FetchTarget target, in FetchResult result)
    {
        Errors.Of(ApiKey.Fetch).Count((short)result.Error);
        Metrics.AllTopics.Fetched(result);
        target.Counts ??= TopicOf(target.Key) is { } name ? Metrics.Topic(name) : null;
        target.Counts?.Fetched(result);
    }

    /// <summary>Ends a fetch session, whoever is its home.</summary>
    public void EndFetchSession(int id)
    {
        MachineId home = FetchSessionCache.HomeOf(id, Options.ShardCount);
        if (home == Id) Sessions.Remove(id)?.Close(this);
        else Post(home, new FetchSessionEnded(id));
    }

    public void CountProduced(ProduceOperation operation)
    {
        IErrorCounter errors = Errors.Of(ApiKey.Produce);
        foreach (ProduceOperation.Topic topic in operation.Topics)
        {
            // A name that is no topic's must not make a series of its own.
            if (!Metrics.TryGetTopic(topic.Name, out TopicCounts? counts) && Image.Topics.Find(topic.Name) is not null)
                counts = Metrics.Topic(topic.Name);
            foreach (ProduceCall.Entry entry in topic.Partitions)
            {
                errors.Count((short)entry.Error);
                Metrics.AllTopics.Produced(entry);
                counts?.Produced(entry);
            }
        }
    }

    protected override void Dispatch(RequestContext request)
    {
        Metrics.RequestBegun(request);
        _router.Handle(request, this);
    }

    protected override void OnStart()
    {
        Replicas.Start();
        After(Duration.FromSeconds(1), new TimedCall(_ => PublishGauges()));
    }

    protected override void EndTurn() => Fetches.EndTurn();

    protected override void OnStopRequested()
    {
        // The control machine stops the node in order; it tells the shards when.
    }

    protected override void OnDiskDone(DiskOp op)
    {
        if (op.Owner is PartitionLog log) Replicas.OnDiskDone(log, op);
        else ((Action<DiskOp>)op.Owner!)(op); // every other operation carries its own continuation
    }

    protected override void OnNotice(object message)
    {
        switch (message)
        {
            case ImagePublished published:
                OnImage(published);
                break;
            case KRaftVersionKnown known:
                KRaftVersion = known.Level;
                break;
            case FetchFlush flush:
                Fetches.Flush(flush);
                break;
            case FetchProgress progress:
                progress.Operation.OnProgress(progress.Owner, progress.Bytes);
                break;
            case WatchesClosed closed:
                Fetches.Close(closed);
                break;
            case FetchSessionEnded ended:
                EndFetchSession(ended.Id);
                break;
            case FoldersFree free:
                Replicas.OnFoldersFree(free);
                break;
            case CheckpointsCleared cleared:
                Replicas.OnCheckpointsCleared(cleared);
                break;
            case DirectoryFailed failed:
                Replicas.FailDirectory(failed);
                break;
            case StopShard:
                if (_isStopping) break;
                _isStopping = true;
                Replicas.CloseAll(() =>
                {
                    Post(MachineId.Control, new ShardStopped(Id, Replicas.Checkpoints()));
                    Emit(NodeEffect.Stopped);
                });
                break;
            default:
                Verify.Fail($"{Id} does not know {message.GetType().Name}");
                break;
        }
    }

    private void OnImage(ImagePublished published)
    {
        Image = published.Image;
        if (published.Delta is null || published.Delta.ChangedConfigs.Any(r => r.Type == ConfigResourceType.Broker))
        {
            Dynamic.Apply(Image.Configs.Of(ConfigResource.ClusterDefault), Image.Configs.Of(Options.BrokerResource), []);
            GroupOptions = GroupOptionsOf(Dynamic.Current);
            Coordinators.SetOptions(GroupOptions);
        }

        Replicas.OnImage(published);
        if (published.Delta is not null) Coordinators.TopicsDeleted(published.Delta.DeletedTopics);
    }

    private void PublishGauges()
    {
        if (_isStopping) return;
        Metrics.Publish(ShardGauges.Of(this));
        After(Duration.FromSeconds(1), new TimedCall(_ => PublishGauges()));
    }

    private string? TopicOf(in FetchKey key) =>
        (key.Topic is null ? Image.Topics.Find(key.TopicId) : Image.Topics.Find(key.Topic))?.Name;

    private static GroupOptions GroupOptionsOf(BrokerConfig config) => new()
    {
        MinSessionTimeoutMs = config.GroupMinSessionTimeoutMs,
        MaxSessionTimeoutMs = config.GroupMaxSessionTimeoutMs,
        InitialRebalanceDelayMs = config.GroupInitialRebalanceDelayMs,
        MaxSize = config.GroupMaxSize,
        CommitTimeoutMs = config.OffsetsCommitTimeoutMs,
        OffsetMetadataMaxBytes = config.OffsetMetadataMaxBytes,
        OffsetsRetentionMs = config.OffsetsRetentionMinutes * 60_000L,
        OffsetsRetentionCheckIntervalMs = config.OffsetsRetentionCheckIntervalMs,
    };
}
