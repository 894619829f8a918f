using System.Globalization;
using System.Text;

namespace Moldau.Cli.Shims;

/// <summary>Times written by a pattern of Java's <c>SimpleDateFormat</c>, in English.</summary>
internal static class JavaDates
{
    /// <exception cref="ShimUsageException">The pattern has a letter without a meaning, or a quote without an end.</exception>
    public static string Format(string pattern, DateTimeOffset time)
    {
        StringBuilder text = new();
        for (int i = 0; i < pattern.Length;)
        {
            char letter = pattern[i];
            if (letter == '\'')
            {
                i = Quoted(pattern, i + 1, text);
                continue;
            }

            int run = 1;
            if (!char.IsAsciiLetter(letter))
            {
                text.Append(letter);
            }
            else
            {
                while (i + run < pattern.Length && pattern[i + run] == letter) run++;
                text.Append(Field(letter, run, time));
            }

            i += run;
        }

        return text.ToString();
    }

    /// <returns>Where it goes on behind the closing quote; two quotes are one.</returns>
    private static int Quoted(string pattern, int start, StringBuilder text)
    {
        int end = pattern.IndexOf('\'', start);
        if (end < 0) throw new ShimUsageException("Unterminated quote");
        text.Append(end == start ? "'" : pattern[start..end]);
        return end + 1;
    }

    private static string Field(char letter, int run, DateTimeOffset time) => letter switch
    {
        'y' or 'Y' when run == 2 => Number(time.Year % 100, 2),
        'y' or 'Y' => Number(time.Year, run),
        'M' or 'L' when run >= 3 => Text(time, run > 3 ? "MMMM" : "MMM"),
        'M' or 'L' => Number(time.Month, run),
        'd' => Number(time.Day, run),
        'D' => Number(time.DayOfYear, run),
        'u' => Number(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek, run),
        'E' => Text(time, run > 3 ? "dddd" : "ddd"),
        'a' => time.Hour < 12 ? "AM" : "PM",
        'H' => Number(time.Hour, run),
        'k' => Number(time.Hour == 0 ? 24 : time.Hour, run),
        'K' => Number(time.Hour % 12, run),
        'h' => Number(time.Hour % 12 == 0 ? 12 : time.Hour % 12, run),
        'm' => Number(time.Minute, run),
        's' => Number(time.Second, run),
        'S' => Number(time.Millisecond, run),
        'Z' => Zone(time, "", true),
        'X' when time.Offset == TimeSpan.Zero => "Z",
        'X' => Zone(time, run == 3 ? ":" : "", run > 1),
        'z' => time.Offset == TimeSpan.Zero ? "UTC" : "GMT" + Zone(time, ":", true),
        'G' => "AD",
        _ => throw new ShimUsageException($"Illegal pattern character '{letter}'"),
    };

    private static string Number(int number, int digits) => number.ToString("D" + Math.Min(digits, 9), CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);

    private static string Zone(DateTimeOffset time, string colon, bool hasMinutes)
    {
        TimeSpan offset = time.Offset.Duration();
        string minutes = hasMinutes ? colon + Number(offset.Minutes, 2) : "";
        return (time.Offset < TimeSpan.Zero ? "-" : "+") + Number(offset.Hours, 2) + minutes;
    }
}
