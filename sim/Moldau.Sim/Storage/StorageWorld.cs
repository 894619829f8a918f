using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>A few partition logs on one simulated disk, driven by a plan without network or node. Single-threaded; all
/// draws come from the seed and the salts of the steps.</summary>
internal sealed partial class StorageWorld
{
    private const long Ms = 1_000_000;

    private readonly StorageKit _kit;
    private readonly StoragePlan _plan;
    private readonly StorageBug _bug;
    private readonly SimClock _clock;
    private readonly StoragePartition[] _partitions;
    private readonly string[] _directories;
    private readonly EffectList<DiskOp> _ops = new();
    private readonly ulong _seed;
    private Prng _prng;
    private int _epochs;

    public StorageWorld(ulong seed, StoragePlan plan, StorageKit kit, StorageBug bug = StorageBug.None)
    {
        (_seed, _plan, _kit, _bug) = (seed, plan, kit, bug);
        _clock = new SimClock();
        _prng = new Prng(seed);
        Disk = new SimDisk(_clock, _prng.Fork());
        Hash = seed;
        _directories = [.. Enumerable.Range(0, plan.Directories).Select(d => $"/d{d}")];
        _partitions = [.. plan.Logs.Select(l => new StoragePartition(l, $"{_directories[l.Directory]}/t-{l.Number}"))];
    }

    public SimDisk Disk { get; private set; }

    /// <summary>Gets a line for each step.</summary>
    public TextWriter? Output { get; set; }

    /// <summary>The first thing that must not happen and did; null while all is well.</summary>
    public string? Failure { get; private set; }

    public ulong Hash { get; private set; }

    public long SimulatedMs => _clock.NowNs / Ms;

    public long Events { get; private set; }

    public StorageCounts Counts { get; } = new();

    private Instant Now => _clock.Now;

    /// <summary>Carries out the whole plan, heals, and looks whether all is there.</summary>
    public void Run()
    {
        Guarded(0, SetUp);
        foreach (StorageStep step in _plan.Steps)
        {
            if (Failure is not null) break;
            Guarded(step.Salt, () => Take(step));
        }

        if (Failure is null) Guarded(1, HealAndCheck);
        Guarded(2, LetGo);
        if (Failure is null && _kit.Pool.Outstanding != 0) Fail($"[V1] {_kit.Pool.Outstanding} buffers were not given back");
    }

    /// <summary>Carries out the plan's steps and leaves the disk as it is then, with no process.</summary>
    public void RunToCrash(bool losesPower)
    {
        Guarded(0, SetUp);
        foreach (StorageStep step in _plan.Steps)
            if (Failure is null) Guarded(step.Salt, () => Take(step));
        Disk.Heal();
        Guarded(2, losesPower ? LosePower : Kill);
    }

    private void Take(StorageStep step)
    {
        Output?.WriteLine($"{SimulatedMs,8} ms  {step}");
        Perform(step);
        Advance(1 + _prng.Next(50));
        int most = _prng.Next(10) switch { < 5 => int.MaxValue, < 9 => _prng.Next(6), _ => 0 };
        Work(most);
        Look();
        if (Output is null) return;
        foreach (StoragePartition p in _partitions)
        {
            if (p.Log is not { } log) continue;
            Output.WriteLine($"             {p}{(p.IsOffline ? " offline" : "")}: start {log.LogStartOffset} durable "
                + $"{log.DurableEnd} high watermark "
                + $"{log.HighWatermark} written {log.WrittenEnd} end {log.LogEndOffset} recovery {log.RecoveryPoint}, "
                    + $"{_pending.Count} pending");
        }
    }

    private void SetUp()
    {
        IDisk session = OpenSession();
        foreach (string directory in _directories) session.CreateDirectory(directory);
        session.SyncDirectory("/");
        foreach (StoragePartition partition in _partitions) partition.TopicId = _prng.NextUuid();
        Start();
    }

    private void HealAndCheck()
    {
        Disk.Heal();
        Restart(isClean: false);
        RepairRot();
        CheckAll(isFinal: false);
        if (Failure is not null) return;
        Restart(isClean: true);
        if (Failure is null) CheckAll(isFinal: true);
    }

    private void LetGo()
    {
        Disk.Heal();
        if (_session is not null) Kill();
    }

    /// <summary>A crash that was planned ends the process wherever it is; anything else that is thrown is a bug.</summary>
    private void Guarded(uint salt, Action action)
    {
        _prng = new Prng(_seed * 0x9E3779B97F4A7C15 ^ ((ulong)salt << 20));
        Disk.Prng = _prng.Fork();
        try
        {
            action();
        }
        catch (SimCrashException)
        {
            Crashed();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail($"[X] {e.GetType().Name}: {e.Message} {FrameOf(e)}");
        }
    }

    private void Crashed()
    {
        try
        {
            Counts.Crashes++;
            Kill();
            Start();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail($"[X] at the start after a crash: {e.GetType().Name}: {e.Message} {FrameOf(e)}");
        }
    }

    private static string FrameOf(Exception e)
    {
        IEnumerable<string> frames = (e.StackTrace ?? "").Split('\n').Select(static line => line.Trim());
        return string.Join(" < ", frames.Where(static f => f.Contains("Moldau.S", StringComparison.Ordinal)).Take(4));
    }

    private void Fail(string text)
    {
        Failure ??= text;
        Output?.WriteLine($"FAILED {text}");
    }

    private void Advance(long ms) => _clock.MoveTo(_clock.NowNs + (ms * Ms));

    private void Note(long what)
    {
        Events++;
        Hash = ulong.RotateLeft((Hash ^ (ulong)what) * 0xBF58476D1CE4E5B9, 23);
    }
}

/// <summary>What a run has met, so that a run that did nothing shows.</summary>
public sealed class StorageCounts
{
    public int Appends { get; set; }

    public int Duplicates { get; set; }

    public int Refused { get; set; }

    public int Reads { get; set; }

    public int Damaged { get; set; }

    public int Loads { get; set; }

    public int Crashes { get; set; }

    public int PowerLosses { get; set; }

    public int Truncations { get; set; }

    public int Deletions { get; set; }

    public int OfflineDirectories { get; set; }

    public int Rots { get; set; }

    public override string ToString() =>
        $"appends {Appends} duplicates {Duplicates} refused {Refused} reads {Reads} loads {Loads} crashes {Crashes} power "
            + $"losses {PowerLosses} "
        + $"truncations {Truncations} deletions {Deletions} offline {OfflineDirectories} rot {Rots} found {Damaged}";
}
