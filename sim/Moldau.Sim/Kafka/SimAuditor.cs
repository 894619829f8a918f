using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>Asks and changes what an administrator does: offsets by time (checked against what was acknowledged), adds
/// partitions, alters configurations of topics in use, describes everything.</summary>
internal sealed class SimAuditor(
    SimWorld world, SimNode node, RecordHistory history, List<TopicPartition> partitions, Action<TopicPartition> added)
    : SimAsker(world, node, "auditor")
{
    private const string Growing = "beta";
    private const int MostPartitions = 6;

    private bool _isStopping;

    /// <summary>Lookups by time that were compared.</summary>
    public int Lookups { get; private set; }

    public void Finish() => _isStopping = true;

    protected override void OnTurn()
    {
        if (IsBusy) return;
        switch (Prng.Next(_isStopping ? 8 : 10))
        {
            case <= 3: LookUp(partitions[Prng.Next(partitions.Count)]); break;
            case 4: Describe<DescribeGroupsRequest, DescribeGroupsResponse>(new() { Groups = ["group", "none"] }, 5); break;
            case 5: Describe<DescribeQuorumRequest, DescribeQuorumResponse>(Quorum(), 2); break;
            case 6: Describe<DescribeLogDirsRequest, DescribeLogDirsResponse>(new() { Topics = null }, 4); break;
            case 7: Describe<ListGroupsRequest, ListGroupsResponse>(new(), 4); break;
            case 8: AlterConfigs(); break;
            default: AddPartition(); break;
        }
    }

    private void Describe<TRequest, TResponse>(TRequest request, int version)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse> =>
        Ask<TRequest, TResponse>(request, version, _ => LaterMs(150));

    private static DescribeQuorumRequest Quorum()
    {
        DescribeQuorumRequest.TopicData topic = new() { TopicName = "__cluster_metadata" };
        topic.Partitions.Add(new() { PartitionIndex = 0 });
        return new DescribeQuorumRequest { Topics = [topic] };
    }

    private void LookUp(TopicPartition partition)
    {
        if (history.SomeTimestamp(partition, Prng) is not { } timestamp)
        {
            LaterMs(100);
            return;
        }

        ListOffsetsRequest request = new() { ReplicaId = -1 };
        ListOffsetsRequest.ListOffsetsTopic topic = new() { Name = partition.Topic };
        topic.Partitions.Add(new() { PartitionIndex = partition.Partition, Timestamp = timestamp });
        request.Topics.Add(topic);
        long? first = history.FirstAckedFrom(partition, timestamp);
        Ask<ListOffsetsRequest, ListOffsetsResponse>(request, 7 + Prng.Next(3), response =>
        {
            ListOffsetsResponse.ListOffsetsPartitionResponse answer = response.Topics[0].Partitions[0];
            ErrorCode error = (ErrorCode)answer.ErrorCode;
            // Where bytes rot the node may have seen it, and said so, or taken a wrong timestamp for a right one.
            bool mayRot = history.MayRot(partition);
            if (error == ErrorCode.None && !mayRot) Compare(partition, timestamp, first, answer);
            else if (error != ErrorCode.None && !mayRot && !IsPassing(error)) Unexpected("ListOffsets", error);
            LaterMs(100);
        });
    }

    private void Compare(
        TopicPartition partition, long timestamp, long? first, ListOffsetsResponse.ListOffsetsPartitionResponse answer)
    {
        Lookups++;
        string asked = $"{partition} from {timestamp}: offset {answer.Offset} at {answer.Timestamp}";
        if (first is { } due && (answer.Offset < 0 || answer.Offset > due)) World.Fail($"[D2] {asked}, offset {due} is due");
        else if (answer.Offset >= 0 && answer.Timestamp < timestamp) World.Fail($"[D2] {asked}, which is earlier");
        else if (history.TimestampAt(partition, answer.Offset) is { } known && known != answer.Timestamp)
            World.Fail($"[D2] {asked}, which has {known}");
    }

    private void AlterConfigs()
    {
        string topic = partitions[Prng.Next(partitions.Count)].Topic;
        (string name, string value) = Prng.Next(6) switch
        {
            0 => ("segment.ms", $"{300 + Prng.Next(4_000)}"),
            1 => ("segment.index.bytes", $"{48 + Prng.Next(400)}"),
            2 => ("index.interval.bytes", $"{Prng.Next(4_000)}"),
            3 => ("compression.type", new[] { "producer", "gzip", "snappy", "lz4", "zstd", "uncompressed" }[Prng.Next(6)]),
            4 => ("flush.messages", $"{1 + Prng.Next(100)}"),
            _ => ("flush.ms", $"{10 + Prng.Next(1_000)}"),
        };
        Ask<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(TopicConfig(topic, name, value), 1, response =>
        {
            ErrorCode error = (ErrorCode)response.Responses[0].ErrorCode;
            if (error != ErrorCode.None && !IsPassing(error)) Unexpected($"IncrementalAlterConfigs {name}={value}", error);
            LaterMs(300);
        });
    }

    private void AddPartition()
    {
        int count = partitions.Count(p => p.Topic == Growing);
        if (count >= MostPartitions || Prng.Chance(0.5))
        {
            LaterMs(100);
            return;
        }

        CreatePartitionsRequest request = new() { TimeoutMs = 5_000 };
        request.Topics.Add(new() { Name = Growing, Count = count + 1, Assignments = null });
        Ask<CreatePartitionsRequest, CreatePartitionsResponse>(request, 3, response =>
        {
            ErrorCode error = (ErrorCode)response.Results[0].ErrorCode;
            // It has so many already: an earlier request did it whose answer was lost.
            if (error is ErrorCode.None or ErrorCode.InvalidPartitions) added(new TopicPartition(Growing, count));
            else if (!IsPassing(error) && error != ErrorCode.InvalidReplicationFactor) Unexpected("CreatePartitions", error);
            LaterMs(500);
        });
    }
}
