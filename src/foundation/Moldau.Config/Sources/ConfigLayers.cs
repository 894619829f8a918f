namespace Moldau.Config;

/// <summary>The places that static configuration comes from.</summary>
/// <param name="File">The parsed properties file.</param>
/// <param name="Environment">Properties from <see cref="EnvironmentSource"/>; they go before the file.</param>
/// <param name="Flags">Properties from <c>--set name=value</c>; they go before everything.</param>
public sealed record ConfigLayers(
    IReadOnlyDictionary<string, string> File,
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyDictionary<string, string> Flags)
{
    private static readonly Dictionary<string, string> Empty = [];

    public static ConfigLayers FromFile(IReadOnlyDictionary<string, string> file) => new(file, Empty, Empty);

    public Dictionary<string, string> Merge()
    {
        Dictionary<string, string> merged = new(StringComparer.Ordinal);
        foreach (IReadOnlyDictionary<string, string> layer in new[] { File, Environment, Flags })
            foreach ((string name, string value) in layer)
                merged[name] = value;
        return merged;
    }

    /// <summary>Reads one <c>name=value</c> of a flag.</summary>
    public static bool TryParseFlag(string text, out string name, out string value)
    {
        int equals = text.IndexOf('=');
        name = equals > 0 ? text[..equals].Trim() : "";
        value = equals > 0 ? text[(equals + 1)..] : "";
        return name.Length > 0;
    }
}
