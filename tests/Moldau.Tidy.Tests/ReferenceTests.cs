using System.Xml.Linq;

namespace Moldau.Tidy.Tests;

/// <summary>The arrows of ARCHITECTURE.md: which project may reference which.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Base"] = [],
        ["Config"] = ["Base"],
        ["Records"] = ["Base"],
        ["Protocol"] = ["Base", "Generators"],
        ["Storage"] = ["Base", "Config", "Protocol", "Records"],
        ["Raft"] = ["Base", "Config", "Protocol", "Records"],
        ["Metadata"] = ["Base", "Config", "Protocol", "Records"],
        ["Coordination"] = ["Base", "Config", "Protocol", "Records", "Metadata"],
        ["Broker"] = ["Base", "Config", "Protocol", "Records", "Storage", "Raft", "Metadata", "Coordination"],
        ["Transport"] = ["Base"],
        ["Client.Core"] = ["Base", "Protocol", "Records"],
        ["Client"] = ["Base", "Protocol", "Records", "Client.Core"],
        ["Client.Hosting"] = ["Base", "Protocol", "Records", "Client.Core", "Client"],
        ["Cli"] = ["Base", "Config", "Protocol", "Records", "Client.Core", "Client"],
        ["Runtime"] = ["Base", "Config", "Transport", "Storage", "Broker"],
        ["Embedded"] = ["Base", "Config", "Protocol", "Storage", "Broker", "Client.Core", "Client", "Transport", "Runtime"],
        ["Testing"] = ["Base", "Config", "Protocol", "Storage", "Broker", "Client.Core", "Client", "Sim"],
    };

    [Fact]
    public void Projects_ReferenceOnlyWhatTheirLayerAllows()
    {
        List<string> wrong = [];
        foreach (string file in Tree.With(".csproj").Where(f => f.StartsWith("src/", StringComparison.Ordinal)))
        {
            string name = ShortName(file);
            if (name is "Moldau" or "Generators") continue;
            if (!Allowed.TryGetValue(name, out string[]? allowed))
            {
                wrong.Add($"{name} has no row in ReferenceTests.Allowed");
                continue;
            }

            wrong.AddRange(References(file).Except(allowed).Select(r => $"{name} must not reference {r}"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_ReferencesTheExecutable() =>
        Assert.DoesNotContain(
            Tree.With(".csproj").Where(f => !f.StartsWith("tests/", StringComparison.Ordinal)),
            f => References(f).Contains("Moldau", StringComparer.Ordinal));

    [Fact]
    public void EveryProject_IsInTheSolution_AndHasCode()
    {
        string solution = Tree.Read("Moldau.slnx");
        // Another vendor's client, to compare with: its package is no dependency of a build of ours.
        foreach (string file in Tree.With(".csproj").Where(f => f != "bench/Confluent.Bench/Confluent.Bench.csproj"))
        {
            Assert.Contains(file, solution, StringComparison.Ordinal);
            string folder = file[..(file.LastIndexOf('/') + 1)];
            Assert.Contains(Tree.Files, f => f.StartsWith(folder, StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<string> References(string file) =>
        XDocument.Parse(Tree.Read(file)).Descendants("ProjectReference").Select(r => ShortName((string)r.Attribute("Include")!));

    private static string ShortName(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path.Replace('\\', '/'));
        return name.StartsWith("Moldau.", StringComparison.Ordinal) ? name["Moldau.".Length..] : name;
    }
}
