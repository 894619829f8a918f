using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Moldau.Cli.Shims;

/// <summary>The lines of JSON that the scripts for system tests print, one for each event. Any thread may print.</summary>
internal sealed class ToolEvents(TextWriter output)
{
    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();

    /// <summary>Prints an event: its time, its name, and what it tells.</summary>
    public void Tell(string name, Action<Utf8JsonWriter>? fields = null)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter writer = new(line, _options))
        {
            writer.WriteStartObject();
            writer.WriteNumber("timestamp", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            writer.WriteString("name", name);
            fields?.Invoke(writer);
            writer.WriteEndObject();
        }

        lock (_lock)
        {
            output.WriteLine(Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length));
            output.Flush();
        }
    }
}
