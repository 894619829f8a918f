using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>A kind of fault: how a round of it goes.</summary>
internal abstract class FaultKind
{
    public abstract string Name { get; }

    /// <summary>Rounds of the whole campaign.</summary>
    public abstract int Rounds { get; }

    /// <summary>Rounds of the quick form.</summary>
    public abstract int QuickRounds { get; }

    /// <summary>Rounds that one call of <see cref="RunAsync"/> may do on one folder.</summary>
    public virtual int RoundsOfAWorld => 1;

    /// <summary>Why this machine cannot have it, or null.</summary>
    public virtual string? WhyMissing => null;

    /// <summary>Does some rounds on a fresh folder.</summary>
    public abstract Task RunAsync(RoundContext context);
}

/// <summary>What rounds are run with.</summary>
/// <param name="Seed">Decides everything that is drawn.</param>
/// <param name="Rounds">How many.</param>
/// <param name="Tally">Where they are counted.</param>
/// <param name="IsQuick">Waits that a quick look can do without are shorter.</param>
/// <param name="Bug">What is made wrong on purpose, to see that the checks find it.</param>
internal sealed record RoundContext(int Seed, int Rounds, Tally Tally, bool IsQuick, PlantedBug Bug)
{
    public Random Random { get; } = new(Seed);

    public Findings Findings => Tally.Findings;

    public RoundFolder Scratch() => new(Tally, isKeptIfFound: Bug == PlantedBug.None);

    /// <summary>Says where a finding comes from, and that the round has begun.</summary>
    public void Begin(int round)
    {
        Findings.Where = $"{Tally.Kind} --seed {Seed}, round {round + 1}";
        Tally.Rounds++;
        Progress.Show($"{Tally.Kind}: round {Tally.Rounds}, {Tally.Findings.Count} findings");
    }
}

/// <summary>Mistakes that the campaign makes in the node's name, outside of it.</summary>
internal enum PlantedBug
{
    None,

    /// <summary>With <c>kill</c>: the second half of a log goes with the process.</summary>
    TailLost,

    /// <summary>With <c>kill</c>: a byte of an early record is another one.</summary>
    ByteFlipped,

    /// <summary>With <c>power</c>: syncs are said to be done and are not.</summary>
    SyncForgotten,
}

/// <summary>A folder for some rounds, which stays when they find something that was not planted.</summary>
internal sealed class RoundFolder(Tally tally, bool isKeptIfFound) : IDisposable
{
    private readonly ScratchFolder _folder = new($"faults-{tally.Kind}");
    private readonly int _findingsBefore = tally.Findings.Count;

    public string FullPath => _folder.FullPath;

    public string this[string name] => _folder[name];

    public bool IsKept => isKeptIfFound && tally.Findings.Count > _findingsBefore;

    public void Dispose()
    {
        if (IsKept) Console.Error.WriteLine($"faults: kept {FullPath}");
        else _folder.Dispose();
    }
}

/// <summary>One line on a terminal that says how far the campaign is; nothing where nobody looks.</summary>
internal static class Progress
{
    public static void Show(string text)
    {
        if (!Console.IsErrorRedirected) Console.Error.Write($"\r\e[K{text}");
    }

    public static void Clear()
    {
        if (!Console.IsErrorRedirected) Console.Error.Write("\r\e[K");
    }
}
