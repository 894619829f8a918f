using System.Globalization;
using System.Text;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary><c>meta.properties</c> of a log directory, version 1: which cluster, node and directory it is. Version 0
/// (before KRaft: broker.id, no directory) is read too. Unknown lines are kept.</summary>
public sealed record MetaProperties(string? ClusterId, int? NodeId, Uuid? DirectoryId)
{
    /// <summary>Keys that are not ours, in file order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Others { get; init; } = [];

    /// <summary>An id that stands for a directory and nothing else; never one that a command line takes for an option.</summary>
    public static Uuid NewDirectoryId(Prng random)
    {
        Uuid id = random.NextUuid();
        while (id.IsReserved || id.ToString()[0] == '-') id = random.NextUuid();
        return id;
    }

    public byte[] Encode()
    {
        StringBuilder text = new();
        text.Append("#\n");
        if (NodeId is { } node) text.Append(CultureInfo.InvariantCulture, $"node.id={node}\n");
        if (DirectoryId is { } id) text.Append(CultureInfo.InvariantCulture, $"directory.id={id}\n");
        text.Append("version=1\n");
        if (ClusterId is { } cluster) text.Append(CultureInfo.InvariantCulture, $"cluster.id={cluster}\n");
        foreach ((string key, string value) in Others) text.Append(CultureInfo.InvariantCulture, $"{key}={value}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Null, with the reason, if a known value is not readable or the version is not known.</summary>
    public static MetaProperties? TryDecode(ReadOnlySpan<byte> bytes, out string? problem)
    {
        problem = null;
        MetaProperties result = new(null, null, null);
        List<KeyValuePair<string, string>> others = [];
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            string text = line.Trim();
            int equals = text.IndexOf('=');
            if (text.Length == 0 || text[0] is '#' or '!' || equals <= 0) continue;
            string key = text[..equals].TrimEnd();
            string value = text[(equals + 1)..].Replace("\\", "", StringComparison.Ordinal).Trim();
            switch (key)
            {
                case "version" when value is "0" or "1": break;
                case "version": problem = $"meta.properties has the unknown version {value}"; return null;
                case "cluster.id": result = result with { ClusterId = value }; break;
                case "node.id" or "broker.id":
                    if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int node)) break;
                    result = result with { NodeId = node };
                    continue;
                case "directory.id":
                    if (!Uuid.TryParse(value, out Uuid id)) break;
                    result = result with { DirectoryId = id };
                    continue;
                default: others.Add(new(key, value)); continue;
            }

            if (key is not ("node.id" or "broker.id" or "directory.id")) continue;
            problem = $"meta.properties has an unreadable {key}: {value}";
            return null;
        }

        return result with { Others = others };
    }
}
