using System.Globalization;
using System.Text;
using Moldau.Base;

namespace Moldau.Raft;

/// <summary>The file <c>meta.properties</c> of a log directory: to which cluster and node it belongs. Version 1 is
/// KRaft's; other keys that a directory has are kept.</summary>
public sealed record MetaProperties(string ClusterId, int NodeId, Uuid DirectoryId)
{
    public const string FileName = "meta.properties";
    public const int Version = 1;

    /// <summary>Directory ids below 100 mean something else.</summary>
    public static Uuid NewDirectoryId(Prng random)
    {
        Uuid id = random.NextUuid();
        while (id.IsReserved || id.ToString()[0] == '-') id = random.NextUuid();
        return id;
    }

    /// <param name="written">The comment line that Kafka writes: when.</param>
    public byte[] Write(Instant written)
    {
        string date = DateTimeOffset.FromUnixTimeMilliseconds(written.UnixMs)
            .ToString("ddd MMM dd HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture);
        return Encoding.Latin1.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"#\n#{date}\nnode.id={NodeId}\ndirectory.id={DirectoryId}\nversion={Version}\ncluster.id={ClusterId}\n"));
    }

    /// <summary>Null, with what is wrong in <paramref name="error"/>, where it is no such file of KRaft.</summary>
    public static MetaProperties? Read(ReadOnlySpan<byte> file, out string? error)
    {
        error = null;
        var values = new Dictionary<string, string>();
        foreach (string line in Encoding.Latin1.GetString(file).Split('\n'))
        {
            string text = line.Trim();
            int equals = text.IndexOf('=');
            if (text.Length == 0 || text[0] is '#' or '!' || equals < 0) continue;
            // The only characters that Java escapes and that occur here are '=' and ':'.
            values[text[..equals].Trim()] = text[(equals + 1)..].Trim().Replace("\\", "", StringComparison.Ordinal);
        }

        if (values.GetValueOrDefault("version") != "1") error = "version is not 1";
        else if (!values.TryGetValue("cluster.id", out string? cluster)) error = "cluster.id is missing";
        else if (!int.TryParse(values.GetValueOrDefault("node.id"), NumberStyles.None, CultureInfo.InvariantCulture,
            out int node))
            error = "node.id is missing or not a number";
        else if (values.TryGetValue("directory.id", out string? text) && !Uuid.TryParse(text, out _))
            error = $"directory.id {text} is not an id";
        else
        {
            Uuid.TryParse(values.GetValueOrDefault("directory.id"), out Uuid directory);
            return new MetaProperties(cluster, node, directory);
        }

        return null;
    }
}
