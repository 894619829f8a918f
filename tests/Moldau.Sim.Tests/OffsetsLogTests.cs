using Moldau.Storage;

namespace Moldau.Sim.Tests;

/// <summary>Groups whose log cannot be written: each time the node ends itself, starts again on a healthy disk and builds
/// its coordinators from what the log has. No commit that was acknowledged is forgotten, and the group goes on.</summary>
public sealed class OffsetsLogTests
{
    [Fact]
    public void FailingWritesOfTheOffsetsTopic_LoseNoCommit()
    {
        int failures = 0;
        for (ulong seed = 1; seed <= 12; seed++)
        {
            OffsetsLogFails scenario = new(seed);
            SeedReport report = SeedRun.Run(scenario, seed);
            Assert.True(report.IsGood, report.ToString());
            Assert.DoesNotContain("commits 0 ", report.Summary, StringComparison.Ordinal);
            failures += scenario.Failures;
        }

        // Else the runs would prove little.
        Assert.InRange(failures, 12, int.MaxValue);
    }

    /// <summary>The usual workload on a disk that fails now and then, in the folders of <c>__consumer_offsets</c>
    /// alone.</summary>
    private sealed class OffsetsLogFails(ulong seed) : Scenario, ISimActor
    {
        private const long PauseNs = 2_000_000_000;
        private readonly KafkaScenario _inner = new(seed);
        private SimWorld? _world;
        private int _started;
        private bool _isOver;

        /// <summary>How often the node met a failure and ended itself.</summary>
        public int Failures => Node.Incarnation - _started;

        public override IReadOnlyList<FaultKind> Faults => [];

        public override bool IsReady => _inner.IsReady;

        public override bool IsSettled => _inner.IsSettled;

        public override string Unsettled => _inner.Unsettled;

        public override bool IsVerified => _inner.IsVerified;

        public override string Summary => $"{_inner.Summary}, {Failures} failures";

        private SimNode Node => _world!.Nodes[0]; // built

        public override void Build(SimWorld world)
        {
            _world = world;
            _inner.Build(world);
        }

        public override void BeginWork()
        {
            _inner.BeginWork();
            Node.Disk.Heal();
            _started = Node.Incarnation;
            _world!.After(PauseNs, this, 0); // built
        }

        public override void EndWork()
        {
            _isOver = true;
            _inner.EndWork();
        }

        public override void BeginVerification() => _inner.BeginVerification();

        public override string? Check() => _inner.Check();

        public void OnEvent(int code, long number, object? payload)
        {
            if (_isOver) return;
            Node.Disk.FailCalls(DiskError.Io, after: (int)(number % 5), count: 1, "/__consumer_offsets-");
            _world!.After(PauseNs, this, code, number + 1); // built
        }
    }
}
