namespace Moldau.Config;

/// <summary>A place that gives, or would give, a property its value.</summary>
public readonly record struct ConfigEntrySynonym(string Name, string? Value, ConfigSource Source);

/// <summary>One property as DescribeConfigs answers it. The caller leaves out synonyms and documentation that were not
/// asked for; <see cref="Source"/> is right either way.</summary>
public sealed record ConfigEntry(
    string Name,
    string? Value,
    bool IsReadOnly,
    ConfigSource Source,
    bool IsSensitive,
    IReadOnlyList<ConfigEntrySynonym> Synonyms,
    ConfigType Type,
    string? Documentation);
