using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>Keeps offsets in groups without members, of which it is the only user, and so knows exactly what they must be:
/// commits, fetches, OffsetDelete and DeleteGroups. Checks G2: an offset is the last one committed, until it is deleted.</summary>
internal sealed class SimCommitter(SimWorld world, SimNode node, IReadOnlyList<TopicPartition> partitions, Func<int> powerLosses)
    : SimAsker(world, node, "committer")
{
    private const int Groups = 3;

    private readonly OffsetModel _model = new();
    private readonly SortedSet<string> _found = new(StringComparer.Ordinal);
    private long _next;
    private int _seenLosses;
    private int _since;
    private bool _isStopping;

    /// <summary>It has changed and read offsets since the faults ended.</summary>
    public bool IsSettled => _isStopping && _since > 6;

    public string Unsettled => $"{Name} has had {_since} answers";

    /// <summary>Fetches that were compared.</summary>
    public int Compared { get; private set; }

    public void Finish() => (_isStopping, _since) = (true, 0);

    protected override void OnTurn()
    {
        if (IsBusy) return;
        if (_seenLosses != powerLosses())
        {
            _seenLosses = powerLosses();
            _model.Forget();
        }

        string group = $"simple-{Prng.Next(Groups)}";
        TopicPartition partition = partitions[Prng.Next(Math.Min(partitions.Count, 3))];
        if (!_found.Contains(group)) Find(group);
        else if (Prng.Chance(0.5)) Fetch(group);
        else if (Prng.Chance(0.75)) Commit(group, partition);
        else if (Prng.Chance(0.7)) DeleteOffset(group, partition);
        else DeleteGroup(group);
    }

    private void Find(string group)
    {
        FindCoordinatorRequest request = new() { KeyType = 0 };
        request.CoordinatorKeys.Add(group);
        Ask<FindCoordinatorRequest, FindCoordinatorResponse>(request, 4, response =>
        {
            ErrorCode error = (ErrorCode)response.Coordinators[0].ErrorCode;
            if (error == ErrorCode.None) _found.Add(group);
            else if (!IsPassing(error)) Unexpected("FindCoordinator", error);
            LaterMs(80);
        });
    }

    private void Commit(string group, TopicPartition partition)
    {
        long offset = ++_next;
        OffsetCommitRequest request = new() { GroupId = group, GenerationIdOrMemberEpoch = -1, MemberId = "" };
        OffsetCommitRequest.OffsetCommitRequestTopic topic = new() { Name = partition.Topic };
        topic.Partitions.Add(new() { PartitionIndex = partition.Partition, CommittedOffset = offset, CommittedMetadata = "m" });
        request.Topics.Add(topic);
        Ask<OffsetCommitRequest, OffsetCommitResponse>(
            request, 8 + Prng.Next(2),
            response => Changed(group, partition, offset, (ErrorCode)response.Topics[0].Partitions[0].ErrorCode, "OffsetCommit"),
            () => _model.MayBe(group, partition, offset));
    }

    private void DeleteOffset(string group, TopicPartition partition)
    {
        OffsetDeleteRequest request = new() { GroupId = group };
        OffsetDeleteRequest.OffsetDeleteRequestTopic topic = new() { Name = partition.Topic };
        topic.Partitions.Add(new() { PartitionIndex = partition.Partition });
        request.Topics.Add(topic);
        Ask<OffsetDeleteRequest, OffsetDeleteResponse>(
            request, 0,
            response =>
            {
                ErrorCode error = (ErrorCode)response.ErrorCode;
                if (error == ErrorCode.None && response.Topics.Count > 0) error = (ErrorCode)response.Topics[0].Partitions[0].ErrorCode;
                if (error == ErrorCode.GroupIdNotFound) NotFound(group);
                else Changed(group, partition, OffsetModel.None, error, "OffsetDelete");
            },
            () => _model.MayBe(group, partition, OffsetModel.None));
    }

    private void DeleteGroup(string group)
    {
        DeleteGroupsRequest request = new();
        request.GroupsNames.Add(group);
        Ask<DeleteGroupsRequest, DeleteGroupsResponse>(
            request, 2,
            response =>
            {
                ErrorCode error = (ErrorCode)response.Results[0].ErrorCode;
                if (error == ErrorCode.None) Gone(group);
                else if (error == ErrorCode.GroupIdNotFound) NotFound(group);
                else if (IsPassing(error)) _model.MayBeGone(group);
                else Unexpected("DeleteGroups", error);
                Count();
            },
            () => _model.MayBeGone(group));
    }

    /// <summary>There is no such group: none of its offsets may be one that had to be there.</summary>
    private void NotFound(string group)
    {
        Compare(group, []);
        Gone(group);
    }

    /// <summary>The group is not there, and so none of its offsets.</summary>
    private void Gone(string group)
    {
        foreach (TopicPartition partition in partitions) _model.Is(group, partition, OffsetModel.None);
        LaterMs(80);
    }

    private void Changed(string group, TopicPartition partition, long offset, ErrorCode error, string what)
    {
        if (error == ErrorCode.None)
        {
            _model.Is(group, partition, offset);
        }
        else if (IsPassing(error))
        {
            // It may be in the log all the same, where the answer came too late.
            _model.MayBe(group, partition, offset);
            if (error is ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable) _found.Remove(group);
        }
        else
        {
            Unexpected(what, error);
        }

        Count();
    }

    private void Fetch(string group)
    {
        OffsetFetchRequest.OffsetFetchRequestGroup asked = new() { GroupId = group, Topics = null };
        OffsetFetchRequest request = new() { RequireStable = Prng.Chance(0.5) };
        request.Groups.Add(asked);
        Ask<OffsetFetchRequest, OffsetFetchResponse>(request, 8 + Prng.Next(2), response =>
        {
            OffsetFetchResponse.OffsetFetchResponseGroup answer = response.Groups[0];
            ErrorCode error = (ErrorCode)answer.ErrorCode;
            if (error == ErrorCode.None)
            {
                Compare(group, Told(answer));
                Compared++;
            }
            else if (!IsPassing(error)) Unexpected("OffsetFetch", error);
            else _found.Remove(group);
            Count();
        });
    }

    private static Dictionary<TopicPartition, long> Told(OffsetFetchResponse.OffsetFetchResponseGroup answer)
    {
        Dictionary<TopicPartition, long> told = [];
        foreach (OffsetFetchResponse.OffsetFetchResponseTopics topic in answer.Topics)
            foreach (OffsetFetchResponse.OffsetFetchResponsePartitions p in topic.Partitions)
                told[new TopicPartition(topic.Name, p.PartitionIndex)] = p.CommittedOffset;
        return told;
    }

    private void Compare(string group, Dictionary<TopicPartition, long> told)
    {
        if (_seenLosses != powerLosses()) return;
        foreach (TopicPartition partition in partitions)
            if (_model.Wrong(group, partition, told.GetValueOrDefault(partition, OffsetModel.None)) is { } wrong)
                World.Fail($"[G2] {group} {partition}: {wrong}");
    }

    private void Count()
    {
        _since++;
        LaterMs(80);
    }
}
