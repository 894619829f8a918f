using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>Keeps offsets in groups without members, of which it is the only user, and so knows exactly what they must be:
/// commits, fetches, OffsetDelete and DeleteGroups. Checks G2: an offset is the last one committed, until it is deleted.</summary>
internal sealed class SimCommitter(SimWorld world, SimNode node, IReadOnlyList<TopicPartition> partitions, Func<int> powerLosses)
    : SimAsker(world, node, "committer")
{
    private const int Groups = 3;

    // What may be: one value where the last change was answered, two where it was not. −1: no offset.
    private readonly SortedDictionary<(string Group, TopicPartition Partition), SortedSet<long>> _may = [];
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
            _may.Clear();
        }

        string group = $"simple-{Prng.Next(Groups)}";
        TopicPartition partition = partitions[Prng.Next(Math.Min(partitions.Count, 3))];
        if (!_found.Contains(group)) Find(group);
        else if (Prng.Chance(0.5)) Fetch(group);
        else if (Prng.Chance(0.75)) Commit(group, partition);
        else if (Prng.Chance(0.7)) DeleteOffset(group, partition);
        else DeleteGroup(group);
    }

    private SortedSet<long> Of(string group, TopicPartition partition)
    {
        if (!_may.TryGetValue((group, partition), out SortedSet<long>? may))
        {
            // After a loss of power nothing is known; before the first commit there is nothing.
            may = _seenLosses == 0 ? [-1] : [];
            _may.Add((group, partition), may);
        }

        return may;
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
            () => Of(group, partition).Add(offset));
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
                if (error == ErrorCode.GroupIdNotFound) Gone(group);
                else Changed(group, partition, -1, error, "OffsetDelete");
            },
            () => Of(group, partition).Add(-1));
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
                if (error is ErrorCode.None or ErrorCode.GroupIdNotFound) Gone(group);
                else if (!IsPassing(error)) Unexpected("DeleteGroups", error);
                Count();
            },
            () =>
            {
                foreach (((string of, _), SortedSet<long> may) in _may)
                    if (of == group) may.Add(-1);
            });
    }

    /// <summary>The group is not there: none of its offsets may be one that was not to be lost.</summary>
    private void Gone(string group)
    {
        foreach (TopicPartition partition in partitions)
        {
            if (!_may.TryGetValue((group, partition), out SortedSet<long>? may)) continue;
            may.Clear();
            may.Add(-1);
        }

        LaterMs(80);
    }

    private void Changed(string group, TopicPartition partition, long offset, ErrorCode error, string what)
    {
        SortedSet<long> may = Of(group, partition);
        if (error == ErrorCode.None)
        {
            may.Clear();
            may.Add(offset);
        }
        else if (IsPassing(error))
        {
            // It may be in the log all the same, where the answer came too late.
            if (may.Count > 0) may.Add(offset);
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
            if (error == ErrorCode.None) Compare(group, answer);
            else if (!IsPassing(error)) Unexpected("OffsetFetch", error);
            else _found.Remove(group);
            Count();
        });
    }

    private void Compare(string group, OffsetFetchResponse.OffsetFetchResponseGroup answer)
    {
        if (_seenLosses != powerLosses()) return;
        Compared++;
        Dictionary<TopicPartition, long> told = [];
        foreach (OffsetFetchResponse.OffsetFetchResponseTopics topic in answer.Topics)
            foreach (OffsetFetchResponse.OffsetFetchResponsePartitions p in topic.Partitions)
                told[new TopicPartition(topic.Name, p.PartitionIndex)] = p.CommittedOffset;
        foreach (((string of, TopicPartition partition), SortedSet<long> may) in _may)
        {
            if (of != group || may.Count == 0) continue;
            long offset = told.GetValueOrDefault(partition, -1);
            if (!may.Contains(offset))
                World.Fail($"[G2] {group} {partition}: committed is {offset}, it must be {string.Join(" or ", may)}");
        }
    }

    private void Count()
    {
        _since++;
        LaterMs(80);
    }
}
