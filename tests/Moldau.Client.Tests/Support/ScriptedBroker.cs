using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Support;

/// <summary>A request as a scripted broker sees it.</summary>
internal sealed record ScriptedRequest(ScriptedBroker Broker, long Link, ApiKey Api, short Version, int CorrelationId, IMessage Message);

/// <summary>A broker that answers what a test says. Without a word of the test it knows ApiVersions and Metadata.</summary>
internal sealed class ScriptedBroker(MachineWorld world, int id, BrokerAddress address)
{
    private readonly Dictionary<ApiKey, Func<ScriptedRequest, IMessage?>> _answers = [];

    public int Id { get; } = id;

    public BrokerAddress Address { get; } = address;

    public bool IsUp { get; set; } = true;

    /// <summary>Takes connections and never says a word.</summary>
    public bool IsMute { get; set; }

    /// <summary>The highest version of each API that it has; the newest where there is none.</summary>
    public Dictionary<ApiKey, short> HighestVersions { get; } = [];

    public List<ScriptedRequest> Requests { get; } = [];

    /// <summary>What the cluster's metadata says; shared by the brokers of a world.</summary>
    public Dictionary<string, MetadataResponse.MetadataResponseTopic> Topics { get; init; } = [];

    public IEnumerable<ScriptedRequest> Of(ApiKey api) => Requests.Where(r => r.Api == api);

    /// <summary>Answers an API; null holds the answer back, see <see cref="Answer"/>.</summary>
    public ScriptedBroker On(ApiKey api, Func<ScriptedRequest, IMessage?> answer)
    {
        _answers[api] = answer;
        return this;
    }

    public void Break(string? reason = null) => world.Break(this, reason is null ? null : new LinkFailure(reason));

    public void Receive(long link, ClientFrame frame)
    {
        Assert.True(RequestHeaderView.TryRead(frame.Span[4..], out RequestHeaderView header));
        if (IsMute) return;
        short highest = HighestVersions.GetValueOrDefault(header.Api.Key, header.Api.HighestVersion);
        short version = header.Version;
        if (header.Api.Key == ApiKey.ApiVersions && version > highest)
        {
            Send(link, header.Api, 0, header.CorrelationId, Versions(ErrorCode.UnsupportedVersion));
            return;
        }

        Assert.True(version <= highest, $"{header.Api.Name} version {version} was sent, {highest} is the highest here");
        KafkaReader reader = new(frame.Span[(4 + header.BodyStart)..]);
        IMessage message = Messages.ReadRequest(header.Api.Key, version, ref reader)!;
        Assert.True(reader.IsComplete, $"{header.Api.Name} version {version} cannot be read");
        ScriptedRequest request = new(this, link, header.Api.Key, version, header.CorrelationId, message);
        Requests.Add(request);
        IMessage? answer = _answers.TryGetValue(header.Api.Key, out var script) ? script(request) : Default(request);
        if (answer is not null) Send(link, header.Api, version, header.CorrelationId, answer);
    }

    /// <summary>Answers a request that was held back.</summary>
    public void Answer(ScriptedRequest request, IMessage answer)
    {
        Send(request.Link, ApiTable.Get(request.Api), request.Version, request.CorrelationId, answer);
        world.Settle();
    }

    public MetadataResponse.MetadataResponseTopic Topic(string name, params int[] leaders)
    {
        MetadataResponse.MetadataResponseTopic topic = new()
        {
            Name = name,
            TopicId = new Uuid(7, name.GetHashCode(StringComparison.Ordinal)),
        };
        for (int i = 0; i < leaders.Length; i++)
        {
            topic.Partitions.Add(new MetadataResponse.MetadataResponsePartition
            {
                PartitionIndex = i,
                LeaderId = leaders[i],
                LeaderEpoch = 1,
                ReplicaNodes = [leaders[i]],
                IsrNodes = [leaders[i]],
            });
        }

        foreach (ScriptedBroker broker in world.Brokers) broker.Topics[name] = topic;
        return topic;
    }

    private IMessage Default(ScriptedRequest request) => request.Api switch
    {
        ApiKey.ApiVersions => Versions(ErrorCode.None),
        ApiKey.Metadata => Metadata((MetadataRequest)request.Message),
        _ => throw new InvalidOperationException($"the script has no answer to {request.Api}"),
    };

    private ApiVersionsResponse Versions(ErrorCode error)
    {
        ApiVersionsResponse answer = new() { ErrorCode = (short)error };
        foreach (ApiInfo api in ApiTable.All.Where(a => !a.IsRemoved))
        {
            answer.ApiKeys.Add(new ApiVersionsResponse.ApiVersion
            {
                ApiKey = (short)api.Key,
                MinVersion = Math.Min(api.LowestVersion, HighestVersions.GetValueOrDefault(api.Key, api.HighestVersion)),
                MaxVersion = HighestVersions.GetValueOrDefault(api.Key, api.HighestVersion),
            });
        }

        return answer;
    }

    private MetadataResponse Metadata(MetadataRequest request)
    {
        MetadataResponse answer = new() { ClusterId = "scripted", ControllerId = world.Brokers.Min(b => b.Id) };
        foreach (ScriptedBroker broker in world.Brokers.Where(b => b.Id >= 0))
        {
            answer.Brokers.Add(new MetadataResponse.MetadataResponseBroker
            {
                NodeId = broker.Id,
                Host = broker.Address.Host,
                Port = broker.Address.Port,
            });
        }

        foreach (string name in request.Topics?.Select(t => t.Name!) ?? Topics.Keys)
        {
            answer.Topics.Add(Topics.GetValueOrDefault(name)
                ?? new MetadataResponse.MetadataResponseTopic { Name = name, ErrorCode = (short)ErrorCode.UnknownTopicOrPartition });
        }

        return answer;
    }

    private void Send(long link, ApiInfo api, short version, int correlationId, IMessage answer)
    {
        byte[] whole = new byte[ResponseFrame.Size(api, answer, version)];
        ResponseFrame.Write(whole, api, correlationId, answer, version);
        ClientFrame frame = ClientFrame.Rent(whole.Length - ResponseFrame.LengthPrefix);
        whole.AsSpan(ResponseFrame.LengthPrefix).CopyTo(frame.Span);
        world.Later(ClientEvent.Received(link, frame));
    }
}
