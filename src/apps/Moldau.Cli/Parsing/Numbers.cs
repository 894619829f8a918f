using System.Globalization;

namespace Moldau.Cli.Parsing;

/// <summary>Numbers and times as they are written on a command line.</summary>
internal static class Numbers
{
    public static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    public static bool TryParse(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>A number with its unit: <c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>.</summary>
    public static bool TryParseSpan(string text, out TimeSpan span)
    {
        span = default;
        int digits = text.TakeWhile(char.IsAsciiDigit).Count();
        long unitMs = text[digits..] switch
        {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => 0,
        };
        if (unitMs == 0 || !TryParse(text[..digits], out int count)) return false;
        if (count > (long)TimeSpan.MaxValue.TotalMilliseconds / unitMs) return false;
        span = TimeSpan.FromMilliseconds(count * unitMs);
        return true;
    }

    /// <summary>Milliseconds since 1970, an ISO 8601 date or time (UTC unless it says otherwise), or a span before now
    /// such as <c>-2h</c>.</summary>
    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        if (TryParse(text, out long ms) && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            time = DateTimeOffset.FromUnixTimeMilliseconds(ms);
            return true;
        }

        if (text.StartsWith('-') && TryParseSpan(text[1..], out TimeSpan ago))
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            bool isInCalendar = ago <= now - DateTimeOffset.MinValue;
            time = isInCalendar ? now - ago : default;
            return isInCalendar;
        }

        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }
}
