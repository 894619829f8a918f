using Moldau.Protocol;

namespace Moldau.Broker.Tests;

/// <summary>What a test asks of group coordinators most often; the topic is always "t".</summary>
internal static class AskGroups
{
    /// <summary>Asks for a group's coordinator until it is there.</summary>
    public static void FindGroup(this TestClient client, string group)
    {
        FindCoordinatorRequest request = new() { KeyType = 0, CoordinatorKeys = [group] };
        for (int i = 0; i < 20; i++)
        {
            FindCoordinatorResponse answer = client.Call<FindCoordinatorRequest, FindCoordinatorResponse>(request, 4);
            if (answer.Coordinators[0].ErrorCode == 0)
            {
                Assert.Equal(1, answer.Coordinators[0].NodeId);
                client.Node.Run();
                return;
            }

            client.Node.Advance(100);
        }

        Assert.Fail("no coordinator");
    }

    public static JoinGroupRequest JoinOf(string group, string member)
    {
        JoinGroupRequest request = new()
        {
            GroupId = group,
            SessionTimeoutMs = 30_000,
            RebalanceTimeoutMs = 30_000,
            MemberId = member,
            ProtocolType = "consumer",
        };
        request.Protocols.Add(new() { Name = "range", Metadata = [9] });
        return request;
    }

    public static JoinGroupResponse JoinGroup(this TestClient client, string group)
    {
        JoinGroupResponse first = client.Call<JoinGroupRequest, JoinGroupResponse>(JoinOf(group, ""), 7);
        if ((ErrorCode)first.ErrorCode != ErrorCode.MemberIdRequired) return first;
        return client.Call<JoinGroupRequest, JoinGroupResponse>(JoinOf(group, first.MemberId), 7);
    }

    public static OffsetCommitRequest CommitOf(
        string group, int partition, long offset, int generation = -1, string member = "")
    {
        OffsetCommitRequest request = new() { GroupId = group, GenerationIdOrMemberEpoch = generation, MemberId = member };
        OffsetCommitRequest.OffsetCommitRequestTopic topic = new() { Name = "t" };
        topic.Partitions.Add(new() { PartitionIndex = partition, CommittedOffset = offset, CommittedMetadata = "" });
        request.Topics.Add(topic);
        return request;
    }

    public static ErrorCode CommitOffset(
        this TestClient client, string group, int partition, long offset, int generation = -1, string member = "") =>
        Error(client.Call<OffsetCommitRequest, OffsetCommitResponse>(CommitOf(group, partition, offset, generation, member), 8));

    public static ErrorCode Error(OffsetCommitResponse response) => (ErrorCode)response.Topics[0].Partitions[0].ErrorCode;

    public static OffsetFetchRequest FetchOffsetsOf(string group, int partition)
    {
        OffsetFetchRequest request = new();
        OffsetFetchRequest.OffsetFetchRequestGroup wanted = new() { GroupId = group, Topics = [] };
        wanted.Topics.Add(new() { Name = "t", PartitionIndexes = [partition] });
        request.Groups.Add(wanted);
        return request;
    }

    /// <summary>The committed offset, −1 if there is none.</summary>
    public static long Committed(this TestClient client, string group, int partition)
    {
        OffsetFetchResponse.OffsetFetchResponseGroup answer =
            client.Call<OffsetFetchRequest, OffsetFetchResponse>(FetchOffsetsOf(group, partition), 8).Groups[0];
        Assert.Equal((short)0, answer.ErrorCode);
        return answer.Topics[0].Partitions[0].CommittedOffset;
    }
}
