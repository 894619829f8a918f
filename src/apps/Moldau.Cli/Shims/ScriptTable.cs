using System.Text;

namespace Moldau.Cli.Shims;

/// <summary>A table as Kafka's scripts print one: each cell as wide as the widest of its column, with a tab behind it.</summary>
internal static class ScriptTable
{
    public static void Write(TextWriter output, IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        int[] widths = [.. headers.Select((h, i) => rows.Select(r => r[i].Length).Append(h.Length).Max())];
        foreach (IReadOnlyList<string> row in rows.Prepend(headers))
        {
            StringBuilder line = new();
            for (int i = 0; i < row.Count; i++) line.Append(row[i].PadRight(widths[i])).Append('\t');
            output.WriteLine(line);
        }
    }
}
