using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>A member of a classic group: joins, shares the partitions out if it leads, reads on from the committed
/// offsets, commits what it has read, and checks that no commit is ever forgotten.</summary>
internal sealed class SimGroupMember : SimAsker
{
    private const string Group = "group";
    private const int SessionMs = 6_000;

    private enum Stage
    {
        Finding,
        Joining,
        Syncing,
        FetchingOffsets,
        Consuming,
    }

    private readonly RecordHistory _history;
    private readonly IReadOnlyList<TopicPartition> _all;
    private readonly FetchLoop _fetch;
    private readonly SortedDictionary<TopicPartition, long> _committed = [];
    private Stage _stage;
    private string _memberId = "";
    private int _generation = -1;
    private List<JoinGroupResponse.JoinGroupResponseMember> _members = [];
    private string _leader = "";
    private List<TopicPartition> _assigned = [];
    private long _lastHeartbeatNs;
    private Stage _found = Stage.Joining;
    private ErrorCode _lastError;
    private readonly bool _sharesBadly;
    private bool _isStopping;

    /// <param name="sharesBadly">Planted: as leader it gives the first partition to everybody.</param>
    public SimGroupMember(
        SimWorld world, SimNode node, RecordHistory history, IReadOnlyList<TopicPartition> partitions, int number, bool sharesBadly)
        : base(world, node, $"member-{number}")
    {
        (_history, _all, _sharesBadly) = (history, partitions, sharesBadly);
        _fetch = new FetchLoop(world, history, Name, (partition, offset, value) =>
        {
            history.Saw(partition, offset, value.Span);
            return true;
        });
    }

    /// <summary>It is a member, owns its share and has committed since the end of the faults.</summary>
    public bool IsSettled { get; private set; }

    public string Unsettled => $"{Name} is {_stage} in generation {_generation} with {_assigned.Count} partitions, last error {_lastError}";

    public int Rebalances { get; private set; }

    public void Finish() => _isStopping = true;

    protected override void OnTurn()
    {
        if (IsBusy) return;
        switch (_stage)
        {
            case Stage.Finding: Find(); break;
            case Stage.Joining: Join(); break;
            case Stage.Syncing: Sync(); break;
            case Stage.FetchingOffsets: FetchOffsets(); break;
            default: Consume(); break;
        }
    }

    private void Find()
    {
        FindCoordinatorRequest request = new() { KeyType = 0 };
        request.CoordinatorKeys.Add(Group);
        Ask<FindCoordinatorRequest, FindCoordinatorResponse>(request, 4, response =>
        {
            ErrorCode error = (ErrorCode)response.Coordinators[0].ErrorCode;
            if (error == ErrorCode.None) _stage = _generation < 0 ? Stage.Joining : _found;
            else if (!IsPassing(error)) Unexpected("FindCoordinator", error);
            _lastError = error;
            LaterMs(100);
        });
    }

    private void Join()
    {
        ConsumerProtocolSubscription subscription = new();
        subscription.Topics.AddRange(_all.Select(p => p.Topic).Distinct());
        JoinGroupRequest request = new()
        {
            GroupId = Group,
            SessionTimeoutMs = SessionMs,
            RebalanceTimeoutMs = 5_000,
            MemberId = _memberId,
            ProtocolType = "consumer",
        };
        request.Protocols.Add(new() { Name = "range", Metadata = Versioned(subscription, 1) });
        Ask<JoinGroupRequest, JoinGroupResponse>(request, 7, response =>
        {
            ErrorCode error = (ErrorCode)response.ErrorCode;
            if (error == ErrorCode.MemberIdRequired)
            {
                _memberId = response.MemberId;
                Later(0);
            }
            else if (error == ErrorCode.None)
            {
                Rebalances++;
                (_memberId, _generation, _leader) = (response.MemberId, response.GenerationId, response.Leader);
                _members = response.Members;
                _stage = Stage.Syncing;
                Later(0);
            }
            else
            {
                Fall(error, "JoinGroup");
            }
        });
    }

    private void Sync()
    {
        SyncGroupRequest request = new()
        {
            GroupId = Group,
            GenerationId = _generation,
            MemberId = _memberId,
            ProtocolType = "consumer",
            ProtocolName = "range",
        };
        if (_leader == _memberId)
            for (int i = 0; i < _members.Count; i++)
                request.Assignments.Add(new() { MemberId = _members[i].MemberId, Assignment = Share(i, _members.Count) });
        Ask<SyncGroupRequest, SyncGroupResponse>(request, 5, response =>
        {
            ErrorCode error = (ErrorCode)response.ErrorCode;
            if (error != ErrorCode.None)
            {
                Fall(error, "SyncGroup");
                return;
            }

            KafkaReader reader = new(response.Assignment);
            short version = reader.ReadInt16();
            ConsumerProtocolAssignment assignment = ConsumerProtocolAssignment.Read(ref reader, version);
            if (reader.Failed) World.Fail($"{Name}: the assignment cannot be read");
            _assigned = [.. assignment.AssignedPartitions.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p)))];
            _stage = Stage.FetchingOffsets;
            Later(0);
        });
    }

    private byte[] Share(int index, int members)
    {
        ConsumerProtocolAssignment assignment = new();
        IEnumerable<TopicPartition> share = _all.Where((_, i) => i % members == index || (_sharesBadly && i == 0));
        foreach (IGrouping<string, TopicPartition> topic in share.GroupBy(p => p.Topic))
            assignment.AssignedPartitions.Add(new() { Topic = topic.Key, Partitions = [.. topic.Select(p => p.Partition)] });
        return Versioned(assignment, 1);
    }

    private void FetchOffsets()
    {
        OffsetFetchRequest.OffsetFetchRequestGroup group = new() { GroupId = Group, Topics = [] };
        foreach (IGrouping<string, TopicPartition> topic in _assigned.GroupBy(p => p.Topic))
            group.Topics.Add(new() { Name = topic.Key, PartitionIndexes = [.. topic.Select(p => p.Partition)] });
        OffsetFetchRequest request = new() { RequireStable = true };
        request.Groups.Add(group);
        // Whatever was acknowledged before this moment must be in the answer.
        Dictionary<TopicPartition, long> known = _assigned.ToDictionary(p => p, p => _history.CommittedOf(p));
        Ask<OffsetFetchRequest, OffsetFetchResponse>(request, 8, response =>
        {
            OffsetFetchResponse.OffsetFetchResponseGroup answer = response.Groups[0];
            if (answer.ErrorCode != 0)
            {
                Fall((ErrorCode)answer.ErrorCode, "OffsetFetch");
                return;
            }

            _committed.Clear();
            foreach (OffsetFetchResponse.OffsetFetchResponseTopics topic in answer.Topics)
                foreach (OffsetFetchResponse.OffsetFetchResponsePartitions p in topic.Partitions)
                {
                    TopicPartition partition = new(topic.Name, p.PartitionIndex);
                    if (p.CommittedOffset < known.GetValueOrDefault(partition, -1))
                        World.Fail($"[G2] {partition}: offset {known[partition]} was committed, {p.CommittedOffset} is what the group has");
                    _committed[partition] = Math.Max(p.CommittedOffset, 0);
                }

            _fetch.Assign(_committed.Select(p => (p.Key, p.Value)));
            _stage = Stage.Consuming;
            Later(0);
        });
    }

    private void Consume()
    {
        if (World.Clock.NowNs - _lastHeartbeatNs > 1_000_000_000) Heartbeat();
        else if (_generation > 1 && !_history.MayForgetCommits && Prng.Chance(0.03)) CommitStale();
        else if (_fetch.Positions.Any(p => p.Value > _committed[p.Key]) || (_isStopping && !IsSettled)) Commit();
        else if (_assigned.Count == 0) LaterMs(500);
        else Fetch();
    }

    private void Fetch() =>
        Ask<FetchRequest, FetchResponse>(_fetch.Request(300, 1 << 20), 12, response =>
        {
            _fetch.Take(response, IsPassing);
            LaterMs(100);
        });

    private void Heartbeat()
    {
        HeartbeatRequest request = new() { GroupId = Group, GenerationId = _generation, MemberId = _memberId };
        Ask<HeartbeatRequest, HeartbeatResponse>(request, 4, response =>
        {
            ErrorCode error = (ErrorCode)response.ErrorCode;
            if (error == ErrorCode.None)
            {
                _lastHeartbeatNs = World.Clock.NowNs;
                Later(0);
            }
            else
            {
                Fall(error, "Heartbeat");
            }
        });
    }

    private void Commit()
    {
        OffsetCommitRequest request = new() { GroupId = Group, GenerationIdOrMemberEpoch = _generation, MemberId = _memberId };
        SortedDictionary<TopicPartition, long> wanted = new(_fetch.Positions.ToDictionary());
        foreach (IGrouping<string, KeyValuePair<TopicPartition, long>> topic in wanted.GroupBy(p => p.Key.Topic))
        {
            OffsetCommitRequest.OffsetCommitRequestTopic entry = new() { Name = topic.Key };
            foreach ((TopicPartition partition, long offset) in topic)
                entry.Partitions.Add(new() { PartitionIndex = partition.Partition, CommittedOffset = offset, CommittedMetadata = "" });
            request.Topics.Add(entry);
        }

        Ask<OffsetCommitRequest, OffsetCommitResponse>(request, 8, response =>
        {
            ErrorCode worst = ErrorCode.None;
            foreach (OffsetCommitResponse.OffsetCommitResponseTopic topic in response.Topics)
                foreach (OffsetCommitResponse.OffsetCommitResponsePartition p in topic.Partitions)
                {
                    TopicPartition partition = new(topic.Name, p.PartitionIndex);
                    if (p.ErrorCode != 0)
                    {
                        worst = (ErrorCode)p.ErrorCode;
                        continue;
                    }

                    _committed[partition] = wanted[partition];
                    _history.Committed(partition, wanted[partition]);
                }

            if (worst != ErrorCode.None)
            {
                Fall(worst, "OffsetCommit");
                return;
            }

            IsSettled = _isStopping;
            LaterMs(50);
        });
    }

    /// <summary>G3: what a member of the generation before commits is refused.</summary>
    private void CommitStale()
    {
        OffsetCommitRequest request = new() { GroupId = Group, GenerationIdOrMemberEpoch = _generation - 1, MemberId = _memberId };
        OffsetCommitRequest.OffsetCommitRequestTopic entry = new() { Name = _all[0].Topic };
        entry.Partitions.Add(new() { PartitionIndex = _all[0].Partition, CommittedOffset = 0, CommittedMetadata = "" });
        request.Topics.Add(entry);
        Ask<OffsetCommitRequest, OffsetCommitResponse>(request, 8, response =>
        {
            ErrorCode error = (ErrorCode)response.Topics[0].Partitions[0].ErrorCode;
            if (error == ErrorCode.None) World.Fail($"[G3] {Name} is in generation {_generation}, a commit of the one before was accepted");
            else if (error == ErrorCode.IllegalGeneration) World.Coverage.Hit(SimMark.StaleCommitRefused);
            else if (error is not (ErrorCode.UnknownMemberId or ErrorCode.RebalanceInProgress) && !IsPassing(error))
                Unexpected("OffsetCommit", error);
            LaterMs(50);
        });
    }

    /// <summary>What a consumer does with an error of its coordinator: wait, join again, or start as a new member.</summary>
    private void Fall(ErrorCode error, string what)
    {
        _lastError = error;
        switch (error)
        {
            case ErrorCode.UnknownMemberId:
                _memberId = "";
                _stage = Stage.Joining;
                break;
            case ErrorCode.RebalanceInProgress or ErrorCode.IllegalGeneration:
                _stage = Stage.Joining;
                break;
            case ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable:
                _found = _stage;
                _stage = Stage.Finding;
                break;
            default:
                if (!IsPassing(error)) Unexpected(what, error);
                break;
        }

        LaterMs(100);
    }

    private static byte[] Versioned(IMessage message, short version) =>
        [(byte)(version >> 8), (byte)version, .. KafkaWriter.ToArray(message, version)];
}
