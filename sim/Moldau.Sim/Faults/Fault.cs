using System.Globalization;

namespace Moldau.Sim;

public enum FaultKind
{
    /// <summary>SIGKILL; A: milliseconds until the node is started again.</summary>
    Kill,

    /// <summary>As a kill, and what was not synced is lost in part; A: milliseconds until the next start.</summary>
    PowerLoss,

    /// <summary>SIGTERM; A: milliseconds until the next start.</summary>
    CleanRestart,

    /// <summary>The process dies inside the A-th disk call from then.</summary>
    CrashInCall,

    /// <summary>From the A-th disk call on, B calls fail with EIO.</summary>
    DiskError,

    /// <summary>As <see cref="DiskError"/>, with ENOSPC, and only calls that take space.</summary>
    DiskFull,

    /// <summary>Disk operations take up to B ms, for A ms.</summary>
    SlowDisk,

    /// <summary>No append completes in its own turn, for A ms.</summary>
    LateAppends,

    /// <summary>One machine (a shard or the control machine) gets no turn for A ms; B: which.</summary>
    PauseMachine,

    /// <summary>Mail between machines takes up to B ms, for A ms.</summary>
    SlowMail,

    /// <summary>A percent of the connections are reset.</summary>
    Reset,

    /// <summary>A percent of the connections go silent; after B ms they turn out to be dead.</summary>
    HalfOpen,

    /// <summary>The network takes up to B ms longer, for A ms.</summary>
    SlowNetwork,

    /// <summary>The node's wall clock is set A ms forward (or back); the clients' clocks are not.</summary>
    WallJump,

    /// <summary>A percent of the connections lose what goes one way; after B ms they turn out to be dead.</summary>
    OneWay,

    /// <summary>One log directory, B says which, fails from the A-th call on it on, for as long as its process lives and
    /// longer: until everything heals.</summary>
    DirectoryFails,

    /// <summary>The node's wall clock runs B thousandths too fast (or too slowly), for A ms.</summary>
    ClockDrift,

    /// <summary>Nobody reaches the node, old connections and new ones, for B ms; A: 0 both ways, 1 nothing gets to the node,
    /// 2 nothing comes back.</summary>
    Partition,

    /// <summary>Bytes of written batches read back wrong, for A ms or until the process ends; B: how many batches.</summary>
    BitRot,

    /// <summary>A kill, and at the next start, half a second later, one log directory, B says which, cannot be used; it is in order
    /// again after A ms, which a process notices that is started after that. Never the one with the metadata log.</summary>
    BrokenAtStart,

    /// <summary>The process ends (B odd: in good order), and until it is started again, A ms later, bytes rot in 1 + B / 2 places of
    /// its files, for good.</summary>
    RotAtRest,
}

/// <summary>One fault: when, what, to whom, and two numbers whose meaning is the kind's. Written
/// <c>1200:Kill:0:300:0</c>.</summary>
/// <param name="AtMs">Milliseconds after the work began; below zero: before the node's first start.</param>
public readonly record struct Fault(long AtMs, FaultKind Kind, int Node, long A, long B)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{AtMs}:{Kind}:{Node}:{A}:{B}");

    public static bool TryParse(string text, out Fault fault)
    {
        fault = default;
        string[] parts = text.Split(':');
        if (parts.Length != 5 || !Enum.TryParse(parts[1], out FaultKind kind) || !Enum.IsDefined(kind)) return false;
        if (!Number(parts[0], out long at) || !Number(parts[2], out long node) || node is < 0 or > int.MaxValue) return false;
        if (!Number(parts[3], out long a) || !Number(parts[4], out long b)) return false;
        fault = new Fault(at, kind, (int)node, a, b);
        return true;
    }

    private static bool Number(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}
