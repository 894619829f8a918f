using System.Text.RegularExpressions;

namespace Moldau.Client;

/// <summary>What a consumer wants to read as a member of a group: topics by name, or all that a pattern
/// fits.</summary>
internal sealed record Subscription(IReadOnlyList<string> Topics, Regex? Pattern)
{
    /// <summary>The topics by name, in order: with a pattern those that exist now, internal ones left out.</summary>
    public IReadOnlyList<string> TopicsIn(ClusterView cluster) => Pattern is null
        ? Topics
        : [.. cluster.Topics.Values.Where(t => !t.IsInternal && Pattern.IsMatch(t.Name))
            .Select(t => t.Name).Order(StringComparer.Ordinal)];
}
