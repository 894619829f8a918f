using Moldau.Base;

namespace Moldau.Client;

/// <summary>Brings what a member reads to what the coordinator wants it to read (KIP-848): what goes is given up first and
/// the coordinator told, then what comes is taken on. An assignment that comes meanwhile waits for its turn.</summary>
internal sealed class Reconciliation(ClientMachine machine, ConsumerPart consumer, Action<ClientTurn> changed)
{
    private readonly TopicNames _names = new(machine);
    private readonly Dictionary<TopicPartition, Uuid> _owned = [];
    private HashSet<(Uuid Topic, int Partition)> _target = [];
    private int _round;
    private int _failures;
    private bool _isOutdated;

    /// <summary>Partitions are given up or taken on.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>When topics without a name are asked for again.</summary>
    public Instant RetryAt { get; private set; } = Instant.Never;

    /// <summary>What the coordinator is told that the member has.</summary>
    public IEnumerable<IGrouping<Uuid, int>> Owned =>
        _owned.OrderBy(o => o.Key).GroupBy(o => o.Value, o => o.Key.Partition);

    /// <summary>The coordinator wants this.</summary>
    public void Take(HashSet<(Uuid Topic, int Partition)> target, ClientTurn turn)
    {
        _target = target;
        _failures = 0;
        Start(turn);
    }

    public void OnTurn(ClientTurn turn)
    {
        if (RetryAt <= turn.Now) Start(turn);
    }

    /// <summary>The member has nothing any more, and what is under way counts no longer.</summary>
    public void Stop()
    {
        _round++;
        _owned.Clear();
        _target = [];
        (IsRunning, _isOutdated, RetryAt) = (false, false, Instant.Never);
    }

    private void Start(ClientTurn turn)
    {
        RetryAt = Instant.Never;
        _isOutdated = IsRunning;
        if (IsRunning) return;
        IsRunning = true;
        int round = _round;
        var target = _target;
        _names.Find([.. target.Select(t => t.Topic)], turn, now =>
        {
            if (round == _round) Revoke(target, round, now);
        });
    }

    private void Revoke(HashSet<(Uuid Topic, int Partition)> target, int round, ClientTurn turn)
    {
        TopicPartition[] gone = [.. _owned.Where(o => !target.Contains((o.Value, o.Key.Partition))).Select(o => o.Key).Order()];
        if (gone.Length == 0)
        {
            Assign(target, round, turn);
            return;
        }

        consumer.GiveUp(gone, turn, now =>
        {
            if (round != _round) return;
            foreach (TopicPartition partition in gone) _owned.Remove(partition);
            changed(now);
            Assign(target, round, now);
        });
    }

    private void Assign(HashSet<(Uuid Topic, int Partition)> target, int round, ClientTurn turn)
    {
        Dictionary<TopicPartition, Uuid> added = [];
        bool isWhole = true;
        foreach ((Uuid topic, int partition) in target.OrderBy(t => t.Topic).ThenBy(t => t.Partition))
        {
            if (_names.NameOf(topic) is not { } name)
            {
                isWhole = false;
                continue;
            }

            TopicPartition wanted = new(name, partition);
            if (!_owned.ContainsKey(wanted)) added[wanted] = topic;
        }

        consumer.TakeOn([.. added.Keys.Order()], turn, now =>
        {
            if (round != _round) return;
            foreach ((TopicPartition partition, Uuid topic) in added) _owned[partition] = topic;
            IsRunning = false;
            changed(now);
            if (_isOutdated) Start(now);
            else if (!isWhole) RetryLater(now);
        });
    }

    private void RetryLater(ClientTurn turn) => RetryAt = turn.Now + Backoff.After(
        ++_failures, machine.Settings.RetryBackoff, machine.Settings.RetryBackoffMax, machine.Prng);
}
