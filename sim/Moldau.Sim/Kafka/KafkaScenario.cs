using Moldau.Base;

namespace Moldau.Sim;

/// <summary>One real node with producers (idempotent and not), plain consumers and a group; the durability mode and the
/// number of shards are drawn from the seed. With <c>moldau.acknowledge=fsync</c> the plan may cut the power.</summary>
public sealed class KafkaScenario : Scenario
{
    private readonly List<SimProducer> _producers = [];
    private readonly List<SimConsumer> _consumers = [];
    private readonly List<SimGroupMember> _members = [];
    private readonly List<TopicPartition> _partitions = [];
    private readonly bool _isFsync;
    private SimWorld? _world;
    private RecordHistory? _history;
    private SimAdmin? _admin;
    private SimConsumer? _reader;

    public KafkaScenario(ulong seed) => _isFsync = seed % 2 == 0;

    public override IReadOnlyList<FaultKind> Faults =>
        [.. Enum.GetValues<FaultKind>().Where(k => _isFsync || k != FaultKind.PowerLoss)];

    public override bool IsReady => _admin!.IsDone; // built

    public override bool IsSettled => _producers.TrueForAll(p => p.IsSettled) && _members.TrueForAll(m => m.IsSettled);

    public override string Unsettled => _admin!.IsDone
        ? string.Join("; ", _producers.Where(p => !p.IsSettled).Select(p => p.Unsettled)
            .Concat(_members.Where(m => !m.IsSettled).Select(m => m.Unsettled)))
            + $"; node is {_world!.Nodes[0].State} {_world.Nodes[0].Halted}"
        : "topics are not there";

    public override bool IsVerified => _reader!.IsAtEnd; // made when verification begins

    public override string Summary => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{(_isFsync ? "fsync" : "page-cache")} acked {_history!.AckedCount} read {_history.SeenCount} commits {_history.CommitCount} rebalances {_members.Sum(m => m.Rebalances)} starts {_world!.Nodes[0].Incarnation + 1}");

    public override void Build(SimWorld world)
    {
        _world = world;
        _history = new RecordHistory(world);
        Prng prng = world.Fork();
        SimNode node = new(world, new KafkaNodeFactory(1 + prng.Next(4), _isFsync).Create) { WaitsForReady = true };
        _partitions.AddRange(Enumerable.Range(0, 3).Select(p => new TopicPartition("alpha", p)));
        _partitions.AddRange(Enumerable.Range(0, 1 + prng.Next(4)).Select(p => new TopicPartition("beta", p)));
        _admin = new SimAdmin(world, node, [.. _partitions.GroupBy(p => p.Topic).Select(g => (g.Key, g.Count()))]);
        for (int i = 0; i < 3; i++) _producers.Add(new SimProducer(world, node, _history, _partitions, i, i < 2));
        _consumers.Add(new SimConsumer(world, node, _history, _partitions, "consumer", false));
        for (int i = 0; i < 2; i++) _members.Add(new SimGroupMember(world, node, _history, _partitions, i));
        _admin.Start();
    }

    public override void BeginWork()
    {
        foreach (SimProducer producer in _producers) producer.Start();
        foreach (SimConsumer consumer in _consumers) consumer.Start();
        foreach (SimGroupMember member in _members) member.Start();
    }

    public override void EndWork()
    {
        foreach (SimProducer producer in _producers) producer.Finish();
        foreach (SimGroupMember member in _members) member.Finish();
    }

    public override void BeginVerification()
    {
        _reader = new SimConsumer(_world!, _world!.Nodes[0], _history!, _partitions, "reader", true); // built before
        _reader.Start();
    }

    public override string? Check()
    {
        foreach ((TopicPartition partition, List<(long Offset, long Id)> log) in _reader!.Log) // verification has ended
            if (_history!.Check(partition, log) is { } wrong) return wrong; // built
        return null;
    }
}
