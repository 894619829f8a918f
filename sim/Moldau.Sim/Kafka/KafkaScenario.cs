using System.Globalization;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>One real node under everything a client can do at once: producers (idempotent and not), consumers with and
/// without sessions, a group, simple groups, topics that come and go, an administrator, a stranger, and beside these, which
/// speak bytes, the real client. What the node promises
/// of a loss of power and the number of its shards are drawn from the seed.</summary>
public sealed class KafkaScenario : Scenario
{
    private const int QuietMs = 1_500;
    private const long OverdueNs = 1_200_000_000;
    private const long Ms = 1_000_000;

    // What was read while bytes were rotten may be on its way for so long.
    private const int RotLastsMs = 10_000;

    private readonly List<SimProducer> _producers = [];
    private readonly List<SimGroupMember> _members = [];
    private readonly List<SimTopicLife> _lives = [];
    private readonly List<SimClient> _clients = [];
    private RealClients? _real;
    private readonly List<TopicPartition> _partitions = [];
    private readonly StaleIds _stale = new();
    private readonly SimDurability _durability;
    private readonly PlantedBug _bug;
    private readonly int _workMs;
    private readonly ulong _seed;
    private Prng? _rot;
    private SimWorld? _world;
    private RecordHistory? _history;
    private NodeChecker? _checker;
    private RotAtRest? _rotAtRest;
    private SimAdmin? _admin;
    private SimCommitter? _committer;
    private SimSession? _session;
    private SimAuditor? _auditor;
    private SimStranger? _stranger;
    private SimSequencer? _sequencer;
    private SimConsumer? _reader;

    /// <param name="seed">Even ones promise durability for the whole node, one in four for some topics, the rest for none.</param>
    /// <param name="bug">What is wrong with the node.</param>
    public KafkaScenario(ulong seed, PlantedBug bug = PlantedBug.None)
    {
        (_bug, _seed) = (bug, seed);
        // Mostly short: more faults meet a start or a rebalance. Some long, for what takes time.
        _workMs = new Prng(seed ^ 0x5EED).Next(10) switch { < 4 => 3_000, < 7 => 5_000, < 9 => 8_000, _ => 12_000 };
        bool needsPower = bug is PlantedBug.AcknowledgesUnsynced or PlantedBug.SyncForgotten or PlantedBug.SyncErrorIgnored
            or PlantedBug.NamesNotSynced or PlantedBug.MetadataNotSynced or PlantedBug.SyncNotHeard;
        _durability = seed % 2 == 0 || needsPower ? SimDurability.Fsync
            : seed % 4 == 1 ? SimDurability.PageCache
            : SimDurability.FsyncTopics;
    }

    public override IReadOnlyList<FaultKind> Faults =>
        [.. Enum.GetValues<FaultKind>().Where(k => _durability != SimDurability.PageCache || k != FaultKind.PowerLoss)];

    public override int WorkMs => _workMs;

    public override int RestMs => QuietMs;

    public override bool IsReady => _admin!.IsDone; // built

    public override bool IsSettled => _producers.TrueForAll(p => p.IsSettled) && _members.TrueForAll(m => m.IsSettled)
        && _lives.TrueForAll(l => l.IsSettled) && _sequencer!.IsSettled && _committer!.IsSettled && _real!.IsSettled; // built

    public override string Unsettled => $"[V1] {string.Join("; ", Waiting())}; node is {_world!.Nodes[0].State} {_world.Nodes[0].Halted}"; // built

    public override bool IsVerified => _reader!.IsAtEnd; // made when verification begins

    public override string Summary => _checker is null ? "not built" : string.Create(CultureInfo.InvariantCulture,
        $"{_durability} acked {_history!.AckedCount} read {_history.SeenCount} commits {_history.CommitCount} rebalances {_members.Sum(m => m.Rebalances)} "
        + $"lives {_lives.Sum(l => l.Lives)} increments {_session!.Increments} lookups {_auditor!.Lookups} "
        + $"offsets {_committer!.Compared} attempts {_stranger!.Attempts} {_real} starts {_world!.Nodes[0].Incarnation + 1} checks {_checker!.Steps}");

    public override void Build(SimWorld world)
    {
        _world = world;
        _history = new RecordHistory(world) { MayForgetCommits = _durability == SimDurability.FsyncTopics };
        Prng prng = world.Fork();
        _rot = world.Fork();
        string[] directories = [.. Enumerable.Range(0, prng.Chance(0.4) ? 1 : 2 + prng.Next(2)).Select(d => $"/data{d}")];
        int shards = 1 + prng.Next(4);
        PlantedRequests requests = new(_bug, _stale, world.Fork());
        SimNode node = new(world, new KafkaNodeFactory(shards, directories, _durability, _bug, requests).Create)
        {
            WaitsForReady = true,
            LogDirectories = directories,
            CrashMayLosePower = _durability != SimDurability.PageCache,
            Bug = _bug,
        };
        _partitions.AddRange(Enumerable.Range(0, 3).Select(p => new TopicPartition("alpha", p)));
        _partitions.AddRange(Enumerable.Range(0, 1 + prng.Next(4)).Select(p => new TopicPartition("beta", p)));
        node.Observer = _checker = new NodeChecker(world, node, IsDurable, [.. _partitions]);
        _rotAtRest = new RotAtRest(node, _checker, new Prng(_seed ^ 0xD15C));
        string? acknowledge = _durability == SimDurability.FsyncTopics ? "fsync" : null;
        _admin = new SimAdmin(world, node, [.. _partitions.GroupBy(p => p.Topic).Select(g => (g.Key, g.Count()))], acknowledge);
        MakeClients(world, node);
        _admin.Start();
    }

    public override void Rot(SimNode node, int batches, long forMs)
    {
        Prng prng = _rot!; // built
        foreach ((TopicPartition partition, BatchNote batch) in _checker!.Some(batches, prng)) // built
        {
            // What others than clients read, and headers, which the checksum does not cover whole, stay as they are.
            if (!_partitions.Contains(partition) || batch.Size <= RecordBatchLayout.HeaderBytes) continue;
            long at = batch.Position + RecordBatchLayout.HeaderBytes + prng.Next(batch.Size - RecordBatchLayout.HeaderBytes);
            node.Disk.Rot(batch.File, at);
            _history!.Rots(partition, _world!.Clock.NowNs + (forMs + RotLastsMs) * Ms); // built
        }
    }

    public override void RotAtRest(SimNode node, int places) => node.WhenDown = () => _rotAtRest!.Strike(places); // built

    public override void BeginWork()
    {
        foreach (SimClient client in _clients) client.Start();
        _real!.Start(); // built
    }

    public override void EndWork()
    {
        foreach (SimProducer producer in _producers) producer.Finish();
        foreach (SimGroupMember member in _members) member.Finish();
        foreach (SimTopicLife life in _lives) life.Finish();
        _real!.Finish(); // built
        _committer!.Finish(); // built
        _sequencer!.Finish(); // built
        _auditor!.Finish(); // built
    }

    public override void BeginVerification()
    {
        _reader = new SimConsumer(_world!, _world!.Nodes[0], _history!, _partitions, "reader", true); // built before
        _reader.Start();
    }

    public override string? Check()
    {
        _checker!.Sweep(); // built
        foreach (SimClient client in _clients)
            if (client.Overdue(OverdueNs) is { } overdue) return overdue;
        foreach ((TopicPartition partition, List<(long Offset, long Id)> log) in _reader!.Log) // verification has ended
            if (_history!.Check(partition, log) is { } wrong) return wrong; // built
        return null;
    }

    private void MakeClients(SimWorld world, SimNode node)
    {
        RecordHistory history = _history!; // built
        // Where only some topics promise anything, the rest must be told when the power went.
        Func<int> powerLosses = _durability == SimDurability.FsyncTopics ? () => _checker!.PowerLosses : () => 0;
        for (int i = 0; i < 3; i++) _producers.Add(new SimProducer(world, node, history, _partitions, i, i < 2));
        for (int i = 0; i < 2; i++) _members.Add(new SimGroupMember(world, node, history, _partitions, i, _bug == PlantedBug.OwnersTwice));
        for (int i = 0; i < 2; i++)
            _lives.Add(new SimTopicLife(world, node, i, _stale, () => powerLosses() + _rotAtRest!.Losses, (id, p) => _checker!.OracleOf(new TopicIdPartition(id, p), $"{id}:{p}")));
        _session = new SimSession(world, node, history, _partitions);
        _auditor = new SimAuditor(world, node, history, _partitions, Add);
        _committer = new SimCommitter(world, node, _partitions, powerLosses);
        _stranger = new SimStranger(world, node);
        _sequencer = new SimSequencer(world, node, history, _partitions, number: 50);
        _clients.AddRange([.. _producers, new SimConsumer(world, node, history, _partitions, "consumer", false), .. _members]);
        _clients.AddRange([.. _lives, _session, _auditor, _committer, _stranger, _sequencer]);
        _real = new RealClients(world, node, history, _partitions, firstNumber: _producers.Count, _bug);
    }

    private bool IsDurable(string topic) => _durability switch
    {
        SimDurability.Fsync => true,
        SimDurability.FsyncTopics => topic is "alpha" or "beta",
        _ => false,
    };

    private void Add(TopicPartition partition)
    {
        if (_partitions.Contains(partition)) return;
        _partitions.Add(partition);
        foreach (SimProducer producer in _producers) producer.Add(partition);
        _real!.Add(partition); // built
    }

    private IEnumerable<string> Waiting()
    {
        if (!_admin!.IsDone) yield return "topics are not there"; // built
        foreach (SimProducer producer in _producers)
            if (!producer.IsSettled) yield return producer.Unsettled;
        foreach (SimGroupMember member in _members)
            if (!member.IsSettled) yield return member.Unsettled;
        foreach (SimTopicLife life in _lives)
            if (!life.IsSettled) yield return life.Unsettled;
        foreach (string waiting in _real!.Waiting()) yield return waiting; // built
        if (!_sequencer!.IsSettled) yield return _sequencer.Unsettled; // built
        if (!_committer!.IsSettled) yield return _committer.Unsettled; // built
    }
}
