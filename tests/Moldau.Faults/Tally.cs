using System.Globalization;

namespace Moldau.Faults;

/// <summary>What the rounds of one kind came to.</summary>
internal sealed class Tally(string kind)
{
    private readonly SortedDictionary<string, double> _longest = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public string Kind { get; } = kind;

    public Findings Findings { get; } = new();

    public int Rounds { get; set; }

    public int Restarts { get; set; }

    /// <summary>Records that clients were told are written.</summary>
    public long Acknowledged { get; set; }

    /// <summary>Looks at an acknowledged record on the disk: each round looks at all that its node was given so far.</summary>
    public long Checked { get; set; }

    public TimeSpan LongestOutage { get; private set; }

    /// <summary>What else a reader of the table wants to know.</summary>
    public IEnumerable<string> Remarks =>
        _longest.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Key}: {l.Value:F1}"))
            .Concat(_counts.Select(c => $"{c.Key}: {c.Value}"));

    public TimeSpan Took { get; set; }

    public void KeepLongest(string what, double value) =>
        _longest[what] = Math.Max(value, _longest.GetValueOrDefault(what));

    public void Count(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    /// <summary>A time for which nothing was acknowledged although the node ran.</summary>
    public void Outage(TimeSpan length)
    {
        if (length > LongestOutage) LongestOutage = length;
    }
}
