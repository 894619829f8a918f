using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>Answers a client's requests as a broker would, or as the input has it: with one field changed, with anything its
/// schema allows, or with bytes.</summary>
internal sealed class HostileBroker(byte[] choices, int start)
{
    private const int BytesPerChoice = 3;

    private static readonly Uuid TopicId = new(7, 7);
    private static readonly string[] Names = ["alpha", "group", "one", "fuzz", "SCRAM-SHA-256", "range"];

    private readonly Mutator _mutator = new(new Prng(1));
    private int _at = start;

    /// <summary>An answer without its length, or null for none.</summary>
    public byte[]? Answer(ApiInfo api, short version, int correlationId, IMessage request)
    {
        (byte kind, ushort seed) = Next();
        short headerVersion = api.ResponseHeaderVersion(version);
        byte[] header = KafkaWriter.ToArray(new ResponseHeader { CorrelationId = correlationId }, headerVersion);
        string name = $"{api.Key}Response";
        Prng prng = new(seed);
        byte[] body = kind < 216 ? Written(Sensible(api.Key, version, request), name, version)
            : SchemaWalk.Write(SchemaCatalog.Of(name), version, prng, Names);
        if (kind is >= 96 and < 216) body = FieldMutator.Mutate(SchemaCatalog.Of(name), version, body, new Mutator(prng));
        if (kind is >= 200 and < 216 or >= 248) body = new Mutator(prng).Mutate(body, header, 4096);
        if (kind == 255) return seed % 3 == 0 ? null : new Mutator(prng).Mutate([.. header, .. body], body, 4096);
        return [.. header, .. body];
    }

    private (byte Kind, ushort Seed) Next()
    {
        if (_at + BytesPerChoice > choices.Length) return (0, 0);
        (byte kind, ushort seed) = (choices[_at], (ushort)((choices[_at + 1] << 8) | choices[_at + 2]));
        _at += BytesPerChoice;
        return (kind, seed);
    }

    /// <summary>What an old version cannot carry is made up by its schema.</summary>
    private byte[] Written(IMessage? sensible, string name, short version)
    {
        try
        {
            if (sensible is not null) return KafkaWriter.ToArray(sensible, version);
        }
        catch (BrokenInvariantException)
        {
        }

        return SchemaWalk.Write(SchemaCatalog.Of(name), version, _mutator.Prng, Names);
    }

    private static IMessage? Sensible(ApiKey api, short version, IMessage request) => request switch
    {
        ApiVersionsRequest => Versions(),
        MetadataRequest => Metadata(),
        FindCoordinatorRequest find => Coordinator(find),
        InitProducerIdRequest => new InitProducerIdResponse { ProducerId = 7, ProducerEpoch = 1 },
        ListOffsetsRequest list => Offsets(list),
        OffsetFetchRequest fetch => Committed(fetch),
        FetchRequest => AllFetched,
        ShareFetchRequest => Shared(version),
        JoinGroupRequest join => Joined(join),
        SyncGroupRequest => new SyncGroupResponse { ProtocolType = "consumer", ProtocolName = "range", Assignment = [0, 1, 0, 0, 0, 1, 0, 5, .. "alpha"u8, 0, 0, 0, 1, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF] },
        ConsumerGroupHeartbeatRequest => new ConsumerGroupHeartbeatResponse
        {
            MemberId = "member",
            MemberEpoch = 1,
            HeartbeatIntervalMs = 100,
            Assignment = new() { TopicPartitions = [new() { TopicId = TopicId, Partitions = [0, 1] }] },
        },
        ShareGroupHeartbeatRequest => new ShareGroupHeartbeatResponse
        {
            MemberId = "member",
            MemberEpoch = 1,
            HeartbeatIntervalMs = 100,
            Assignment = new() { TopicPartitions = [new() { TopicId = TopicId, Partitions = [0, 1] }] },
        },
        ProduceRequest produce => Produced(produce),
        SaslHandshakeRequest => new SaslHandshakeResponse { Mechanisms = ["SCRAM-SHA-256"] },
        SaslAuthenticateRequest sasl => new SaslAuthenticateResponse { AuthBytes = Challenge(sasl.AuthBytes), SessionLifetimeMs = 5000 },
        _ => null,
    };

    private static ApiVersionsResponse Versions()
    {
        ApiVersionsResponse answer = new();
        foreach (ApiInfo api in ApiTable.All.Where(a => !a.IsRemoved))
            answer.ApiKeys.Add(new() { ApiKey = (short)api.Key, MinVersion = api.LowestVersion, MaxVersion = api.HighestVersion });
        return answer;
    }

    private static MetadataResponse Metadata()
    {
        MetadataResponse.MetadataResponseTopic topic = new() { Name = "alpha", TopicId = TopicId };
        for (int i = 0; i < 2; i++)
            topic.Partitions.Add(new() { PartitionIndex = i, LeaderId = 1, LeaderEpoch = 1, ReplicaNodes = [1], IsrNodes = [1] });
        return new MetadataResponse
        {
            ClusterId = "fuzz",
            ControllerId = 1,
            Topics = [topic],
            Brokers = [new() { NodeId = 1, Host = "one", Port = 9092 }],
        };
    }

    private static FindCoordinatorResponse Coordinator(FindCoordinatorRequest find) => new()
    {
        Coordinators = [.. find.CoordinatorKeys.Select(k => new FindCoordinatorResponse.Coordinator { Key = k, NodeId = 1, Host = "one", Port = 9092 })],
    };

    private static ListOffsetsResponse Offsets(ListOffsetsRequest list) => new()
    {
        Topics = [.. list.Topics.Select(t => new ListOffsetsResponse.ListOffsetsTopicResponse
        {
            Name = t.Name,
            Partitions = [.. t.Partitions.Select(p => new ListOffsetsResponse.ListOffsetsPartitionResponse
            {
                PartitionIndex = p.PartitionIndex, Offset = 0, LeaderEpoch = 1,
            })],
        })],
    };

    private static OffsetFetchResponse Committed(OffsetFetchRequest fetch) => new()
    {
        Groups = [.. fetch.Groups.Select(g => new OffsetFetchResponse.OffsetFetchResponseGroup
        {
            GroupId = g.GroupId,
            Topics = [.. (g.Topics ?? []).Select(t => new OffsetFetchResponse.OffsetFetchResponseTopics
            {
                Name = t.Name, TopicId = t.TopicId,
                Partitions = [.. t.PartitionIndexes.Select(p => new OffsetFetchResponse.OffsetFetchResponsePartitions { PartitionIndex = p, CommittedOffset = 0, Metadata = "" })],
            })],
        })],
    };

    private static readonly FetchResponse AllFetched = Fetched();

    private static FetchResponse Fetched()
    {
        FetchResponse.FetchableTopicResponse topic = new() { Topic = "alpha", TopicId = TopicId };
        for (int i = 0; i < 2; i++)
        {
            topic.Partitions.Add(new()
            {
                PartitionIndex = i,
                HighWatermark = 3,
                LastStableOffset = 3,
                LogStartOffset = 0,
                Records = BatchSeeds.V2(RecordBatchOptions.Default
                    with
                { PartitionLeaderEpoch = 1, Codec = (CompressionCodec)(i * 3) }, 3, new Prng(5)),
                AbortedTransactions = [new() { ProducerId = 7, FirstOffset = 1 }],
            });
        }

        return new FetchResponse { SessionId = 5, Responses = [topic] };
    }

    private static ShareFetchResponse Shared(short version)
    {
        ShareFetchResponse.PartitionData partition = new()
        {
            PartitionIndex = 0,
            CurrentLeader = new() { LeaderId = 1, LeaderEpoch = 1 },
            Records = BatchSeeds.V2(RecordBatchOptions.Default, 3, new Prng(5)),
            AcquiredRecords = [new() { FirstOffset = 0, LastOffset = 2, DeliveryCount = 1 }],
        };
        return new ShareFetchResponse
        {
            AcquisitionLockTimeoutMs = version > 0 ? 30_000 : 0,
            Responses = [new() { TopicId = TopicId, Partitions = [partition] }],
        };
    }

    private static JoinGroupResponse Joined(JoinGroupRequest join) => new()
    {
        GenerationId = 1,
        ProtocolType = "consumer",
        ProtocolName = join.Protocols.Count > 0 ? join.Protocols[0].Name : "range",
        Leader = "member",
        MemberId = "member",
        Members = [new() { MemberId = "member", Metadata = join.Protocols.Count > 0 ? join.Protocols[0].Metadata : [] }],
    };

    private static ProduceResponse Produced(ProduceRequest produce) => new()
    {
        Responses = [.. produce.TopicData.Select(t => new ProduceResponse.TopicProduceResponse
        {
            Name = t.Name, TopicId = t.TopicId,
            PartitionResponses =
                [.. t.PartitionData.Select(p => new ProduceResponse.PartitionProduceResponse { Index = p.Index, BaseOffset = 5 })],
        })],
    };

    private static byte[] Challenge(byte[] said)
    {
        string text = System.Text.Encoding.UTF8.GetString(said);
        int nonce = text.IndexOf(",r=", StringComparison.Ordinal);
        return System.Text.Encoding.UTF8.GetBytes(nonce < 0 ? "v=AAAA" : $"r={text[(nonce + 3)..].Split(',')[0]}more,s=c2FsdA==,i=4096");
    }
}
