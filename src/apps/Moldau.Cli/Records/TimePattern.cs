using System.Globalization;
using System.Text;

namespace Moldau.Cli.Records;

/// <summary>Times as strftime writes them, in UTC.</summary>
internal static class TimePattern
{
    public static string Format(string pattern, DateTimeOffset time)
    {
        StringBuilder text = new();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%' || i + 1 == pattern.Length) text.Append(pattern[i]);
            else text.Append(Field(pattern, pattern[++i], time.UtcDateTime));
        }

        return text.ToString();
    }

    private static string Field(string pattern, char field, DateTime time) => field switch
    {
        'Y' => Text(time, "yyyy"),
        'm' => Text(time, "MM"),
        'd' => Text(time, "dd"),
        'H' => Text(time, "HH"),
        'M' => Text(time, "mm"),
        'S' => Text(time, "ss"),
        'L' => Text(time, "fff"),
        'y' => Text(time, "yy"),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'b' => Text(time, "MMM"),
        'a' => Text(time, "ddd"),
        'z' => "+0000",
        'Z' => "UTC",
        'F' => Text(time, "yyyy-MM-dd"),
        'T' => Text(time, "HH:mm:ss"),
        's' => new DateTimeOffset(time).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        '%' => "%",
        _ => throw PercentFormat.Wrong(pattern, $"strftime has no %{field} here, only %Y %m %d %H %M %S %L %y %j %b %a %z %Z %F %T %s"),
    };

    private static string Text(DateTime time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
