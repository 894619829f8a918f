using System.Globalization;
using System.Xml;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>A property's value as somebody wrote it, and how Kafka reads such values.</summary>
/// <param name="Name">The name as it was given, for errors.</param>
/// <param name="Given">The value.</param>
/// <param name="IsSecret">True where no error may tell the value.</param>
internal readonly record struct PropertyText(string Name, string Given, bool IsSecret)
{
    public string Text => Given.Trim();

    /// <summary>Null for the empty text.</summary>
    public string? OrNull => Text.Length == 0 ? null : Text;

    public Secret Secret => new(Given);

    /// <summary>Several values with commas between them; the empty text is none.</summary>
    public IReadOnlyList<string> List =>
        Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public bool Bool => Text.ToLowerInvariant() switch
    {
        "true" => true,
        "false" => false,
        _ => throw Wrong("true or false"),
    };

    public double Fraction =>
        double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is > 0 and <= 1
            ? number
            : throw Wrong("a number above 0, up to 1");

    public int Int(int min = 0, int max = int.MaxValue) => (int)Long(min, max);

    public long Long(long min = 0, long max = long.MaxValue) =>
        long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
        && number >= min && number <= max
            ? number
            : throw Wrong(max is int.MaxValue or long.MaxValue ? $"a whole number, at least {min}" : $"a whole number from {min} to {max}");

    /// <summary>A number of milliseconds, as Kafka has it, or a time with its unit (<c>500ms</c>, <c>10s</c>, <c>5m</c>) or in
    /// .NET's form (<c>00:00:10</c>).</summary>
    public Duration Time
    {
        get
        {
            if (long.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out long ms)) return Duration.FromMs(ms);
            int digits = Text.TakeWhile(char.IsAsciiDigit).Count();
            long unitMs = Text[digits..] switch { "ms" => 1, "s" => 1000, "m" => 60_000, "h" => 3_600_000, "d" => 86_400_000, _ => 0 };
            if (unitMs > 0 && digits is > 0 and < 10)
                return Duration.FromMs(long.Parse(Text[..digits], CultureInfo.InvariantCulture) * unitMs);
            bool isSpan = Text.Contains(':') && TimeSpan.TryParse(Text, CultureInfo.InvariantCulture, out TimeSpan span)
                && span >= TimeSpan.Zero;
            if (isSpan) return Duration.FromMs((long)TimeSpan.Parse(Text, CultureInfo.InvariantCulture).TotalMilliseconds);
            throw Wrong("a number of milliseconds");
        }
    }

    public TimeSpan Span => Time == new Duration(long.MaxValue) ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(Time.Ms);

    /// <summary>A length of time as ISO 8601 writes it: <c>PnDTnHnMn.nS</c>.</summary>
    public static bool TryIso8601(string text, out Duration duration)
    {
        duration = default;
        try
        {
            TimeSpan span = XmlConvert.ToTimeSpan(text);
            duration = Duration.FromMs((long)span.TotalMilliseconds);
            return span >= TimeSpan.Zero;
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>One of some words, in any case.</summary>
    public T OneOf<T>(params ReadOnlySpan<(string Word, T Value)> choices)
    {
        foreach ((string word, T value) in choices)
            if (word.Equals(Text, StringComparison.OrdinalIgnoreCase)) return value;
        List<string> words = [];
        foreach ((string word, _) in choices) words.Add(word);
        throw Wrong($"one of {string.Join(", ", words)}");
    }

    public FormatException Wrong(string wanted) =>
        new(IsSecret ? $"{Name} is to be {wanted}" : $"{Name} is to be {wanted}, not '{Given}'");
}
