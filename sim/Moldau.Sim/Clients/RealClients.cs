using System.Globalization;
using Moldau.Base;

namespace Moldau.Sim;

/// <summary>The real client in all its roles beside the simulated ones: two idempotent producers, a consumer of what there
/// was at the start, and a group of two.</summary>
internal sealed class RealClients
{
    private const int Producers = 2;
    private const int Members = 2;

    private readonly RecordHistory _history;
    private readonly List<TopicPartition> _all;
    private readonly TopicPartition[] _atStart;
    private readonly List<RealProducer> _producers = [];
    private readonly List<RealConsumer> _members = [];
    private readonly RealConsumer _consumer;
    private readonly ReadProgress _consumed = new();
    private readonly ReadProgress _groups = new();

    public RealClients(
        SimWorld world, SimNode node, RecordHistory history, IReadOnlyList<TopicPartition> partitions, int firstNumber, PlantedBug bug)
    {
        (_history, _all, _atStart) = (history, [.. partitions], [.. partitions]);
        bool checksCrcs = bug != PlantedBug.RotBelieved;
        for (int i = 0; i < Producers; i++)
            _producers.Add(new RealProducer(world, node, history, partitions, firstNumber + i, bug));
        _consumer = new RealConsumer(world, node, history, _atStart, "real-consumer", null, _consumed, checksCrcs);
        for (int i = 0; i < Members; i++)
            _members.Add(new RealConsumer(world, node, history, _atStart, $"real-member-{i}", "real-group", _groups, checksCrcs));
    }

    /// <summary>Everything that was sent is acknowledged, and the consumers have read what is.</summary>
    public bool IsSettled => _producers.TrueForAll(p => p.IsSettled)
        && _consumed.Behind(_history, _atStart) is null && _groups.Behind(_history, _all) is null;

    public void Start()
    {
        foreach (RealProducer producer in _producers) producer.Start();
        _consumer.Start();
        foreach (RealConsumer member in _members) member.Start();
    }

    public void Finish()
    {
        foreach (RealProducer producer in _producers) producer.Finish();
    }

    /// <summary>A partition has been added to a topic.</summary>
    public void Add(TopicPartition partition)
    {
        _all.Add(partition);
        foreach (RealProducer producer in _producers) producer.Add(partition);
    }

    public IEnumerable<string> Waiting()
    {
        foreach (RealProducer producer in _producers)
            if (!producer.IsSettled) yield return producer.Unsettled;
        if (_consumed.Behind(_history, _atStart) is { } missing) yield return $"{_consumer.Unsettled}, has not read {missing}";
        if (_groups.Behind(_history, _all) is not { } unread) yield break;
        yield return $"the group has not read {unread}";
        foreach (RealConsumer member in _members) yield return member.Unsettled;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"real acked {_producers.Sum(p => p.Acked)} read {_consumer.Read} in groups {_members.Sum(m => m.Read)}");
}
