using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>Lives one topic after the other under the same name: makes it (or lets Metadata make it), writes and reads by
/// topic id, adds partitions, deletes records, sets retention, deletes it, tries the old id, and begins again.</summary>
internal sealed class SimTopicLife : SimAsker
{
    private readonly string _topic;
    private readonly int _number;
    private readonly StaleIds _stale;
    private readonly Func<int> _losses;
    private readonly Func<Uuid, int, LogOracle> _oracleOf;
    private readonly List<TopicModel> _partitions = [];
    private Stage _stage;
    private Uuid _id;
    private Uuid _oldId;
    private int _counter;
    private int _operations;
    private int _seenLosses;
    private bool _isStopping;

    private enum Stage
    {
        Creating,
        Looking,
        Living,
        Deleting,
    }

    public SimTopicLife(
        SimWorld world,
        SimNode node,
        int number,
        StaleIds stale,
        Func<int> losses,
        Func<Uuid, int, LogOracle> oracleOf)
        : base(world, node, $"life-{number}")
    {
        (_topic, _number, _stale, _losses, _oracleOf) = ($"life-{number}", number, stale, losses, oracleOf);
    }

    /// <summary>Topics that were made.</summary>
    public int Lives { get; private set; }

    /// <summary>It has a topic, and has written and read since the faults ended.</summary>
    public bool IsSettled { get; private set; }

    public string Unsettled => $"{Name} is {_stage} with {_partitions.Count} partitions of {_id}";

    public void Finish() => (_isStopping, _operations) = (true, 0);

    protected override void OnTurn()
    {
        if (IsBusy) return;
        if (_seenLosses != _losses())
        {
            _seenLosses = _losses();
            foreach (TopicModel partition in _partitions) partition.Forget();
        }

        switch (_stage)
        {
            case Stage.Creating: Create(); break;
            case Stage.Looking: Look(); break;
            case Stage.Deleting: Delete(); break;
            default: Live(); break;
        }
    }

    private void Create()
    {
        if (Prng.Chance(0.3))
        {
            // Metadata makes it: auto.create.topics.enable.
            Look(autoCreates: true);
            return;
        }

        CreateTopicsRequest request = new() { TimeoutMs = 5_000 };
        CreateTopicsRequest.CreatableTopic topic = new() { Name = _topic, NumPartitions = 1 + Prng.Next(3), ReplicationFactor = 1 };
        if (Prng.Chance(0.5)) topic.Configs.Add(new() { Name = "segment.ms", Value = $"{200 + Prng.Next(2_000)}" });
        if (Prng.Chance(0.5)) topic.Configs.Add(new() { Name = "file.delete.delay.ms", Value = $"{Prng.Next(1_000)}" });
        request.Topics.Add(topic);
        Ask<CreateTopicsRequest, CreateTopicsResponse>(request, 7, response =>
        {
            ErrorCode error = (ErrorCode)response.Topics[0].ErrorCode;
            if (error is ErrorCode.None or ErrorCode.TopicAlreadyExists) _stage = Stage.Looking;
            else if (!IsPassing(error) && error != ErrorCode.InvalidReplicationFactor) Unexpected("CreateTopics", error);
            LaterMs(60);
        });
    }

    private void Look() => Look(autoCreates: false);

    private void Look(bool autoCreates)
    {
        MetadataRequest request = new() { Topics = [new() { Name = _topic }], AllowAutoTopicCreation = autoCreates };
        Ask<MetadataRequest, MetadataResponse>(request, 12, response =>
        {
            MetadataResponse.MetadataResponseTopic topic = response.Topics[0];
            bool isThere = topic.ErrorCode == 0 && topic.TopicId != _oldId && topic.Partitions.Count > 0
                && topic.Partitions.TrueForAll(p => p.LeaderId >= 0);
            if (isThere)
            {
                if (_id != topic.TopicId) Begin(topic.TopicId);
                while (_partitions.Count < topic.Partitions.Count) _partitions.Add(new TopicModel(World, $"{_topic}-{_partitions.Count} ({_id})"));
                _stage = Stage.Living;
                if (!_oldId.IsZero && Prng.Chance(0.7))
                {
                    TryOldId();
                    return;
                }
            }
            else if (topic.ErrorCode != 0 && Prng.Chance(0.2) && !autoCreates)
            {
                // Perhaps the creation was never carried out.
                _stage = Stage.Creating;
            }

            LaterMs(60);
        });
    }

    private void Begin(Uuid id)
    {
        Lives++;
        _id = id;
        _partitions.Clear();
        _operations = 3 + Prng.Next(25);
        _stale.Created(_topic, id);
    }

    private void Live()
    {
        if (_isStopping && _operations > 4) IsSettled = true;
        _operations += _isStopping ? 1 : -1;
        if (_operations < 0 && !_isStopping)
        {
            _stage = Stage.Deleting;
            Delete();
            return;
        }

        int partition = Prng.Next(_partitions.Count);
        switch (Prng.Next(12))
        {
            case <= 4: Produce(partition); break;
            case <= 8: Fetch(partition); break;
            case 9 when !_isStopping: DeleteRecords(partition); break;
            case 10 when !_isStopping: AlterConfigs(); break;
            case 11 when !_isStopping && _partitions.Count < 5: AddPartition(); break;
            default: Fetch(partition); break;
        }
    }

    private void Produce(int partition)
    {
        TopicModel model = _partitions[partition];
        (byte[] batch, long first, int count) = MakeBatch(model);
        SendBatch(_id, partition, batch, (error, offset, start) =>
        {
            if (error != ErrorCode.None && !IsPassing(error)) Unexpected($"Produce to {_topic}", error);
            if (error == ErrorCode.None && _seenLosses == _losses())
            {
                for (int i = 0; i < count; i++) model.Acked(offset + i, first + i);
                model.StartIs(start);
            }

            LaterMs(40);
        });
    }

    /// <summary>L13: this connection knows the new topic, so it may not accept the old one's id any more.</summary>
    private void TryOldId()
    {
        (byte[] batch, _, _) = MakeBatch(null);
        SendBatch(_oldId, 0, batch, (error, _, _) =>
        {
            if (error == ErrorCode.None) World.Fail($"[L13] {Name}: a record for the deleted id {_oldId} of {_topic} was accepted");
            else if (!IsPassing(error)) Unexpected($"Produce to the old id of {_topic}", error);
            LaterMs(20);
        });
    }

    private (byte[] Batch, long First, int Count) MakeBatch(TopicModel? model)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions { Codec = (CompressionCodec)Prng.Next(5) }, World.Codecs);
        long first = ((long)(_number + 100) << 32) | (uint)(_counter + 1);
        int count = 1 + Prng.Next(3);
        for (int i = 0; i < count; i++)
        {
            _counter++;
            model?.Sent(first + i);
            builder.TryAppend(World.Now.UnixMs, OptionalBytes.Null, RecordHistory.ValueOf(first + i));
        }

        return (builder.BuildArray(), first, count);
    }

    private void SendBatch(Uuid id, int partition, byte[] batch, Action<ErrorCode, long, long> done)
    {
        ProduceRequest request = new() { Acks = (short)(Prng.Chance(0.2) ? 1 : -1), TimeoutMs = 5_000 };
        ProduceRequest.TopicProduceData topic = new() { TopicId = id };
        topic.PartitionData.Add(new() { Index = partition, Records = batch });
        request.TopicData.Add(topic);
        Ask<ProduceRequest, ProduceResponse>(request, 13, response =>
        {
            ProduceResponse.PartitionProduceResponse answer = response.Responses[0].PartitionResponses[0];
            done((ErrorCode)answer.ErrorCode, answer.BaseOffset, answer.LogStartOffset);
        });
    }

    private void Fetch(int partition)
    {
        TopicModel model = _partitions[partition];
        if (Prng.Chance(0.1)) model.Position = model.Start;
        FetchRequest request = new() { MaxWaitMs = 30, MinBytes = 1, MaxBytes = 1 << 20 };
        FetchRequest.FetchTopic topic = new() { TopicId = _id };
        topic.Partitions.Add(new() { Partition = partition, FetchOffset = model.Position, PartitionMaxBytes = 1 << 20 });
        request.Topics.Add(topic);
        Ask<FetchRequest, FetchResponse>(request, 17, response =>
        {
            foreach (FetchResponse.FetchableTopicResponse t in response.Responses)
                foreach (FetchResponse.PartitionData data in t.Partitions) Take(partition, model, data);
            LaterMs(40);
        });
    }

    private void Take(int partition, TopicModel model, FetchResponse.PartitionData data)
    {
        ErrorCode error = (ErrorCode)data.ErrorCode;
        if (_seenLosses != _losses()) return;
        if (error == ErrorCode.OffsetOutOfRange) AskForStart(partition, model);
        else if (error != ErrorCode.None && !IsPassing(error)) Unexpected($"Fetch of {_topic}", error);
        else if (error == ErrorCode.None) model.Read(data.Records, _oracleOf(_id, partition).Rotten);
    }

    private void AskForStart(int partition, TopicModel model)
    {
        ListOffsetsRequest request = new() { ReplicaId = -1 };
        ListOffsetsRequest.ListOffsetsTopic topic = new() { Name = _topic };
        topic.Partitions.Add(new() { PartitionIndex = partition, Timestamp = -2 });
        request.Topics.Add(topic);
        long asked = model.Position;
        Ask<ListOffsetsRequest, ListOffsetsResponse>(request, 9, response =>
        {
            ListOffsetsResponse.ListOffsetsPartitionResponse answer = response.Topics[0].Partitions[0];
            ErrorCode error = (ErrorCode)answer.ErrorCode;
            if (error == ErrorCode.None && _seenLosses == _losses())
            {
                if (answer.Offset <= asked) World.Fail($"[L1] {Name}: {_topic}-{partition} has no offset {asked}, and starts at {answer.Offset}");
                model.StartIs(answer.Offset);
            }
            else if (error != ErrorCode.None && !IsPassing(error))
            {
                Unexpected("ListOffsets", error);
            }

            LaterMs(20);
        });
    }

    private void DeleteRecords(int partition)
    {
        TopicModel model = _partitions[partition];
        long target = Prng.Chance(0.05) ? -1 : Prng.Next(0, model.HighestKnown + 2);
        DeleteRecordsRequest request = new() { TimeoutMs = 5_000 };
        DeleteRecordsRequest.DeleteRecordsTopic topic = new() { Name = _topic };
        topic.Partitions.Add(new() { PartitionIndex = partition, Offset = target });
        request.Topics.Add(topic);
        LogOracle oracle = _oracleOf(_id, partition);
        oracle.DeletedBelow = target < 0 ? long.MaxValue : Math.Max(oracle.DeletedBelow, target);
        Ask<DeleteRecordsRequest, DeleteRecordsResponse>(request, 2, response =>
        {
            DeleteRecordsResponse.DeleteRecordsPartitionResult answer = response.Topics[0].Partitions[0];
            ErrorCode error = (ErrorCode)answer.ErrorCode;
            if (error == ErrorCode.None)
            {
                if (answer.LowWatermark < target) World.Fail($"[L1] {Name}: deleted below {target}, the log starts at {answer.LowWatermark}");
                if (_seenLosses == _losses()) model.StartIs(answer.LowWatermark);
            }
            else if (!IsPassing(error) && error != ErrorCode.OffsetOutOfRange)
            {
                Unexpected("DeleteRecords", error);
            }

            LaterMs(60);
        });
    }

    private void AlterConfigs()
    {
        (string name, string value) = Prng.Next(4) switch
        {
            0 => ("retention.ms", $"{300 + Prng.Next(4_000)}"),
            1 => ("retention.bytes", $"{Prng.Next(20_000)}"),
            2 => ("segment.ms", $"{100 + Prng.Next(1_500)}"),
            _ => ("index.interval.bytes", $"{Prng.Next(3_000)}"),
        };
        Ask<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(TopicConfig(_topic, name, value), 1, response =>
        {
            ErrorCode error = (ErrorCode)response.Responses[0].ErrorCode;
            if (error != ErrorCode.None && !IsPassing(error)) Unexpected($"IncrementalAlterConfigs {name}={value}", error);
            LaterMs(60);
        });
    }

    private void AddPartition()
    {
        CreatePartitionsRequest request = new() { TimeoutMs = 5_000 };
        request.Topics.Add(new() { Name = _topic, Count = _partitions.Count + 1, Assignments = null });
        Ask<CreatePartitionsRequest, CreatePartitionsResponse>(request, 3, response =>
        {
            ErrorCode error = (ErrorCode)response.Results[0].ErrorCode;
            if (error is ErrorCode.None or ErrorCode.InvalidPartitions) _stage = Stage.Looking;
            else if (!IsPassing(error) && error != ErrorCode.InvalidReplicationFactor) Unexpected("CreatePartitions", error);
            LaterMs(60);
        });
    }

    private void Delete()
    {
        DeleteTopicsRequest request = new() { TimeoutMs = 5_000 };
        request.Topics.Add(new() { Name = null, TopicId = _id });
        Ask<DeleteTopicsRequest, DeleteTopicsResponse>(request, 6, response =>
        {
            ErrorCode error = (ErrorCode)response.Responses[0].ErrorCode;
            if (error is ErrorCode.None or ErrorCode.UnknownTopicId)
            {
                _oldId = _id;
                _stage = Stage.Creating;
            }
            else if (!IsPassing(error))
            {
                Unexpected("DeleteTopics", error);
            }

            LaterMs(60);
        });
    }
}
