using System.Globalization;

namespace Moldau.Sim;

/// <summary>A seed that once failed, and what it found; with the part of its plan that it took, if that was kept.</summary>
public sealed record CorpusEntry(ulong Seed, FaultPlan? Plan, string Found);

/// <summary>Lines <c>seed [plan] what it found</c>; a plan looks like <c>1200:Kill:0:300:0,…</c>, or <c>none</c>.</summary>
public static class Corpus
{
    public static List<CorpusEntry> Read(IEnumerable<string> lines)
    {
        List<CorpusEntry> entries = [];
        foreach (string line in lines)
        {
            if (line.Length == 0 || line.StartsWith('#')) continue;
            string[] parts = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
            FaultPlan? plan = parts.Length > 1 ? FaultPlan.Parse(parts[1]) : null;
            string found = plan is null ? string.Join(' ', parts.Skip(1)) : parts.ElementAtOrDefault(2) ?? "";
            entries.Add(new CorpusEntry(ulong.Parse(parts[0], CultureInfo.InvariantCulture), plan, found));
        }

        return entries;
    }
}
