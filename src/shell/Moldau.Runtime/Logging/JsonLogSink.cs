using System.Text;
using System.Text.Json;
using Moldau.Base;

namespace Moldau.Runtime;

/// <summary>One JSON object per line (moldau.log.format=json), with the fields of <see cref="LogfmtSink"/>.</summary>
public sealed class JsonLogSink(TextWriter output) : ILogSink
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
        using MemoryStream bytes = new(message.Length + 100);
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteString("ts", at.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("level", level.ToString().ToLowerInvariant());
            json.WriteString("area", area);
            json.WriteString("msg", message);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
