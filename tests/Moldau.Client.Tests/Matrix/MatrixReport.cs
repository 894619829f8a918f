using System.Text;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Matrix;

/// <summary>What the client does with which server, written as a table when the tests have run:
/// <c>artifacts/test-results/client-matrix.md</c>.</summary>
public sealed class MatrixReport : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Dictionary<string, string>> _rows = new(StringComparer.Ordinal);

    public void Add(string feature, string server, string outcome)
    {
        lock (_lock)
        {
            if (!_rows.TryGetValue(feature, out Dictionary<string, string>? row)) _rows.Add(feature, row = []);
            row[server] = outcome;
        }
    }

    public void Dispose()
    {
        if (_rows.Count == 0) return;
        string[] servers = [.. Support.Servers.All.Concat(Support.Servers.Tables).Select(r => r.Data)];
        StringBuilder text = new();
        text.AppendLine($"| feature | {string.Join(" | ", servers)} |");
        text.AppendLine($"|---|{string.Concat(servers.Select(_ => "---|"))}");
        foreach ((string feature, Dictionary<string, string> row) in _rows)
            text.AppendLine($"| {feature} | {string.Join(" | ", servers.Select(s => row.GetValueOrDefault(s, "not run")))} |");
        string folder = Path.Combine(Repository.Root, "artifacts", "test-results");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "client-matrix.md"), text.ToString());
    }
}
