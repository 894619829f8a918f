using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Keeps the <see cref="ClusterView"/> fresh: asks when something turned out stale, when a topic is wanted that
/// is not there, and after <see cref="ClientSettings.MetadataMaxAge"/>; begins again at the bootstrap servers when no
/// known broker can be reached for long.</summary>
internal sealed class MetadataKeeper
{
    /// <summary>Version 0 cannot ask for no topic at all.</summary>
    private const short OldestUsed = 1;

    private const short FirstAutoCreateChoice = 4;

    private readonly ClientSettings _settings;
    private readonly ClientMachine _machine;
    private readonly Prng _prng;

    /// <summary>Topics somebody works with, by how many.</summary>
    private readonly Dictionary<string, int> _wanted = new(StringComparer.Ordinal);

    private readonly HashSet<string> _mayCreate = new(StringComparer.Ordinal);
    private bool _isAsking;
    private bool _isStale = true;
    private bool _usesBootstrap = true;
    private int _attempts;
    private int _wantsAll;
    private Instant _nextAllowed = new(0, 0);
    private Instant _expires = Instant.Never;
    private Instant _lastSuccess;
    private bool _hasStarted;

    /// <summary>The bootstrap servers, with ids below −1, so that they are never mistaken for brokers.</summary>
    private readonly BrokerInfo[] _bootstrap;

    public MetadataKeeper(ClientSettings settings, ClientMachine machine, Prng prng)
    {
        (_settings, _machine, _prng) = (settings, machine, prng);
        _bootstrap = new BrokerInfo[settings.BootstrapServers.Count];
        for (int i = 0; i < _bootstrap.Length; i++) _bootstrap[i] = new BrokerInfo(-2 - i, settings.BootstrapServers[i], null);
    }

    public ClusterView View { get; private set; } = ClusterView.Empty;

    /// <summary>Raised with each new view.</summary>
    public int Generation { get; private set; }

    /// <summary>Why the last attempt failed; null after one that did not.</summary>
    public ClientError? LastError { get; private set; }

    public Instant NextDeadline
    {
        get
        {
            if (_isAsking || !_hasStarted) return Instant.Never;
            return _isStale ? _nextAllowed : _expires;
        }
    }

    /// <summary>Works with a topic from now on. Its metadata comes with the next answer.</summary>
    public void Want(string topic, bool mayCreate, ClientTurn turn)
    {
        _wanted[topic] = _wanted.GetValueOrDefault(topic) + 1;
        if (mayCreate) _mayCreate.Add(topic);
        if (!View.Topics.ContainsKey(topic)) Refresh(turn);
    }

    public void Unwant(string topic)
    {
        int users = _wanted.GetValueOrDefault(topic) - 1;
        if (users > 0)
        {
            _wanted[topic] = users;
            return;
        }

        _wanted.Remove(topic);
        _mayCreate.Remove(topic);
    }

    /// <summary>Learns about all topics of the cluster, for subscriptions by pattern.</summary>
    public void WantAll(ClientTurn turn)
    {
        _wantsAll++;
        Refresh(turn);
    }

    public void UnwantAll() => _wantsAll--;

    /// <summary>What is known may be wrong: ask as soon as the backoff allows.</summary>
    public void Refresh(ClientTurn turn)
    {
        _isStale = true;
        if (!_hasStarted)
        {
            _hasStarted = true;
            _lastSuccess = turn.Now;
        }
    }

    /// <summary>Forgets the brokers and begins again at the bootstrap servers (KIP-1102).</summary>
    public void Rebootstrap(ClientTurn turn)
    {
        _usesBootstrap = true;
        _lastSuccess = turn.Now;
        Refresh(turn);
    }

    public void OnTurn(ClientTurn turn)
    {
        if (!_hasStarted || _isAsking) return;
        if (_expires <= turn.Now) _isStale = true;
        if (!_isStale || _nextAllowed > turn.Now) return;
        if (!_usesBootstrap && _lastSuccess + _settings.RebootstrapAfter <= turn.Now) Rebootstrap(turn);
        Ask(turn);
    }

    /// <summary>A broker for a call that any can answer: one that is ready and has little to do, else one that did not
    /// fail lately, else none yet.</summary>
    public bool TryPickBroker(int lane, Instant now, out int brokerId, out BrokerAddress address)
    {
        BrokerInfo[] known = _usesBootstrap || View.InOrder.Length == 0 ? _bootstrap : View.InOrder;
        int first = known.Length == 0 ? 0 : _prng.Next(known.Length);
        int best = -1;
        int bestRank = int.MaxValue;
        for (int i = 0; i < known.Length; i++)
        {
            int id = known[(first + i) % known.Length].Id;
            if (!_machine.Links.IsUsable(id, lane, now)) continue;
            int rank = _machine.Links.Load(id, lane) + (_machine.Links.IsReady(id, lane) ? 0 : 1 << 16);
            if (rank >= bestRank) continue;
            (best, bestRank) = ((first + i) % known.Length, rank);
        }

        // All failed lately: wait on one of them, which opens again when its backoff is over.
        if (best < 0 && known.Length > 0) best = first;
        (brokerId, address) = best < 0 ? (-1, default) : (known[best].Id, known[best].Address);
        return best >= 0;
    }

    private void Ask(ClientTurn turn)
    {
        _isAsking = true;
        _isStale = false;
        _attempts++;
        string[] topics = [.. _wanted.Keys];
        Array.Sort(topics, StringComparer.Ordinal);
        bool mayCreate = topics.Any(_mayCreate.Contains);
        bool isAll = _wantsAll > 0;
        ClientCall<MetadataRequest, MetadataResponse> call = new(
            CallTarget.Any,
            version => Request(isAll ? null : topics, mayCreate, version),
            (answer, now) => Take(answer, topics, now),
            Fail)
        {
            From = OldestUsed,
            Deadline = turn.Now + _settings.RequestTimeout,
        };
        _machine.Calls.Start(call, turn);
    }

    private static MetadataRequest Request(string[]? topics, bool mayCreate, short version)
    {
        MetadataRequest request = new() { AllowAutoTopicCreation = mayCreate || version < FirstAutoCreateChoice };
        request.Topics = topics is null
            ? null
            : [.. topics.Select(name => new MetadataRequest.MetadataRequestTopic { Name = name })];
        return request;
    }

    private void Fail(ClientError error, ClientTurn turn)
    {
        _isAsking = false;
        _isStale = true;
        LastError = error;
        Wait(turn);
        if (error.IsFinal) _machine.ShutOut(error, turn);
    }

    private CallOutcome Take(MetadataResponse answer, string[] asked, ClientTurn turn)
    {
        _isAsking = false;
        if (ErrorCodes.FromWire(answer.ErrorCode) == ErrorCode.RebootstrapRequired)
        {
            Rebootstrap(turn);
            Wait(turn);
            return CallOutcome.Done;
        }

        if (answer.Brokers.Count == 0)
        {
            Fail(new ClientError(ErrorCode.BrokerNotAvailable, "the cluster names no broker"), turn);
            return CallOutcome.Done;
        }

        LastError = null;
        _usesBootstrap = false;
        _lastSuccess = turn.Now;
        _expires = turn.Now + _settings.MetadataMaxAge;
        View = Merge(answer, out bool isComplete);
        Generation++;
        _machine.HasNews = true;

        // What was wanted while the question was under way is asked for next.
        bool isMissing = !isComplete || _wanted.Keys.Any(name => !asked.Contains(name));
        if (isMissing) _isStale = true;
        else if (!_isStale) _attempts = 0;
        if (_isStale) Wait(turn);
        return CallOutcome.Done;
    }

    private void Wait(ClientTurn turn) => _nextAllowed = turn.Now
        + Backoff.After(_attempts, _settings.RetryBackoff, _settings.RetryBackoffMax, _prng);

    private ClusterView Merge(MetadataResponse answer, out bool isComplete)
    {
        isComplete = true;
        Dictionary<string, TopicInfo> topics = new(StringComparer.Ordinal);
        Dictionary<string, ErrorCode> errors = new(StringComparer.Ordinal);
        foreach (MetadataResponse.MetadataResponseTopic topic in answer.Topics)
        {
            ErrorCode code = ErrorCodes.FromWire(topic.ErrorCode);
            if (code is not ErrorCode.None || topic.Name is null)
            {
                if (topic.Name is not null) errors[topic.Name] = code;
                if (code.IsRetriable()) isComplete = false;
                continue;
            }

            TopicInfo info = Info(topic, View.Topics.GetValueOrDefault(topic.Name));
            if (info.Partitions.IsEmpty)
            {
                // There is no such topic: nothing could be read of it or written to it.
                isComplete = false;
                continue;
            }

            topics[topic.Name] = info;
            if (info.Partitions.Any(p => p.LeaderId < 0)) isComplete = false;
        }

        return new ClusterView(answer.ClusterId, answer.ControllerId, Brokers(answer.Brokers), topics, errors);
    }

    /// <summary>In the order of their ids; of an id that is named twice the last one counts.</summary>
    private static BrokerInfo[] Brokers(List<MetadataResponse.MetadataResponseBroker> listed)
    {
        List<BrokerInfo> brokers = new(listed.Count);
        foreach (MetadataResponse.MetadataResponseBroker broker in listed)
        {
            int at = brokers.FindIndex(b => b.Id >= broker.NodeId);
            if (at < 0) at = brokers.Count;
            else if (brokers[at].Id == broker.NodeId) brokers.RemoveAt(at);
            brokers.Insert(at, new BrokerInfo(broker.NodeId, new BrokerAddress(broker.Host, broker.Port), broker.Rack));
        }

        return [.. brokers];
    }

    /// <summary>A topic as the answer tells of it.</summary>
    internal static TopicInfo Info(MetadataResponse.MetadataResponseTopic topic, TopicInfo? known = null)
    {
        if (known is not null && known.Id != topic.TopicId) known = null;
        var partitions = ImmutableArray.CreateBuilder<PartitionInfo>(topic.Partitions.Count);
        foreach (MetadataResponse.MetadataResponsePartition listed in topic.Partitions.OrderBy(p => p.PartitionIndex))
        {
            // A partition is looked up by its number as its place: where an answer leaves one out, the list ends.
            if (listed.PartitionIndex == partitions.Count - 1) continue;
            if (listed.PartitionIndex != partitions.Count) break;
            partitions.Add(Info(listed, partitions.Count < known?.Partitions.Length ? known.Partitions[partitions.Count] : null));
        }

        return new TopicInfo(topic.Name!, topic.TopicId, topic.IsInternal, partitions.DrainToImmutable());
    }

    private static PartitionInfo Info(MetadataResponse.MetadataResponsePartition listed, PartitionInfo? old)
    {
        // A broker that lags behind may still tell of the leader before: the higher epoch is the truth (KIP-320).
        if (old is not null && listed.LeaderEpoch >= 0 && old.LeaderEpoch > listed.LeaderEpoch) return old;
        bool hasLeader = ErrorCodes.FromWire(listed.ErrorCode) is ErrorCode.None or ErrorCode.ReplicaNotAvailable;
        return new PartitionInfo(
            listed.PartitionIndex, hasLeader ? listed.LeaderId : -1, listed.LeaderEpoch,
            [.. listed.ReplicaNodes], [.. listed.IsrNodes], [.. listed.OfflineReplicas]);
    }

    /// <summary>A leader that a broker named while it refused a request (KIP-951): used at once, where it is newer.</summary>
    public void NoteLeader(TopicPartition partition, int leaderId, int leaderEpoch, ClientTurn turn)
    {
        if (!View.Topics.TryGetValue(partition.Topic, out TopicInfo? topic)) return;
        if ((uint)partition.Partition >= (uint)topic.Partitions.Length) return;
        PartitionInfo old = topic.Partitions[partition.Partition];
        if (leaderId < 0 || leaderEpoch <= old.LeaderEpoch || !View.Brokers.ContainsKey(leaderId)) return;
        ImmutableArray<PartitionInfo> partitions = topic.Partitions.SetItem(
            partition.Partition, old with { LeaderId = leaderId, LeaderEpoch = leaderEpoch });
        Dictionary<string, TopicInfo> topics = new(View.Topics, StringComparer.Ordinal)
        {
            [topic.Name] = topic with { Partitions = partitions },
        };
        View = new ClusterView(View.ClusterId, View.ControllerId, View.InOrder, topics, View.TopicErrors);
        Generation++;
        _machine.HasNews = true;
        Refresh(turn);
    }
}
