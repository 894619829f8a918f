using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>A simulated Kafka client: one link to the node, made again when it breaks, and a turn now and then.</summary>
internal abstract class SimClient : ISimActor
{
    private const int Again = 0, Turn = 1;
    private const long BackoffNs = 100_000_000;

    protected const string BrokerListener = "PLAINTEXT";

    private readonly SimNode _node;
    private readonly string _listener;
    private long _turn;

    protected SimClient(SimWorld world, SimNode node, string name, string listener = BrokerListener)
    {
        World = world;
        _node = node;
        _listener = listener;
        Name = name;
        Prng = world.Fork();
    }

    public string Name { get; }

    protected SimWorld World { get; }

    protected Prng Prng { get; }

    protected KafkaLink? Link { get; private set; }

    public void Start() => Connect();

    public void OnEvent(int code, long number, object? payload)
    {
        if (code == Again) Connect();
        else if (number == _turn && Link is { IsOpen: true }) OnTurn();
    }

    /// <summary>V1: a request that has waited so long for its answer, in words; null if none has.</summary>
    public string? Overdue(long ns) => Link?.Overdue(ns) is { } request ? $"[V1] {Name}: {request} has had no answer for {ns / 1_000_000} ms" : null;

    /// <summary>The link is there: begin, or carry on.</summary>
    protected abstract void OnTurn();

    /// <summary>What was under way has no answer and will get none.</summary>
    protected abstract void OnBroken();

    /// <summary>A turn after some time; an earlier one that was planned is dropped.</summary>
    protected void Later(long ns) => World.After(ns, this, Turn, ++_turn);

    protected void LaterMs(int most) => Later(Prng.Next(0, Math.Max(most, 1) * 1_000_000L));

    protected void Send<TRequest, TResponse>(TRequest request, int version, Action<TResponse> done)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse> =>
        Link!.Send(request, (short)version, done); // turns come only with a link

    /// <summary>Errors after which the same request may succeed later.</summary>
    protected static bool IsPassing(ErrorCode error) => error is ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderOrFollower
        or ErrorCode.RequestTimedOut or ErrorCode.KafkaStorageError or ErrorCode.CoordinatorLoadInProgress
        or ErrorCode.CoordinatorNotAvailable or ErrorCode.NotCoordinator or ErrorCode.UnknownTopicOrPartition
        or ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend or ErrorCode.OffsetNotAvailable
        or ErrorCode.BrokerNotAvailable or ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownLeaderEpoch
        or ErrorCode.NotController or ErrorCode.UnknownTopicId;

    /// <summary>A request that sets one property of a topic.</summary>
    protected static IncrementalAlterConfigsRequest TopicConfig(string topic, string name, string value)
    {
        IncrementalAlterConfigsRequest request = new();
        IncrementalAlterConfigsRequest.AlterConfigsResource resource = new() { ResourceType = 2, ResourceName = topic };
        resource.Configs.Add(new() { Name = name, ConfigOperation = 0, Value = value });
        request.Resources.Add(resource);
        return request;
    }

    protected void Unexpected(string what, ErrorCode error) => World.Fail($"{Name}: {what} answered {error}");

    /// <summary>Drops the link as an impatient client does.</summary>
    protected void Reconnect()
    {
        Link?.Close();
        Broken();
    }

    private void Connect()
    {
        if (Link is { } old) old.Close();
        Link = new KafkaLink(World, _node, _listener, Name, () => Later(0), Broken);
    }

    private void Broken()
    {
        OnBroken();
        World.After(BackoffNs + Prng.Next(0, BackoffNs), this, Again);
    }
}
