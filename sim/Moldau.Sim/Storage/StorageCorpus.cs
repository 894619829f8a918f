using System.Globalization;

namespace Moldau.Sim;

/// <summary>A seed of the storage machine that once failed, the part of its plan that it took if that was kept, and what it
/// found.</summary>
public sealed record StorageCorpusEntry(ulong Seed, StoragePlan? Plan, string Found);

/// <summary>Lines <c>seed [steps] what it found</c>; steps look like <c>7:Burst:1:836d69c2,…</c> (number, action, log, salt). The
/// logs and directories are those of the seed.</summary>
public static class StorageCorpus
{
    public static List<StorageCorpusEntry> Read(IEnumerable<string> lines)
    {
        List<StorageCorpusEntry> entries = [];
        foreach (string line in lines)
        {
            if (line.Length == 0 || line.StartsWith('#')) continue;
            string[] parts = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
            ulong seed = ulong.Parse(parts[0], CultureInfo.InvariantCulture);
            List<StorageStep>? steps = parts.Length > 1 ? TryParse(parts[1]) : null;
            string found = string.Join(' ', parts.Skip(steps is null ? 1 : 2));
            entries.Add(new StorageCorpusEntry(seed, steps is null ? null : StoragePlan.Draw(seed) with { Steps = steps }, found));
        }

        return entries;
    }

    /// <summary>The steps as a line of the corpus has them.</summary>
    public static string TextOf(IEnumerable<StorageStep> steps) => string.Join(',', steps.Select(static s =>
        string.Create(CultureInfo.InvariantCulture, $"{s.Number}:{s.Action}:{s.Log}:{s.Salt:x8}")));

    private static List<StorageStep>? TryParse(string text)
    {
        List<StorageStep> steps = [];
        foreach (string one in text.Split(','))
        {
            string[] parts = one.Split(':');
            if (parts.Length != 4
                || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out int number)
                || !Enum.TryParse(parts[1], out StorageAction action)
                || !int.TryParse(parts[2], CultureInfo.InvariantCulture, out int log)
                || !uint.TryParse(parts[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint salt))
                return null;
            steps.Add(new StorageStep(number, action, log, salt));
        }

        return steps;
    }
}
