using System.Globalization;
using System.Text;

namespace Moldau.Storage;

/// <summary>The form that Kafka's checkpoint files share: a line with the version, a line with the count, then one line
/// for each entry.</summary>
internal static class CheckpointText
{
    private static readonly char[] WhiteSpace = [' ', '\t'];

    public static byte[] Encode<T>(string version, IReadOnlyCollection<T> entries, Func<T, string> line)
    {
        StringBuilder text = new();
        text.Append(version).Append('\n');
        text.Append(entries.Count.ToString(CultureInfo.InvariantCulture)).Append('\n');
        foreach (T entry in entries) text.Append(line(entry)).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The entry lines; null if version or count do not fit. An empty file is an empty list, as in Kafka.</summary>
    public static IReadOnlyList<string>? TryDecode(string text, string version)
    {
        if (text.Length == 0) return [];
        // Numbers are read as if zeros behind them were not there: the part of one that a lost sector left would be believed.
        if (text.Contains('\0', StringComparison.Ordinal)) return null;
        string[] lines = text.Replace("\r", "", StringComparison.Ordinal).Split('\n');
        int last = lines.Length;
        while (last > 0 && lines[last - 1].Length == 0) last--;
        if (last < 2 || lines[0].Trim() != version) return null;
        bool isCount = int.TryParse(lines[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        return isCount && count == last - 2 ? lines[2..last] : null;
    }

    public static string[] Split(string line) => line.Split(WhiteSpace, StringSplitOptions.RemoveEmptyEntries);
}
