using System.Diagnostics;
using System.Security.Cryptography;
using Moldau.Base;

namespace Moldau.Fuzz;

/// <summary>How long and from where a campaign runs.</summary>
internal sealed record CampaignOptions
{
    public ulong Seed { get; init; } = 1;

    /// <summary>Null: until the time is up.</summary>
    public long? Iterations { get; init; }

    /// <summary>As many iterations as the target's quick form has.</summary>
    public bool IsQuick { get; init; }

    public double Seconds { get; init; } = 10;

    public bool HasFeedback { get; init; } = true;

    /// <summary>Where findings go.</summary>
    public required string Artifacts { get; init; }

    /// <summary>Checked-in inputs, one folder for each target.</summary>
    public required string Checked { get; init; }

    /// <summary>Read at the start and written to at the end, one folder for each target; null for none.</summary>
    public string? Kept { get; init; }
}

/// <summary>What a campaign came to.</summary>
internal sealed record CampaignReport(
    string Target, ulong Seed, long Executions, double Seconds, int Seeded, int Covered, int Entries, IReadOnlyList<string> Findings,
    string Digest);

/// <summary>Fuzzes one target. With a number of iterations everything in it follows from the seed.</summary>
internal sealed class Campaign(FuzzTarget target, CampaignOptions options, TextWriter output)
{
    private const int MostFindings = 10;

    private readonly Execution _execution = new(target);
    private readonly Corpus _corpus = new(options.HasFeedback);
    private readonly SortedDictionary<string, string> _findings = new(StringComparer.Ordinal);

    public CampaignReport Run()
    {
        Stopwatch clock = Stopwatch.StartNew();
        Prng prng = new(options.Seed);
        using LastInput last = new(options.Artifacts, target.Name, target.MaxBytes);
        foreach (byte[] seed in Files(options.Checked).Concat(Files(options.Kept)).Concat(target.Seeds(prng.Fork()))) Try(seed, true, last);
        Mutator mutator = new(prng.Fork());
        long first = _execution.Count;
        int seeded = _corpus.Covered;
        long? most = options.IsQuick ? target.QuickIterations : options.Iterations;
        long done = 0;
        while (_findings.Count < MostFindings
            && (most is { } end ? done < end : clock.Elapsed.TotalSeconds < options.Seconds))
        {
            CorpusEntry entry = _corpus.Pick(prng);
            mutator.Comparisons = entry.Comparisons;
            Try(target.Mutate(entry.Input, _corpus.Any(prng).Input, mutator), false, last);
            done = _execution.Count - first;
        }

        last.Forget();
        Keep();
        double seconds = clock.Elapsed.TotalSeconds;
        return new CampaignReport(
            target.Name, options.Seed, first + done, seconds, seeded, _corpus.Covered, _corpus.Count, [.. _findings.Values], Digest());
    }

    private void Try(byte[] input, bool isSeed, LastInput last)
    {
        last.Set(input);
        Finding? finding = _execution.Run(input);
        if (finding is null) Consider(input, isSeed);
        else if (!_findings.ContainsKey(finding.Key)) Report(finding, input);
    }

    /// <summary>What is kept is run once more, to see what it is compared with.</summary>
    private void Consider(byte[] input, bool isSeed)
    {
        CorpusEntry? entry = _corpus.Consider(input, isSeed, _execution.Cost);
        if (entry is null || !options.HasFeedback) return;
        EdgeMap.Trace();
        _execution.Run(input);
        entry.Comparisons = EdgeMap.EndTrace();
    }

    private void Report(Finding finding, byte[] input)
    {
        byte[] cause = target.CauseOf(input);
        target.IsAlone = true;
        if (_execution.Run(input)?.Key != finding.Key) input = cause;
        byte[] small = new Minimizer(_execution, finding.Key).Minimize(input);
        string text = _execution.Run(small)?.Text ?? finding.Text;
        target.IsAlone = false;
        string name = $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(small))[..12]}";
        string file = Path.Combine(options.Artifacts, name + ".bin");
        Directory.CreateDirectory(options.Artifacts);
        File.WriteAllBytes(file, small);
        string replay = $"./fuzz {target.Name} --replay {Path.GetRelativePath(Directory.GetCurrentDirectory(), file)}";
        File.WriteAllText(Path.Combine(options.Artifacts, name + ".txt"), $"{replay}\nseed {options.Seed}, execution {_execution.Count}\n{text}\n");
        _findings.Add(finding.Key, name);
        output.WriteLine($"FINDING {target.Name}: {finding.Key}\n  {small.Length} bytes (of {input.Length}); {replay}\n{text}");
    }

    private IEnumerable<byte[]> Files(string? folder)
    {
        string? own = folder is null ? null : Path.Combine(folder, target.Name);
        if (own is null || !Directory.Exists(own)) return [];
        return Directory.GetFiles(own).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
    }

    private void Keep()
    {
        if (options.Kept is null) return;
        string folder = Path.Combine(options.Kept, target.Name);
        Directory.CreateDirectory(folder);
        foreach (byte[] entry in _corpus.Entries.Select(e => e.Input))
            File.WriteAllBytes(Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(entry))[..24]), entry);
    }

    /// <summary>Of all entries of the corpus in order: the same for the same seed and number of iterations.</summary>
    private string Digest()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] entry in _corpus.Entries.Select(e => e.Input))
        {
            hash.AppendData(BitConverter.GetBytes(entry.Length));
            hash.AppendData(entry);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
