using System.Globalization;

namespace Moldau.Cli.Shims;

/// <summary>What Kafka 4.4.0 knows of features by itself, without asking a cluster: the metadata versions by name, which levels
/// go with each, and what a level needs.</summary>
internal static class FeatureTable
{
    public const string MetadataVersion = "metadata.version";

    private const short LowestVersion = 7;
    private const short LatestProduction = 33;

    /// <summary>Metadata versions by level: the release and the change within it that brought each. The last one is still being
    /// made: nothing but its whole name means it.</summary>
    private static readonly string[] Versions =
    [
        "3.0-IV1", "3.1-IV0", "3.2-IV0", "3.3-IV0", "3.3-IV1", "3.3-IV2", "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1",
        "3.6-IV2", "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0",
        "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0", "4.4-IV0", "4.4-IV1", "4.4-IV2", "4.5-IV0",
    ];

    /// <summary>The other features in Kafka's order, with the metadata versions from which on each level is the default.</summary>
    private static readonly (string Name, (short Since, short Level)[] Defaults)[] Others =
    [
        ("kraft.version", [(21, 1)]), ("transaction.version", [(24, 2)]), ("group.version", [(22, 1)]),
        ("eligible.leader.replicas.version", [(26, 1)]), ("share.version", [(28, 1), (31, 2)]), ("streams.version", [(29, 1)]),
    ];

    /// <summary>A level in words.</summary>
    public static string Name(string feature, short level) => feature != MetadataVersion ? $"{level}"
        : level >= 1 && level <= Versions.Length ? Versions[level - 1] : $"UNKNOWN {level}";

    /// <summary>The level of a metadata version, or of the last one of a release.</summary>
    /// <exception cref="ShimFailedException">There is none of that name.</exception>
    public static short Level(string version)
    {
        // 4.4.0 is of release 4.4.
        string name = string.Join('.', version.Split('.').Take(2));
        int level = Array.IndexOf(Versions, name) + 1;
        if (level == 0) level = Array.FindLastIndex(Versions, LatestProduction - 1, v => v.StartsWith(name + "-", StringComparison.Ordinal)) + 1;
        if (level >= LowestVersion) return (short)level;
        throw new ShimFailedException(
            $"Unknown metadata.version '{version}'. Supported metadata.version are: {string.Join(", ", Versions[(LowestVersion - 1)..])}");
    }

    /// <summary>The other features' levels in a new cluster of a metadata version.</summary>
    public static IEnumerable<(string Feature, short Level)> Defaults(short version) =>
        Others.Select(f => (f.Name, f.Defaults.LastOrDefault(d => d.Since <= version).Level));

    /// <summary>Which levels go with a release; with the newest one where none is named.</summary>
    public static void WriteMapping(TextWriter output, string? release)
    {
        release ??= Versions[LatestProduction - 1];
        short version = Level(release);
        output.WriteLine($"{MetadataVersion}={version} ({release})");
        foreach ((string feature, short level) in Defaults(version)) output.WriteLine($"{feature}={level}");
    }

    /// <summary>What each of these levels needs.</summary>
    /// <param name="output">Where it is written.</param>
    /// <param name="features">As <c>feature=level</c>.</param>
    /// <param name="isStorage">In the words of <c>kafka-storage</c>, which has its own of some errors.</param>
    public static void WriteDependencies(TextWriter output, IEnumerable<string> features, bool isStorage = false)
    {
        foreach (string text in features)
        {
            if (isStorage && !text.Contains('='))
                throw new ShimFailedException($"Invalid feature format: {text}. Expected format: 'feature=version' (e.g. 'group.version=1')");
            (string feature, short level) = Parse(text);
            if (feature == MetadataVersion)
            {
                if (level < LowestVersion || level > Versions.Length) throw new ShimFailedException($"Unknown metadata.version {level}");
                output.WriteLine($"{feature}={level} ({Versions[level - 1]}) has no dependencies.");
                continue;
            }

            (string Name, (short Since, short Level)[] Defaults) known = Others.FirstOrDefault(f => f.Name == feature);
            if (known.Name is null) throw new ShimFailedException($"Unknown feature: {feature}");
            if (level < 0 || level > known.Defaults[^1].Level)
            {
                throw new ShimFailedException(isStorage
                    ? $"Feature level {level} is not supported for feature {feature}"
                    : $"No feature:{feature} with feature level {level}");
            }

            bool needsVersion = feature == "eligible.leader.replicas.version" && level == 1;
            output.WriteLine($"{feature}={level} {(needsVersion ? "requires:" : "has no dependencies.")}");
            if (needsVersion) output.WriteLine($"    {MetadataVersion}=23 ({Versions[22]})");
        }
    }

    /// <summary><c>feature=level</c></summary>
    /// <exception cref="ShimFailedException">It is not of that form.</exception>
    public static (string Feature, short Level) Parse(string text)
    {
        int equals = text.IndexOf('=');
        if (equals < 0) throw new ShimFailedException($"Can't parse feature=level string {text}: equals sign not found.");
        string number = text[(equals + 1)..].Trim();
        return short.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out short level)
            ? (text[..equals].Trim(), level)
            : throw new ShimFailedException($"Can't parse feature=level string {text}: unable to parse {number} as a short.");
    }
}
