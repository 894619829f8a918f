using System.Text.RegularExpressions;

namespace Moldau.Client;

/// <summary>A pattern in the syntax of RE2, which the broker fits to topics: of all topics the client then learns only those
/// that it reads (KIP-848).</summary>
/// <param name="Pattern">Fits the whole name of a topic.</param>
public sealed record SubscriptionPattern(string Pattern);

/// <summary>What a consumer wants to read as a member of a group: topics by name, all that a pattern fits here, or all that
/// a pattern fits at the broker.</summary>
internal sealed record Subscription(
    IReadOnlyList<string> Topics, Regex? Pattern, SubscriptionPattern? ServerPattern = null)
{
    /// <summary>The topics by name, in order: with a pattern those that exist now, internal ones left out.</summary>
    public IReadOnlyList<string> TopicsIn(ClusterView cluster) => Pattern is null
        ? Topics
        : [.. cluster.Topics.Values.Where(t => !t.IsInternal && Pattern.IsMatch(t.Name))
            .Select(t => t.Name).Order(StringComparer.Ordinal)];

    /// <summary>The metadata of its topics is kept from now on.</summary>
    public void Want(MetadataKeeper metadata, bool mayCreate, ClientTurn turn)
    {
        if (Pattern is not null) metadata.WantAll(turn);
        foreach (string topic in Topics) metadata.Want(topic, mayCreate, turn);
    }

    public void Unwant(MetadataKeeper metadata)
    {
        if (Pattern is not null) metadata.UnwantAll();
        foreach (string topic in Topics) metadata.Unwant(topic);
    }
}
