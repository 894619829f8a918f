using System.Globalization;
using System.Text;
using Moldau.Base;

namespace Moldau.Runtime;

/// <summary>One line per event: time, level, area and text, in logfmt. Lines of different threads never mix.</summary>
public sealed class LogfmtSink(TextWriter output) : ILogSink
{
    private readonly Lock _lock = new();

    public void Write(string area, LogLevel level, string message)
    {
        string line = Format(DateTime.UtcNow, area, level, message);
        lock (_lock)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    internal static string Format(DateTime at, string area, LogLevel level, string message)
    {
        StringBuilder line = new(message.Length + 80);
        line.Append("ts=").Append(at.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        line.Append(" level=").Append(level.ToString().ToLowerInvariant());
        line.Append(" area=").Append(area).Append(" msg=\"");
        foreach (char c in message)
        {
            if (c is '"' or '\\') line.Append('\\').Append(c);
            else if (c == '\n') line.Append("\\n");
            else if (char.IsControl(c)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }

        return line.Append('"').ToString();
    }
}
