using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary>Rules as <c>kafka-acls.sh</c> writes them.</summary>
internal static class AclShimText
{
    /// <summary>An enumeration's name as Java has it: <c>DESCRIBE_CONFIGS</c>.</summary>
    public static string Upper<T>(T value)
        where T : struct, Enum
    {
        string name = value.ToString();
        return string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : char.ToUpperInvariant(c).ToString()));
    }

    public static string Of(AclFilter resource) => Pattern(resource.ResourceType, resource.ResourceName!, resource.PatternType);

    public static string Pattern(AclResourceType type, string name, AclPatternType pattern) =>
        $"ResourcePattern(resourceType={Upper(type)}, name={name}, patternType={Upper(pattern)})";

    public static string Entry(AclBinding rule) =>
        $"(principal={rule.Principal}, host={rule.Host}, operation={Upper(rule.Operation)}, permissionType={Upper(rule.Permission)})";

    /// <summary>The entries, each on a line of its own; the last is not ended.</summary>
    public static string Entries(IEnumerable<AclBinding> rules) => string.Join('\n', rules.Select(r => "\t" + Entry(r)));
}
