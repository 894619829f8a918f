using Moldau.Base;

namespace Moldau.Client;

/// <summary>Waits until the metadata tells of topics, one way or the other: that they exist, or that they do not.</summary>
internal sealed class TopicWait : IClientPart
{
    private readonly ClientMachine _machine;
    private readonly string[] _topics;
    private readonly int _since;
    private readonly Action<IReadOnlyDictionary<string, int>, ClientTurn> _done;

    private TopicWait(
        ClientMachine machine,
        string[] topics,
        Action<IReadOnlyDictionary<string, int>, ClientTurn> done)
    {
        (_machine, _topics, _done) = (machine, topics, done);
        _since = machine.Metadata.Generation;
    }

    public Instant NextDeadline => Instant.Never;

    /// <summary>Calls with the number of partitions of each topic that exists: at once where all are known.</summary>
    public static void Start(
        ClientMachine machine,
        string[] topics,
        ClientTurn turn,
        Action<IReadOnlyDictionary<string, int>, ClientTurn> done)
    {
        TopicWait wait = new(machine, topics, done);
        if (topics.All(machine.Metadata.View.Topics.ContainsKey))
        {
            wait.Finish(turn);
            return;
        }

        machine.Metadata.Refresh(turn);
        machine.Add(wait);
    }

    public void OnTurn(ClientTurn turn)
    {
        ClusterView view = _machine.Metadata.View;
        bool isKnown = _topics.All(t => view.Topics.ContainsKey(t) || view.TopicErrors.ContainsKey(t));
        if (!isKnown || _machine.Metadata.Generation == _since) return;
        _machine.Remove(this);
        Finish(turn);
    }

    public void OnClosed(ClientError error, ClientTurn turn) => _machine.Remove(this);

    private void Finish(ClientTurn turn)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (string topic in _topics)
            if (_machine.Metadata.View.Topics.TryGetValue(topic, out TopicInfo? info)) counts[topic] = info.Partitions.Length;
        _done(counts, turn);
    }
}
