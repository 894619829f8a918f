namespace Moldau.Cli.Profiles;

/// <summary>A value of a YAML file: a text, a list or named values; none of them where nothing is said.</summary>
internal sealed class YamlNode
{
    public string? Text { get; init; }

    public IReadOnlyList<YamlNode>? Items { get; init; }

    public IReadOnlyDictionary<string, YamlNode>? Fields { get; init; }

    private bool IsEmpty => Text is null && Items is null && Fields is null;

    /// <summary>The named value; null where there is none of the name, or nothing is said of it.</summary>
    public YamlNode? Field(string name) => Fields?.GetValueOrDefault(name) is { IsEmpty: false } node ? node : null;

    /// <summary>The text of the first of the names that has one.</summary>
    public string? TextOf(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            if (Field(name)?.Text is { Length: > 0 } text) return text;
        return null;
    }
}
